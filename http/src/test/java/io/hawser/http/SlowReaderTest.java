// SPDX-License-Identifier: Apache-2.0
package io.hawser.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.hawser.connection.Address;
import io.hawser.connection.CloseCause;
import io.hawser.connection.ClosedConnection;
import io.hawser.connection.Connection;
import io.hawser.connection.ConnectionHandler;
import io.hawser.connection.ConnectionOptions;
import io.hawser.connection.Engine;
import io.hawser.connection.VirtualThreads;
import io.hawser.sim.Simulation;
import io.hawser.tls.Tls;
import io.hawser.tls.TlsIdentity;
import io.hawser.transport.TransportConfig;
import io.hawser.transport.sim.SimTrace;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Peers that take their time for an answer, on a simulated network and its clock: those that take too little are reset, whatever the answer is made of,
 * the others get all of it, however long that takes.
 */
final class SlowReaderTest {
    private static final long SECOND_NS = Duration.ofSeconds(1).toNanos();
    /** More than may be pending, so a blocking handler waits, and one in the loop has to give it away. */
    private static final int LARGE = 400_000;
    /** It has been written when the handler returns, however slowly it is taken. */
    private static final int SMALL = 100_000;

    private static final TlsIdentity IDENTITY = Tls.selfSigned("10.0.0.1");

    private static final HttpLimits LIMITS = HttpLimits.DEFAULT
            .withWriteTimeout(Duration.ofSeconds(60))
            .withWriteBytesPerSecond(2_000)
            .withIdleTimeout(Duration.ofSeconds(30));

    @TempDir
    private Path directory;

    private enum Body {
        WHOLE,
        STREAM,
        FILE
    }

    /** Where the handler runs, what it answers, and over what. */
    record Way(boolean inLoop, Body body, int bytes, boolean tls, boolean lastRequest) {
        /** How often it is asked for: a second request waits behind the first. */
        int requests() {
            return lastRequest ? 1 : 2;
        }

        long allBytes() {
            return requests() * (bytes + 50L);
        }

        static Stream<Way> all() {
            return Stream.of(true, false)
                    .flatMap(inLoop -> Arrays.stream(Body.values())
                            .flatMap(body -> Stream.of(SMALL, LARGE)
                                    .flatMap(bytes -> Stream.of(true, false)
                                            .flatMap(tls -> Stream.of(true, false)
                                                    .map(last -> new Way(inLoop, body, bytes, tls, last))))));
        }
    }

    /** Takes a little every {@code everyNs}. */
    private static final class SlowReader implements ConnectionHandler {
        private final long everyNs;
        private final int requests;
        private long received;
        private long closedNs = -1;

        SlowReader(long everyNs, int requests) {
            this.everyNs = everyNs;
            this.requests = requests;
        }

        @Override
        public void onOpen(Connection connection) {
            for (int left = requests; left > 0; left--) {
                connection
                        .writer()
                        .writeString("GET / HTTP/1.1\r\nHost: a\r\n" + (requests == 1 ? "Connection: close\r\n" : "")
                                + "\r\n");
            }
        }

        @Override
        public void onData(Connection connection) {
            received += connection.reader().readableBytes();
            connection.reader().skip(connection.reader().readableBytes());
            connection.pause();
            final var unused = connection.loop().schedule(connection::resume, Duration.ofNanos(everyNs));
        }

        @Override
        public void onClose(Connection connection, CloseCause cause) {
            closedNs = connection.loop().nowNs();
        }
    }

    private record Outcome(long received, long livedNs, List<ClosedConnection> closes) {}

