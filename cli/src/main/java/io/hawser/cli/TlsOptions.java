// SPDX-License-Identifier: Apache-2.0
package io.hawser.cli;

import io.hawser.tls.ClientAuth;
import io.hawser.tls.Tls;
import io.hawser.tls.TlsIdentity;
import io.hawser.tls.TlsProvider;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The options by which a user says who a server is; mixed into the commands that listen with TLS. */
final class TlsOptions {
    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec = CommandSpec.create();

    @Option(
            names = "--cert",
            paramLabel = "FILE",
            description = "tls: the server's certificate, and those between it and the root, in PEM")
    private @Nullable Path cert;

    @Option(names = "--key", paramLabel = "FILE", description = "tls: the certificate's key in PEM; default: in --cert")
    private @Nullable Path key;

    @Option(
            names = "--key-password-file",
            paramLabel = "FILE",
            description = "tls: what --key is encrypted with; the first line of the file")
    private @Nullable Path keyPasswordFile;

    @Option(
            names = "--self-signed",
            description = "tls: a certificate made up now, for localhost, 127.0.0.1 and ::1; for trials")
    private boolean selfSigned;

    @Option(
            names = "--client-ca",
            paramLabel = "FILE",
            description = "tls: clients need a certificate that leads to one of these roots, in PEM")
    private @Nullable Path clientCa;

    @Option(
            names = "--client-crl",
            paramLabel = "FILE",
            description = "tls: revocation lists, in PEM or DER; each client's certificate needs one of its issuer")
    private @Nullable Path clientCrl;

    /**
     * What the user wants of a server.
     *
     * @param needed whether something is listened on with TLS
     * @return empty if it is not needed
     * @throws ParameterException if something is missing, or of no use
     * @throws IOException if a file cannot be read; the message names it
     */
    Optional<Tls> server(boolean needed, TlsProvider provider) throws IOException {
        if (!needed) {
            if (cert != null
                    || key != null
                    || keyPasswordFile != null
                    || selfSigned
                    || clientCa != null
                    || clientCrl != null) {
                throw wrong(
                        "--cert, --key, --key-password-file, --self-signed, --client-ca and --client-crl go with TLS:"
                                + " tls://, https:// or wss://");
            }
            return Optional.empty();
        }
        if (selfSigned == (cert != null)) {
            throw wrong("TLS needs either --cert FILE and --key FILE, or --self-signed");
        }
        final Tls.Builder builder = Tls.server().provider(provider);
        final Path chain = cert;
        if (chain == null) {
            if (key != null || keyPasswordFile != null) {
                throw wrong("--key and --key-password-file go with --cert");
            }
            final TlsIdentity made = Tls.selfSigned();
            tell(made);
            builder.identity(made);
        } else {
            final Path keyFile = key == null ? chain : key;
            if (keyPasswordFile == null) {
                builder.certificate(chain, keyFile);
            } else {
                builder.certificate(chain, keyFile, firstLine(keyPasswordFile));
            }
        }
        if (clientCrl != null) {
            if (clientCa == null) {
                throw wrong("--client-crl goes with --client-ca");
            }
            builder.revocations(clientCrl);
        }
        if (clientCa != null) {
            builder.trust(clientCa).clientAuth(ClientAuth.REQUIRE);
        }
        return Optional.of(builder.build());
    }

    private ParameterException wrong(String message) {
        return new ParameterException(spec.commandLine(), message);
    }

    private static String firstLine(Path file) throws IOException {
        return Files.readString(file).lines().findFirst().orElse("");
    }

    private void tell(TlsIdentity identity) {
        final PrintWriter err = spec.commandLine().getErr();
        try {
            final byte[] hash = MessageDigest.getInstance("SHA-256")
                    .digest(identity.certificate().getEncoded());
            err.println("self-signed certificate, SHA-256 "
                    + HexFormat.ofDelimiter(":").withUpperCase().formatHex(hash));
            err.flush();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("The JDK has no SHA-256", e);
        }
    }
}
