// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** A handler that blocks not its virtual thread but what carries it: in a read from a file, here a pipe that somebody else writes. */
@ParameterizedClass
@EnumSource
final class BlockedCarrierTest {
    @RegisterExtension
    final EngineFixture engines;

    private final Queue<String> events = new ConcurrentLinkedQueue<>();
    private final CountDownLatch reading = new CountDownLatch(1);

    BlockedCarrierTest(TestTransport transport) {
        engines = new EngineFixture(transport);
    }

    @Test
    void shouldStallItsLoopAndServeAllOthersAfterwards() throws Exception {
        assertThat(VirtualThreads.LOOP.isAvailable()).isTrue();
        final Engine engine = engines.engine(builder -> builder.virtualThreads(VirtualThreads.LOOP));
        final Path pipe = pipe();
        final Server server = serve(engine, pipe);
        try (Peer other = Peer.connect(server.address());
                Peer blocking = Peer.connect(server.address())) {
            assertThat(other.send("a").receiveText(1)).isEqualTo("a");
            blocking.send("!");
            reading.await();
            // Nobody takes it as long as the loop is blocked.
            other.send("b");
            try (Peer late = Peer.connect(server.address())) {
                late.send("c");
                events.add("released");
                release(pipe);
                assertThat(blocking.receiveText(1)).isEqualTo("!");
                assertThat(other.receiveText(1)).isEqualTo("b");
                assertThat(late.receiveText(1)).isEqualTo("c");
                assertThat(late.send("d").receiveText(1)).isEqualTo("d");
            }
            assertThat(other.send("e").receiveText(1)).isEqualTo("e");
        }
        assertThat(events).startsWith("a", "released", "!").contains("b", "c", "d", "e");
        Files.delete(pipe);
    }

    /** The same with the JDK's carriers, of which one more or less does not matter to the loop. */
    @Test
    void shouldStallNobodyWhereTheJdkCarries() throws Exception {
        final Engine engine = engines.engine();
        final Path pipe = pipe();
        final Server server = serve(engine, pipe);
        try (Peer other = Peer.connect(server.address());
                Peer blocking = Peer.connect(server.address())) {
            blocking.send("!");
            reading.await();
            assertThat(other.send("b").receiveText(1)).isEqualTo("b");
            events.add("released");
            release(pipe);
            assertThat(blocking.receiveText(1)).isEqualTo("!");
        }
        assertThat(events).containsExactly("b", "released", "!");
        Files.delete(pipe);
    }

    /** Echo, byte by byte; for an exclamation mark it reads a byte from the pipe first. */
    private Server serve(Engine engine, Path pipe) throws Exception {
        return engine.serve("tcp://127.0.0.1:0", connection -> {
            final byte character = connection.reader().readByte();
            if (character == '!') {
                reading.countDown();
                try (InputStream in = Files.newInputStream(pipe)) {
                    assertThat(in.read()).isEqualTo(1);
                }
            }
            events.add(String.valueOf((char) character));
            connection.writer().writeByte(character);
        });
    }

    private static void release(Path pipe) throws Exception {
        try (OutputStream out = Files.newOutputStream(pipe)) {
            out.write(1);
        }
    }

    private Path pipe() throws Exception {
        final Path pipe = engines.directory().resolve("pipe");
        final Process process =
                new ProcessBuilder("mkfifo", pipe.toString()).inheritIO().start();
        assertThat(process.waitFor()).as("exit code of mkfifo").isZero();
        return pipe;
    }
}
