// SPDX-License-Identifier: Apache-2.0
package io.hawser.tls;

import io.hawser.buffer.BlockCache;
import io.hawser.buffer.BlockPool;
import io.hawser.buffer.Buffer;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Duration;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.SSLException;

/**
 * One real handshake in memory, and an exchange: a library is believed when it has worked once, since what is called by its name and what can be loaded
 * are not always what was linked against.
 */
final class TlsProbe {
    private static final long MEMORY_BYTES = 4 << 20;
    private static final int MAX_TURNS = 16;
    private static final byte[] QUESTION = "question".getBytes(StandardCharsets.US_ASCII);

    /** Whom nobody trusts: the key is in every copy of Hawser, and is of use for nothing but this. */
    private static final String CERTIFICATE =
            "MIIBGzCBwwIUbEed8rK4rBb9nVkltDRqO1dQNXcwCgYIKoZIzj0EAwIwEDEOMAwGA1UEAwwFcHJvYmUwIBcNMjYxMTIyMDk0MTMy"
                    + "WhgPMjEyNjEwMjkwOTQxMzJaMBAxDjAMBgNVBAMMBXByb2JlMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEJybgvOSr/XKEjhr5"
                    + "cpePDXDrqcEQbxgX28mggDGl9/qM5c1hc0drL7OUgSqjqsMASCXMB1KIy41eej6FGBRNvDAKBggqhkjOPQQDAgNHADBEAiAWmr0s"
                    + "CNiA8NVQIphHX5XycbkTojzhrOT+I0DRG9qoGQIgVfEY9pJT/DXDBKPnKe29e1g/tN2PYYDgFyFYu+htwGY=";

    private static final String KEY =
            "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQghTk/1+uo0PXJ4JAgeHbMAQISCSJakO9GjLTcnFT1xGahRANCAAQn"
                    + "JuC85Kv9coSOGvlyl48NcOupwRBvGBfbyaCAMaX3+ozlzWFzR2svs5SBKqOqwwBIJcwHUojLjV56PoUYFE28";

    private TlsProbe() {}

    /** Makes a side. */
    interface Contexts {
        TlsContext context(TlsSettings settings) throws SSLException;
    }

    /** Why the library does not work; empty if it does. */
    static Optional<String> exchange(Contexts library) {
        try (BlockPool pool = new BlockPool(MEMORY_BYTES);
                BlockCache blocks = pool.newCache()) {
            blocks.bind();
            final TlsContext server = library.context(settings(false));
            final TlsContext client = library.context(settings(true));
            try (TlsEngine answering = server.engine(Optional.empty(), blocks);
                    TlsEngine asking = client.engine(Optional.of(new TlsPeer("probe", 1)), blocks)) {
                return converse(asking, answering, blocks)
                        ? Optional.empty()
                        : Optional.of(client.library() + " does not work: no answer in memory");
            }
        } catch (SSLException | GeneralSecurityException | RuntimeException | LinkageError e) {
            return Optional.of("a handshake in memory failed: " + e.getMessage());
        }
    }

    private static boolean converse(TlsEngine asking, TlsEngine answering, BlockCache blocks) throws SSLException {
        try (Buffer toServer = new Buffer(blocks);
                Buffer toClient = new Buffer(blocks);
                Buffer question = new Buffer(blocks);
                Buffer asked = new Buffer(blocks);
                Buffer answered = new Buffer(blocks)) {
            question.writeBytes(QUESTION);
            asking.start(toServer);
            answering.start(toClient);
            boolean sent = false;
            boolean echoed = false;
            for (int turn = 0; turn < MAX_TURNS && answered.readableBytes() < QUESTION.length; turn++) {
                answering.receive(toServer, asked, toClient);
                asking.receive(toClient, answered, toServer);
                if (asking.isEstablished() && !sent) {
                    sent = true;
                    asking.send(question, toServer);
                }
                if (asked.readableBytes() == QUESTION.length && !echoed) {
                    echoed = true;
                    answering.send(asked, toClient);
                }
            }
            return answered.readableBytes() == QUESTION.length
                    && Arrays.equals(answered.readBytes(QUESTION.length), QUESTION)
                    && asking.session().version() == TlsVersion.TLS_1_3;
        }
    }

    private static TlsSettings settings(boolean client) throws GeneralSecurityException {
        final Base64.Decoder base64 = Base64.getDecoder();
        final PrivateKey key =
                KeyFactory.getInstance("EC").generatePrivate(new PKCS8EncodedKeySpec(base64.decode(KEY)));
        final X509Certificate certificate = (X509Certificate) CertificateFactory.getInstance("X.509")
                .generateCertificate(new ByteArrayInputStream(base64.decode(CERTIFICATE)));
        return new TlsSettings(
                client,
                List.of(TlsVersion.TLS_1_3),
                List.of(),
                List.of(),
                client ? List.of() : List.of(new TlsIdentity(List.of(certificate), key)),
                List.of(),
                ClientAuth.NONE,
                false,
                false,
                1,
                Duration.ofSeconds(1));
    }
}
