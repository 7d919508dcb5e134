// SPDX-License-Identifier: Apache-2.0
package io.hawser.tls.openssl;

import java.util.Optional;

/** Whether OpenSSL is there. Any thread. */
public final class OpenSsl {
    private static final long LEAST = 0x30000000L;

    private OpenSsl() {}

    /** Why it cannot be used; empty if it is there, of a version that will do, and has all functions that are needed. */
    public static Optional<String> unavailable() {
        final Optional<String> absent = Library.absent();
        if (absent.isPresent()) {
            return absent;
        }
        try {
            if (LibCrypto.versionNumber() < LEAST) {
                return Optional.of(LibCrypto.version() + " is too old, 3.0 is needed");
            }
            // Links all of it.
            LibSsl.freeContext(0);
            return Optional.empty();
        } catch (LinkageError e) {
            final Throwable cause = e.getCause() == null ? e : e.getCause();
            return Optional.of("not the OpenSSL that is needed: " + cause.getMessage());
        }
    }

    /** The library and its version, such as {@code OpenSSL 3.0.13}. Where it is available. */
    public static String version() {
        final String[] words = LibCrypto.version().split(" ", 3);
        return words.length < 2 ? words[0] : words[0] + " " + words[1];
    }
}
