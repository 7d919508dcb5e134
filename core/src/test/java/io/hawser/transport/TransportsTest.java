// SPDX-License-Identifier: Apache-2.0
package io.hawser.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hawser.connection.Engine;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Which transport is chosen, and what happens when it cannot run. */
final class TransportsTest {
    /** Opens what {@link #open} says. */
    private record Scripted(Opening opening) implements TransportProvider {
        @FunctionalInterface
        interface Opening {
            Transport open(TransportConfig config) throws IOException;
        }

        @Override
        public String name() {
            return "scripted";
        }

        @Override
        public Transport open(TransportConfig config) throws IOException {
            return opening.open(config);
        }
    }

    // ---- the choice

    @Test
    void shouldKnowTheTransportsBestFirst() {
        assertThat(Transports.all()).extracting(TransportProvider::name).containsExactly("io_uring", "epoll", "nio");
    }

    @Test
    void shouldChooseByName() throws Exception {
        assertThat(Transports.choose("nio").name()).isEqualTo("nio");
    }

    @Test
    void shouldNameAllWhenAskedForAnUnknownOne() {
        assertThatThrownBy(() -> Transports.choose("kqueue"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContainingAll("kqueue", "io_uring", "epoll", "nio", "auto");
        assertThatThrownBy(() -> Engine.builder().transport("kqueue").start())
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void shouldChooseOneThatWorks() throws Exception {
        final TransportProvider best = Transports.choose(Transports.AUTO);

        Probe.exchange(best);
        assertThat(Transports.choose(Transports.AUTO)).isSameAs(best);
        try (Engine engine = Engine.builder().loops(1).start()) {
            assertThat(engine.transport()).isEqualTo(best.name());
        }
    }

    // ---- the probe

    @Test
    void shouldNotBelieveATransportThatOpensButDoesNotWork() {
        final TransportProvider forbidden = new Scripted(_ -> transport(() -> {
            throw new IOException("not permitted");
        }));

        assertThatThrownBy(() -> Probe.exchange(forbidden))
                .isInstanceOf(IOException.class)
                .hasMessage("not permitted");
    }

    // ---- engines whose transport cannot be opened

    @Test
    void shouldSayWhyAForcedTransportCannotRun() {
        final TransportProvider absent = new Scripted(_ -> {
            throw new TransportUnavailableException("scripted: the kernel is too old");
        });

        assertThatThrownBy(() -> engine(absent, 2).start())
                .isInstanceOf(TransportUnavailableException.class)
                .hasMessage("scripted: the kernel is too old");
        assertNoThreads();
    }

    @Test
    void shouldEndTheOtherLoopsWhenOneCannotStart() {
        final AtomicInteger opened = new AtomicInteger();
        final TransportProvider twice = new Scripted(config -> {
            if (opened.incrementAndGet() == 3) {
                throw new IOException("out of descriptors");
            }
            return Transports.choose("nio").open(config);
        });

        assertThatThrownBy(() -> engine(twice, 4).start())
                .isInstanceOf(IOException.class)
                .hasMessage("out of descriptors");
        assertThat(opened).hasValue(3);
        assertNoThreads();
    }

    @Test
    void shouldTellOfATransportThatBreaks() {
        final TransportProvider broken = new Scripted(_ -> {
            throw new UnsatisfiedLinkError("no such symbol");
        });

        assertThatThrownBy(() -> engine(broken, 1).start())
                .isInstanceOf(IOException.class)
                .hasRootCauseMessage("no such symbol");
        assertNoThreads();
    }

    private static Engine.Builder engine(TransportProvider provider, int loops) {
        return Engine.builder().name("scripted").transport(provider).loops(loops);
    }

    private static void assertNoThreads() {
        assertThat(Thread.getAllStackTraces().keySet())
                .filteredOn(thread -> thread.getName().startsWith("scripted-") && !ends(thread))
                .isEmpty();
    }

    private static boolean ends(Thread thread) {
        try {
            return thread.join(Duration.ofSeconds(10));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /** What {@link Transport#listen} does. */
    @FunctionalInterface
    private interface Listening {
        ListenSocket listen() throws IOException;
    }

    /** A transport that can do nothing but listen, in its way. */
    private static Transport transport(Listening listening) {
        return (Transport) Proxy.newProxyInstance(
                Transport.class.getClassLoader(),
                new Class<?>[] {Transport.class},
                (_, method, _) -> method.getName().equals("listen") ? listening.listen() : null);
    }
}