    private Outcome serve(Way way, long everyNs, UnaryOperator<HttpLimits> limits, long forNs) throws IOException {
        assumeTrue(way.inLoop() || VirtualThreads.LOOP.isAvailable(), "Needs --add-opens java.base/java.lang");
        final Simulation simulation = new Simulation(1, SimTrace.hashing());
        final Engine engine = simulation
                .engine("10.0.0.1")
                .loops(1)
                .virtualThreads(VirtualThreads.LOOP)
                .start();
        final Path file = Files.write(directory.resolve("file"), new byte[way.bytes()]);
        final HttpServer.Builder builder = HttpServer.builder((way.tls() ? "https" : "http") + "://10.0.0.1:80")
                .engine(engine)
                .limits(limits.apply(LIMITS))
                .handler((request, response) -> answer(response, way, file));
        if (way.tls()) {
            builder.tls(Tls.server().identity(IDENTITY).build());
        }
        final HttpServer server = (way.inLoop() ? builder.inLoop() : builder).start();
        final Engine far = simulation
                .engine("10.0.0.2")
                .loops(1)
                .transportConfig(c ->
                        new TransportConfig(c.blocks(), 1024, c.edgeTriggered(), c.readBlocks(), c.submissionEntries()))
                .start();
        final SlowReader client = new SlowReader(everyNs, way.requests());
        final ConnectionOptions plain = ConnectionOptions.DEFAULT;
        final var dial = far.dial(
                Address.parse((way.tls() ? "tls" : "tcp") + "://10.0.0.1:80"),
                way.tls()
                        ? plain.withTls(
                                Tls.client().trust(IDENTITY.certificate()).build())
                        : plain,
                client);
        simulation.await(dial);
        final long beganNs = simulation.network().nowNs();
        simulation.runUntil(() -> client.received >= way.allBytes() || client.closedNs >= 0, forNs);
        final long livedNs =
                (client.closedNs >= 0 ? client.closedNs : simulation.network().nowNs()) - beganNs;
        final var closes = engine.recentCloses();
        simulation.await(closes);

        far.close();
        server.close();
        engine.close();
        assertThat(engine.pool().usedBytes()).isZero();
        return new Outcome(client.received, livedNs, closes.join());
    }

    private static void answer(Response response, Way way, Path file) throws IOException {
        switch (way.body()) {
            case WHOLE -> response.send(new byte[way.bytes()]);
            case FILE -> response.sendFile(file);
            case STREAM -> {
                try (OutputStream out = response.outputStream()) {
                    for (int i = 0; i < way.bytes() / 1000; i++) {
                        out.write(new byte[1000]);
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("io.hawser.http.SlowReaderTest$Way#all")
    void shouldResetWhoTakesNothing(Way way) throws IOException {
        final Outcome outcome = serve(way, 10_000 * SECOND_NS, limits -> limits, 1_000 * SECOND_NS);

        assertThat(outcome.received()).isLessThan(way.bytes());
        assertThat(outcome.closes()).singleElement().satisfies(close -> {
            assertThat(close.kind()).isEqualTo(CloseCause.Kind.TIMED_OUT);
            assertThat(close.message())
                    .contains("write timeout: the peer took nothing of what is pending for 60000 ms");
            assertThat(close.lived()).isBetween(Duration.ofSeconds(59), Duration.ofSeconds(70));
        });
    }

    @ParameterizedTest
    @MethodSource("io.hawser.http.SlowReaderTest$Way#all")
    void shouldResetWhoTakesTooLittle(Way way) throws IOException {
        final Outcome outcome = serve(way, 25 * SECOND_NS, limits -> limits, 1_000 * SECOND_NS);

        assertThat(outcome.received()).isBetween(1L, way.bytes() - 1L);
        assertThat(outcome.closes()).singleElement().satisfies(close -> {
            assertThat(close.kind()).isEqualTo(CloseCause.Kind.TIMED_OUT);
            assertThat(close.message()).contains("write rate: the peer took less than 2000 bytes a second");
            assertThat(close.lived()).isGreaterThan(Duration.ofSeconds(60));
        });
    }

    /** Also for longer than all timeouts. */
    @ParameterizedTest
    @MethodSource("io.hawser.http.SlowReaderTest$Way#all")
    void shouldGiveAllToWhoTakesEnough(Way way) throws IOException {
        final Outcome outcome =
                serve(way, SECOND_NS / 4, limits -> limits.withWriteTimeout(Duration.ofSeconds(4)), 1_000 * SECOND_NS);

        assertThat(outcome.received()).isGreaterThanOrEqualTo(way.allBytes());
        assertThat(outcome.livedNs()).isGreaterThan(way.bytes() == LARGE ? 5 * SECOND_NS : SECOND_NS);
    }

    @ParameterizedTest
    @MethodSource("io.hawser.http.SlowReaderTest$Way#all")
    void shouldWaitForWhoTakesAnythingWithoutARate(Way way) throws IOException {
        final Outcome outcome = serve(
                way,
                25 * SECOND_NS,
                limits -> limits.withWriteBytesPerSecond(0).withIdleTimeout(Duration.ofSeconds(1_000)),
                100_000 * SECOND_NS);

        assertThat(outcome.received()).isGreaterThanOrEqualTo(way.allBytes());
        assertThat(outcome.livedNs()).isGreaterThan(100 * SECOND_NS);
    }
}
