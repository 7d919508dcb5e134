// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** In a JVM of its own, since the checked mode of the tests allocates to remember places. */
class DatagramAllocationTest {
    private static final int WARM_UP = 100_000;
    private static final int ECHOES = 100_000;

    @ParameterizedTest
    @ValueSource(strings = {"io_uring", "epoll"})
    void shouldAllocateNothingForAnEcho(String transport) throws Exception {
        final Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--enable-native-access=ALL-UNNAMED",
                        "-Xmx256m",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Echoes.class.getName(),
                        transport)
                .redirectErrorStream(true)
                .start();
        final String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(output).startsWith("bytes ");
        final long bytes = Long.parseLong(output.substring("bytes ".length()).strip());
        // A compiler thread's doing now and then, and never one object for each echo or even for each ten.
        assertThat(bytes).as("bytes for %d echoes", ECHOES).isLessThan(ECHOES * 8L); // the size of the smallest object
    }

    /** A client and a server on one loop, which hand a datagram back and forth. */
    static final class Echoes implements DatagramHandler {
        private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

        private final CompletableFuture<Long> allocated = new CompletableFuture<>();
        private int echoes;
        private long before;

        private Echoes() {}

        public static void main(String[] arguments) throws Exception {
            final Echoes client = new Echoes();
            try (Engine engine =
                            Engine.builder().transport(arguments[0]).loops(1).start();
                    DatagramServer server =
                            engine.bind("udp://127.0.0.1:0", (_, datagram) -> datagram.reply(datagram.reader()))) {
                final DatagramEndpoint endpoint = engine.connectDatagram(
                                server.address().toString(), client)
                        .join();
                endpoint.execute(() -> endpoint.send(new byte[64]));
                System.out.println("bytes " + client.allocated.get(50, TimeUnit.SECONDS));
            }
        }

        @Override
        public void onDatagram(DatagramEndpoint endpoint, Datagram datagram) {
            echoes++;
            if (echoes == WARM_UP) {
                before = THREADS.getCurrentThreadAllocatedBytes();
            } else if (echoes == WARM_UP + ECHOES) {
                allocated.complete(THREADS.getCurrentThreadAllocatedBytes() - before);
                return;
            }
            datagram.reply(datagram.reader());
        }
    }
}
