// SPDX-License-Identifier: Apache-2.0
package io.hawser.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.hawser.connection.CloseCause;
import io.hawser.connection.Connection;
import io.hawser.connection.ConnectionHandler;
import io.hawser.connection.Engine;
import io.hawser.connection.VirtualThreads;
import io.hawser.sim.Simulation;
import io.hawser.transport.sim.SimTrace;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A server on a simulated network, which cuts and delays as it likes: every request is answered once, in its order. */
final class SimHttpTest {
    private static final long SECOND_NS = Duration.ofSeconds(1).toNanos();
    private static final int SEEDS = 10;

    /** Keeps what comes. */
    private static final class Client implements ConnectionHandler {
        final StringBuilder received = new StringBuilder();

        @Override
        public void onData(Connection connection) {
            final int n = (int) connection.reader().readableBytes();
            received.append(new String(connection.reader().readBytes(n), StandardCharsets.ISO_8859_1));
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void shouldAnswerAllRequestsHoweverTheyAreCut(boolean inLoop) throws IOException {
        assumeTrue(inLoop || VirtualThreads.LOOP.isAvailable(), "Needs --add-opens java.base/java.lang");
        for (int seed = 1; seed <= SEEDS; seed++) {
            final Random random = new Random(seed);
            final Simulation simulation = new Simulation(seed, SimTrace.hashing());
            final Engine engine = simulation
                    .engine("10.0.0.1")
                    .loops(1)
                    .virtualThreads(VirtualThreads.LOOP)
                    .start();
            final HttpServer.Builder builder = HttpServer.builder("http://10.0.0.1:80")
                    .engine(engine)
                    .limits(HttpLimits.DEFAULT
                            .withHeaderTimeout(Duration.ofHours(1))
                            .withBodyTimeout(Duration.ofHours(1))
                            .withIdleTimeout(Duration.ofHours(1)))
                    .handler((request, response) ->
                            response.header("Date", "now").send(request.target() + "<" + request.string(10_000) + ">"));
            final HttpServer server = (inLoop ? builder.inLoop() : builder).start();
            final Engine far = simulation.engine("10.0.0.2").loops(1).start();
            final Client client = new Client();
            final var dial = far.dial("tcp://10.0.0.1:80", client);
            simulation.await(dial);
            final Connection connection = dial.join();

            final StringBuilder requests = new StringBuilder();
            final StringBuilder answers = new StringBuilder();
            for (int i = 0; i < 30; i++) {
                add(random, i, requests, answers);
            }
            int at = 0;
            while (at < requests.length()) {
                final String piece = requests.substring(at, Math.min(requests.length(), at + 1 + random.nextInt(400)));
                at += piece.length();
                connection.execute(() -> connection.writer().writeString(piece));
                simulation.runFor(random.nextInt(3) * SECOND_NS / 1000);
            }
            simulation.runFor(300 * SECOND_NS);

            assertThat(client.received.toString()).as("seed %d", seed).isEqualTo(answers.toString());
            server.close();
            far.close();
            engine.close();
            assertThat(engine.pool().usedBytes()).as("seed %d", seed).isZero();
        }
    }

    /** Sends a piece a second, and takes down what comes, and when it ends. */
    private static final class Dribbler implements ConnectionHandler {
        private final String piece;
        private final StringBuilder received = new StringBuilder();
        private int seconds;
        private boolean closed;

        Dribbler(String piece) {
            this.piece = piece;
        }

        private void say(Connection connection) {
            if (!closed && received.isEmpty()) {
                seconds++;
                connection.writer().writeString(piece);
                final var unused = connection.loop().schedule(() -> say(connection), Duration.ofSeconds(1));
            }
        }

        @Override
        public void onData(Connection connection) {
            final int n = (int) connection.reader().readableBytes();
            received.append(new String(connection.reader().readBytes(n), StandardCharsets.ISO_8859_1));
        }

        @Override
        public void onClose(Connection connection, CloseCause cause) {
            closed = true;
        }
    }

    /**
     * With the limits that a server has by default: a head has 10 s, a body 20 s and one more for each 1,000 bytes.
     *
     * @param seconds for how long it can go on
     * @param status what it is answered then
     */
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    GET / HTTP/1.1~Host: a~X:                               |     x | 10 | 408
                    POST / HTTP/1.1~Host: a~Content-Length: 100000~~        |     x | 20 | 408
                    POST / HTTP/1.1~Host: a~Transfer-Encoding: chunked~~    | 1~x~  | 20 | 408
                    POST / HTTP/1.1~Host: a~Transfer-Encoding: chunked~~1;a |     a | 20 | 408
                    POST / HTTP/1.1~Host: a~Transfer-Encoding: chunked~~0~T:|     t | 20 | 408
                    POST / HTTP/1.1~Host: a~Content-Length: 100000~~        | * 500 | 40 | 408
                    POST / HTTP/1.1~Host: a~Content-Length: 100000~~        | *2000 | 50 | 200
                    """)
    void shouldGiveTimeForWhatComes(String head, String piece, int seconds, int status) throws IOException {
        for (boolean inLoop : new boolean[] {true, false}) {
            if (!inLoop && !VirtualThreads.LOOP.isAvailable()) {
                continue;
            }
            final Simulation simulation = new Simulation(1, SimTrace.hashing());
            final Engine engine = simulation
                    .engine("10.0.0.1")
                    .loops(1)
                    .virtualThreads(VirtualThreads.LOOP)
                    .start();
            final HttpServer.Builder builder = HttpServer.builder("http://10.0.0.1:80")
                    .engine(engine)
                    .handler((request, response) -> response.send(request.bytes(1 << 20)));
            final HttpServer server = (inLoop ? builder.inLoop() : builder).start();
            final Engine far = simulation.engine("10.0.0.2").loops(1).start();
            final Dribbler client = new Dribbler(
                    piece.startsWith("*")
                            ? "x".repeat(Integer.parseInt(piece.substring(1).strip()))
                            : piece.replace("~", "\r\n"));
            final var dial = far.dial("tcp://10.0.0.1:80", client);
            simulation.await(dial);
            final Connection connection = dial.join();
            connection.execute(() -> {
                connection.writer().writeString(head.replace("~", "\r\n"));
                client.say(connection);
            });
            simulation.runFor(100 * SECOND_NS);

            assertThat(client.received.toString()).startsWith("HTTP/1.1 " + status + " ");
            assertThat(client.seconds).isBetween(seconds - 1, seconds + 2);
            server.close();
            far.close();
            engine.close();
            assertThat(engine.pool().usedBytes()).isZero();
        }
    }

    private static void add(Random random, int number, StringBuilder requests, StringBuilder answers) {
        final String body = "b".repeat(random.nextInt(3) == 0 ? 0 : random.nextInt(2_000));
        requests.append("POST /")
                .append(number)
                .append(" HTTP/1.1\r\nHost: a\r\nX: ")
                .append("y".repeat(random.nextInt(200)));
        if (random.nextBoolean()) {
            requests.append("\r\nContent-Length: ")
                    .append(body.length())
                    .append("\r\n\r\n")
                    .append(body);
        } else {
            requests.append("\r\nTransfer-Encoding: chunked\r\n\r\n");
            int at = 0;
            while (at < body.length()) {
                final int n = Math.min(body.length() - at, 1 + random.nextInt(700));
                requests.append(Integer.toHexString(n))
                        .append("\r\n")
                        .append(body, at, at + n)
                        .append("\r\n");
                at += n;
            }
            requests.append("0\r\n\r\n");
        }
        final String text = "/" + number + "<" + body + ">";
        answers.append("HTTP/1.1 200 OK\r\nDate: now\r\nContent-Length: ")
                .append(text.length())
                .append("\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n")
                .append(text);
    }
}
