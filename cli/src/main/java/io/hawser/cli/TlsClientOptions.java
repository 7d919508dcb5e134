// SPDX-License-Identifier: Apache-2.0
package io.hawser.cli;

import io.hawser.tls.Tls;
import io.hawser.tls.TlsProvider;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The options by which a user says whom a client trusts; mixed into the commands that dial with TLS. */
final class TlsClientOptions {
    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec = CommandSpec.create();

    @Option(
            names = "--ca",
            paramLabel = "FILE",
            description = "tls: the roots to trust, in PEM; default: those of the JDK")
    private @Nullable Path ca;

    @Option(
            names = "--crl",
            paramLabel = "FILE",
            description = "tls: revocation lists, in PEM or DER; each certificate needs one of its issuer")
    private @Nullable Path crl;

    @Option(
            names = "--insecure",
            description = "tls: any certificate of anybody will do; whoever sits in between can read and change all")
    private boolean insecure;

    /**
     * What the user wants of a client.
     *
     * @param needed whether something is dialled with TLS
     * @return empty if it is not needed
     * @throws ParameterException if the options do not go together
     * @throws IOException if a file cannot be read; the message names it
     */
    Optional<Tls> client(boolean needed, TlsProvider provider) throws IOException {
        if (!needed) {
            if (ca != null || crl != null || insecure) {
                throw new ParameterException(spec.commandLine(), "--ca, --crl and --insecure go with TLS, as tls://");
            }
            return Optional.empty();
        }
        if ((ca != null || crl != null) && insecure) {
            throw new ParameterException(spec.commandLine(), "--ca and --crl go without --insecure");
        }
        final Tls.Builder builder = Tls.client().provider(provider);
        if (ca != null) {
            builder.trust(ca);
        }
        if (crl != null) {
            builder.revocations(crl);
        }
        if (insecure) {
            builder.insecurelyTrustAnyServer();
        }
        return Optional.of(builder.build());
    }
}
