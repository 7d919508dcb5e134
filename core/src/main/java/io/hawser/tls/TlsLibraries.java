// SPDX-License-Identifier: Apache-2.0
package io.hawser.tls;

import io.hawser.log.Log;
import java.util.Optional;
import javax.net.ssl.SSLException;

/** Chooses whose TLS to use. Stateless; any thread. */
final class TlsLibraries {
    private TlsLibraries() {}

    /**
     * The library that is wanted.
     *
     * @throws SSLException if it was asked for by name and cannot be used here
     */
    static TlsLibrary choose(TlsProvider wanted) throws SSLException {
        return switch (wanted) {
            case AUTO -> Best.LIBRARY;
            case JDK -> JdkLibrary.INSTANCE;
            case OPENSSL -> {
                final Optional<String> why = OpenSslLibrary.INSTANCE.unavailable();
                if (why.isPresent()) {
                    throw new SSLException("OpenSSL cannot be used for TLS: " + why.get());
                }
                yield OpenSslLibrary.INSTANCE;
            }
        };
    }

    /** Found out once in a process, and said where it is not the first of all. */
    private static final class Best {
        private static final TlsLibrary LIBRARY = find();

        private static TlsLibrary find() {
            final Optional<String> why = OpenSslLibrary.INSTANCE.unavailable();
            if (why.isEmpty()) {
                return new Either();
            }
            Log.log(System.Logger.Level.INFO, "TLS is the JDK's, since OpenSSL cannot be used: " + why.get());
            return JdkLibrary.INSTANCE;
        }
    }

    /** OpenSSL, or the JDK for what only it can do, such as keys that their device keeps to itself. */
    private static final class Either implements TlsLibrary {
        @Override
        public Optional<String> unavailable() {
            return Optional.empty();
        }

        @Override
        public TlsContext context(TlsSettings settings) throws SSLException {
            try {
                return OpenSslLibrary.INSTANCE.context(settings);
            } catch (SSLException why) {
                final TlsContext context = JdkLibrary.INSTANCE.context(settings);
                Log.log(System.Logger.Level.INFO, "TLS is the JDK's for these settings: " + why.getMessage());
                return context;
            }
        }
    }
}
