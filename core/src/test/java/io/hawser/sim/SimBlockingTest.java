// SPDX-License-Identifier: Apache-2.0
package io.hawser.sim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.hawser.connection.Address;
import io.hawser.connection.Connection;
import io.hawser.connection.ConnectionHandler;
import io.hawser.connection.ConnectionOptions;
import io.hawser.connection.Engine;
import io.hawser.connection.Server;
import io.hawser.connection.ServerOptions;
import io.hawser.connection.VirtualThreads;
import io.hawser.transport.sim.SimTrace;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Blocking code in the one thread of a simulation: its virtual threads are carried by the loops. */
class SimBlockingTest {
    private static final long SECOND_NS = Duration.ofSeconds(1).toNanos();

    private final Simulation simulation = new Simulation(1, SimTrace.hashing());

    @BeforeEach
    void shouldBeCarriedByLoops() {
        assumeTrue(VirtualThreads.LOOP.isAvailable(), "Needs --add-opens java.base/java.lang");
    }

    private Engine engine(String host) throws IOException {
        return simulation
                .engine(host)
                .loops(2)
                .virtualThreads(VirtualThreads.LOOP)
                .start();
    }

    @Test
    void shouldWaitForBytesInVirtualTime() throws IOException {
        final Engine engine = engine("10.0.0.1");
        final List<String> heard = new ArrayList<>();
        final Server unused =
                engine.serve("tcp://10.0.0.1:7000", c -> heard.add(c.reader().readString(6)));
        final ConnectionHandler silent = c -> {};
        final var dial = engine.dial("tcp://10.0.0.1:7000", silent);
        simulation.await(dial);
        final Connection client = dial.join();
        client.execute(() -> client.writer().writeString("hel"));
        simulation.runFor(100 * SECOND_NS);
        assertThat(heard).isEmpty();
        client.execute(() -> client.writer().writeString("lo!"));
        simulation.runFor(SECOND_NS);
        assertThat(heard).containsExactly("hello!");
        engine.close();
    }

    @Test
    void shouldDialAndAskForThePeerInBlockingCode() throws IOException {
        final Engine far = engine("10.0.0.2");
        final Server upper = far.serve("tcp://10.0.0.2:7000", c -> {
            final String text = c.reader().readString((int) c.reader().readableBytes());
            c.writer().writeString(text.toUpperCase(java.util.Locale.ROOT));
        });
        final Engine engine = engine("10.0.0.1");
        final Server proxy = engine.serve(Address.parse("tcp://10.0.0.1:7000"), ServerOptions.DEFAULT, c -> {
            final String text = c.reader().readString(4);
            try (var upstream = engine.dial(upper.address(), ConnectionOptions.DEFAULT)) {
                upstream.writer().writeString(text);
                c.writer().writeString(upstream.reader().readString(4) + (upstream.isActive() ? "!" : "?"));
            }
        });
        final CompletableFuture<String> answer = new CompletableFuture<>();
        final ConnectionHandler client = c -> {
            if (c.reader().readableBytes() == 5) {
                answer.complete(c.reader().readString(5));
            }
        };
        final var dial = far.dial(proxy.address().toString(), client);
        simulation.await(dial);
        dial.join().execute(() -> dial.join().writer().writeString("ahoy"));
        simulation.await(answer);
        assertThat(answer.join()).isEqualTo("AHOY!");
        engine.close();
        far.close();
    }
}
