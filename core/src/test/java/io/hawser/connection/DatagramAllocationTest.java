// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.hawser.buffer.UncheckedJvm;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** In a JVM of its own, since the checked mode of the tests allocates to remember places. */
class DatagramAllocationTest {
    @ParameterizedTest
    @ValueSource(strings = {"io_uring", "epoll"})
    void shouldAllocateNothingForAnEcho(String transport) throws Exception {
        final List<String> leanest = UncheckedJvm.run(Echoes.class, transport);
        assertThat(leanest).hasSize(1);
        assertThat(Long.parseLong(leanest.getFirst()))
                .as("bytes for %d echoes", Echoes.ROUND)
                .isLessThanOrEqualTo(Echoes.UNAVOIDABLE);
    }

    /**
     * A client and a server on one loop, which hand a datagram back and forth: says what the leanest round has allocated. How many rounds it takes
     * until the JVM has compiled all of it is the machine's matter.
     */
    static final class Echoes implements DatagramHandler {
        static final int ROUND = 20_000;
        /** A byte in a thousand echoes is the JVM's. */
        static final int UNAVOIDABLE = ROUND / 1000;

        private static final int MAX_ROUNDS = 40;
        private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

        private final CompletableFuture<Long> leanest = new CompletableFuture<>();
        private int echoes;
        private long before;
        private long least = Long.MAX_VALUE;

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
                System.out.println(client.leanest.get(50, TimeUnit.SECONDS));
            }
        }

        @Override
        public void onDatagram(DatagramEndpoint endpoint, Datagram datagram) {
            echoes++;
            if (echoes % ROUND == 0) {
                roundEnded();
            }
            if (!leanest.isDone()) {
                datagram.reply(datagram.reader());
            }
        }

        private void roundEnded() {
            if (echoes > ROUND) {
                least = Math.min(least, THREADS.getCurrentThreadAllocatedBytes() - before);
            }
            if (least <= UNAVOIDABLE || echoes == MAX_ROUNDS * ROUND) {
                leanest.complete(least);
            }
            before = THREADS.getCurrentThreadAllocatedBytes();
        }
    }
}
