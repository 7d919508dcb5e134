// SPDX-License-Identifier: Apache-2.0
package io.hawser.tls;

import io.hawser.buffer.BlockCache;
import io.hawser.buffer.BlockPool;
import io.hawser.buffer.Buffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
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

    private static final String HOST = "localhost";
    private static final Duration LIFE = Duration.ofHours(1);

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
            final TlsIdentity identity = SelfSigned.make(List.of(HOST), LIFE);
            final TlsContext server = library.context(settings(false, identity));
            final TlsContext client = library.context(settings(true, identity));
            try (TlsEngine answering = server.engine(Optional.empty(), blocks);
                    TlsEngine asking = client.engine(Optional.of(new TlsPeer(HOST, 1)), blocks)) {
                return converse(asking, answering, blocks)
                        ? Optional.empty()
                        : Optional.of(client.library() + " does not work: no answer in memory");
            }
        } catch (SSLException | RuntimeException | LinkageError e) {
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
                receive(answering, toServer, asked, toClient);
                receive(asking, toClient, answered, toServer);
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

    private static void receive(TlsEngine engine, Buffer incoming, Buffer plaintext, Buffer outgoing)
            throws SSLException {
        engine.receive(incoming, plaintext, outgoing);
        for (Optional<Runnable> task = engine.task(); task.isPresent(); task = engine.task()) {
            task.get().run();
            engine.receive(incoming, plaintext, outgoing);
        }
    }

    private static TlsSettings settings(boolean client, TlsIdentity identity) {
        return new TlsSettings(
                client,
                List.of(TlsVersion.TLS_1_3),
                List.of(),
                List.of(),
                client ? List.of() : List.of(identity),
                List.of(identity.certificate()),
                List.of(),
                ClientAuth.NONE,
                true,
                true,
                1,
                LIFE);
    }
}
