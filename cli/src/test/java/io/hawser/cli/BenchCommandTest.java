// SPDX-License-Identifier: Apache-2.0
package io.hawser.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.hawser.connection.Connection;
import io.hawser.connection.ConnectionHandler;
import io.hawser.connection.Engine;
import io.hawser.connection.Server;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class BenchCommandTest {
    @TempDir
    private Path directory;

    static List<String> transports() {
        return Cli.transports();
    }

    @ParameterizedTest
    @MethodSource("transports")
    void shouldVerifyEveryByteOverTcpAndUnix(String transport) throws Exception {
        final String unix = "unix://" + directory.resolve("echo.sock");
        try (Cli serve = Cli.start("serve", "tcp://127.0.0.1:0", unix, "--transport", transport)) {
            for (String address : List.of(serve.nextListening(), serve.nextListening())) {
                final JsonNode result = good(
                        bench(address, "--transport", transport, "--loops", "2", "--in-flight", "3", "--size", "1001"));
                assertThat(result.get("uri").asString()).isEqualTo(address);
                assertThat(result.get("transport").asString()).isEqualTo(transport);
                assertThat(result.get("messages").asLong()).isPositive();
                assertThat(result.get("verified_bytes").asLong())
                        .isEqualTo(1001 * result.get("verified_messages").asLong());
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 7, 64, 65_521, 3_000_000})
    void shouldSendMessagesOfAnySize(int size) throws Exception {
        try (Cli serve = Cli.start("serve", "tcp://127.0.0.1:0")) {
            good(bench(serve.nextListening(), "--size", "" + size, "--in-flight", "2", "--connections", "3"));
        }
    }

    @Test
    void shouldPrintThroughputAndPercentiles() throws Exception {
        try (Cli serve = Cli.start("serve", "tcp://127.0.0.1:0")) {
            final Cli.Ended ended =
                    Cli.run("bench", serve.nextListening(), "--duration", "0.3", "--warmup", "0", "--loops", "2");
            assertThat(ended.exitCode()).isZero();
            assertThat(ended.err()).isEmpty();
            assertThat(ended.out()).contains("throughput", "messages/s", "p50", "p99.99", "max", "verified", "none");
            // Somebody may read it in a pipe.
            assertThat(ended.out()).doesNotContain("\u001b", "\r");
        }
    }

    @Test
    void shouldPrintTheResultSoFarWhenItIsStopped() throws Exception {
        try (Cli serve = Cli.start("serve", "tcp://127.0.0.1:0");
                Cli bench = Cli.start("bench", serve.nextListening(), "--duration", "1000", "--warmup", "0")) {
            assertThat(bench.nextLine()).startsWith("target");
            assertThat(bench.nextLine()).startsWith("load");
            final Cli.Ended ended = bench.stop().ended();
            assertThat(ended.out()).contains("verified");
        }
    }

    // ---- frames

    @ParameterizedTest
    @MethodSource("transports")
    void shouldVerifyEveryByteOfFramesOverTcpAndUnix(String transport) throws Exception {
        final String unix = "unix://" + directory.resolve("frames.sock");
        try (Cli serve =
                Cli.start("serve", "tcp://127.0.0.1:0", unix, "--codec", "length4", "--transport", transport)) {
            for (String address : List.of(serve.nextListening(), serve.nextListening())) {
                final String[] options = {
                    "--codec", "length4", "--transport", transport, "--loops", "2", "--in-flight", "3", "--size", "1001"
                };
                final JsonNode result = good(bench(address, options));
                assertThat(result.get("codec").asString()).isEqualTo("length4");
                assertThat(result.get("messages").asLong()).isPositive();
                assertThat(result.get("verified_bytes").asLong())
                        .isEqualTo(1001 * result.get("verified_messages").asLong());
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "length1, 255",
        "length2, 65535",
        "length3, 70000",
        "length4, 1",
        "length4, 1048572",
        "length8, 1000",
        "varint, 127",
        "varint, 128",
        "fixed:915, 915"
    })
    void shouldSendFramesOfEveryKind(String codec, String size) throws Exception {
        try (Cli serve = Cli.start("serve", "tcp://127.0.0.1:0", "--codec", codec)) {
            good(bench(serve.nextListening(), "--codec", codec, "--size", size, "--connections", "2"));
        }
    }

    @Test
    void shouldSendFramesAtARate() throws Exception {
        try (Cli serve = Cli.start("serve", "tcp://127.0.0.1:0", "--codec", "length4")) {
            final JsonNode result = good(bench(serve.nextListening(), "--rate", "1000", "--codec", "length4"));
            assertThat(result.get("messages").asLong()).isBetween(299L, 301L);
        }
    }

    @Test
    void shouldFindOneWrongByteInAFrame() throws Exception {
        final Cli.Ended ended = benchAgainst(new FlipsByte(10_005), "--codec", "length4");
        assertThat(ended.exitCode()).isEqualTo(1);
        // Of each 104 bytes 4 are the length, so it is the byte 21 - 4 of frame 96.
        assertThat(ended.err()).startsWith("hawser bench: wrong bytes: byte 9617 of connection 0 came back as 0x");
    }

    @Test
    void shouldFindAFrameOfAnotherLength() throws Exception {
        final Cli.Ended ended = benchAgainst(
                connection -> {
                    connection.reader().skip(connection.reader().readableBytes());
                    connection.writer().writeInt(3).writeString("abc");
                },
                "--codec",
                "length4");
        assertThat(ended.exitCode()).isEqualTo(1);
        assertThat(ended.err())
                .startsWith(
                        "hawser bench: wrong length: a frame of 3 bytes came to connection 0, and each sent has 100");
    }

    @Test
    void shouldFindWhatIsNoFrame() throws Exception {
        final Cli.Ended ended = benchAgainst(
                connection -> {
                    connection.reader().skip(connection.reader().readableBytes());
                    connection.writer().writeInt(-1);
                },
                "--codec",
                "length4");
        assertThat(ended.exitCode()).isEqualTo(1);
        assertThat(ended.err()).startsWith("hawser bench: wrong frames: ");
        assertThat(ended.errLines()).hasSize(1);
    }

    @Test
    void shouldReportAServerThatHangsUpOnFrames() throws Exception {
        final Cli.Ended closed = benchAgainst(Connection::close, "--codec", "varint");
        assertThat(closed.exitCode()).isEqualTo(1);
        assertThat(closed.err()).startsWith("hawser bench: closed by the server");
        final Cli.Ended reset = benchAgainst(Connection::abort, "--codec", "varint");
        assertThat(reset.exitCode()).isEqualTo(1);
        assertThat(reset.err()).startsWith("hawser bench: reset by the server");
    }

    // ---- a number of messages, and connections one after the other

    @ParameterizedTest
    @MethodSource("transports")
    void shouldSendEachMessageThatWasAskedForAndNoMore(String transport) throws Exception {
        try (Cli serve = Cli.start("serve", "tcp://127.0.0.1:0", "--codec", "length4", "--transport", transport)) {
            final JsonNode result = good(Cli.run(
                    "bench",
                    serve.nextListening(),
                    "--transport=" + transport,
                    "--json",
                    "--codec=length4",
                    "--connections=7",
                    "--requests=501",
                    "--in-flight=3",
                    "--loops=2",
                    "--ramp=0.2",
                    "--size=915"));
            assertThat(result.get("requests").asLong()).isEqualTo(501);
            assertThat(result.get("ramp_s").asDouble()).isEqualTo(0.2);
            assertThat(result.get("messages").asLong()).isEqualTo(7 * 501);
            assertThat(result.get("verified_messages").asLong()).isEqualTo(7 * 501);
            assertThat(result.get("verified_bytes").asLong()).isEqualTo(7 * 501 * 915);
            // The last connection opens when six sevenths of the ramp are over.
            assertThat(result.get("measured_s").asDouble()).isGreaterThan(0.2 * 6 / 7);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"--in-flight=1", "--in-flight=100", "--rate=5000"})
    void shouldEndWithTheLastAnswer(String load) throws Exception {
        try (Cli serve = Cli.start("serve", "tcp://127.0.0.1:0")) {
            final JsonNode result =
                    good(Cli.run("bench", serve.nextListening(), "--json", "--connections=3", "--requests=50", load));
            assertThat(result.get("messages").asLong()).isEqualTo(150);
        }
    }

    @Test
    void shouldSayHowLongItTook() throws Exception {
        try (Cli serve = Cli.start("serve", "tcp://127.0.0.1:0", "--codec", "length4")) {
            final Cli.Ended ended = Cli.run(
                    "bench",
                    serve.nextListening(),
                    "--codec=length4",
                    "--connections=4",
                    "--requests=10",
                    "--ramp=0.1");
            assertThat(ended.exitCode()).isZero();
            assertThat(ended.out())
                    .contains(
                            "1 message of 64 B in flight each in length4 frames, 10 messages each in all,"
                                    + " connections opened over 0.1 s",
                            "from the first connection to the last answer",
                            "40 messages, 2.56 kB")
                    .doesNotContain("warm-up");
        }
    }

    @Test
    void shouldOpenConnectionsDuringTheRampAndMeasureBehindIt() throws Exception {
        try (Cli serve = Cli.start("serve", "tcp://127.0.0.1:0")) {
            final JsonNode result = good(bench(serve.nextListening(), "--ramp", "0.3", "--connections", "5"));
            assertThat(result.get("measured_s").asDouble()).isBetween(0.299, 0.301);
            assertThat(result.get("verified_messages").asLong())
                    .isGreaterThan(result.get("messages").asLong());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"--ramp=600", "--requests=1000000000"})
    void shouldStopWhateverIsStillToCome(String load) throws Exception {
        try (Cli serve = Cli.start("serve", "tcp://127.0.0.1:0");
                Cli bench = Cli.start("bench", serve.nextListening(), load)) {
            assertThat(bench.nextLine()).startsWith("target");
            assertThat(bench.nextLine()).startsWith("load");
            final Cli.Ended ended = bench.stop().ended();
            assertThat(ended.out()).contains("verified").contains("none");
        }
    }

    @Test
    void shouldReportAConnectionThatTheServerClosesBeforeItIsDone() throws Exception {
        final Cli.Ended ended;
        try (Engine engine = Engine.builder().loops(1).start();
                Server server = engine.listen("tcp://127.0.0.1:0", new FirstAnswerIsTheLast())) {
            ended = Cli.run("bench", server.address().toString(), "--connections=2", "--requests=2", "--ramp=0.05");
        }
        assertThat(ended.exitCode()).isEqualTo(1);
        assertThat(ended.out()).contains("2 × closed by the server").contains("2 messages,");
    }

    @Test
    void shouldNotWaitForEverForAnswersThatAreMissing() throws Exception {
        final Cli.Ended ended;
        try (Engine engine = Engine.builder().loops(1).start();
                Server server = engine.listen("tcp://127.0.0.1:0", new AnswersOnce())) {
            ended = Cli.run(
                    "bench",
                    server.address().toString(),
                    "--connections=2",
                    "--requests=9",
                    "--timeout=0.1",
                    "--loops=2");
        }
        assertThat(ended.exitCode()).isEqualTo(1);
        assertThat(ended.err()).startsWith("hawser bench: 2 messages never came back");
    }

    /** Echoes what comes first on a connection, and then reads only. */
    private static final class AnswersOnce implements ConnectionHandler {
        @Override
        public void onData(Connection connection) {
            if (connection.attachment().isEmpty()) {
                connection.attach(this);
                connection.writer().append(connection.reader());
            } else {
                connection.reader().skip(connection.reader().readableBytes());
            }
        }
    }

    /** Echoes what comes first, and closes. */
    private static final class FirstAnswerIsTheLast implements ConnectionHandler {
        @Override
        public void onData(Connection connection) {
            connection.writer().append(connection.reader());
            connection.close();
        }
    }

    @Test
    void shouldSayInOneLineThatNobodyListensWhenARampBegins() throws Exception {
        final Cli.Ended ended = Cli.run("bench", freeAddress(), "--ramp", "100");
        assertThat(ended.exitCode()).isEqualTo(1);
        assertThat(ended.errLines()).singleElement().asString().startsWith("hawser bench: Cannot connect to tcp://");
    }

    // ---- the schedule

    @ParameterizedTest
    @ValueSource(strings = {"1", "2"})
    void shouldSendAsManyMessagesAsAskedFor(String loops) throws Exception {
        try (Cli serve = Cli.start("serve", "tcp://127.0.0.1:0")) {
            final JsonNode result = good(bench(serve.nextListening(), "--rate", "1000", "--loops", loops));
            // Due at 0, 1, … 299 ms; rounding may put one more or less into the time.
            assertThat(result.get("messages").asLong()).isBetween(299L, 301L);
            assertThat(result.get("held_back").asLong()).isZero();
        }
    }

    @Test
    void shouldReportAServerThatFallsBehind() throws Exception {
        try (Engine engine = Engine.builder().loops(1).start();
                Server slow = engine.listen("tcp://127.0.0.1:0", new SlowEcho())) {
            final Cli.Ended ended = Cli.run(
                    "bench",
                    slow.address().toString(),
                    "--rate=1000",
                    "--in-flight=1",
                    "--connections=1",
                    "--duration=0.5",
                    "--warmup=0");
            assertThat(ended.exitCode()).isZero();
            assertThat(ended.out()).contains("fell behind").contains("since 1 of their connection were unanswered");
        }
    }

    /** Answers, but not before some time is over. */
    private static final class SlowEcho implements ConnectionHandler {
        @Override
        public void onData(Connection connection) {
            connection.pause();
            connection.loop().schedule(() -> answer(connection), Duration.ofMillis(20));
        }

        private static void answer(Connection connection) {
            if (connection.isOpen()) {
                connection.writer().append(connection.reader());
                connection.resume();
            }
        }
    }

    // ---- servers that are no good

    @Test
    void shouldFindOneWrongByte() throws Exception {
        final Cli.Ended ended = benchAgainst(new FlipsByte(10_000));
        assertThat(ended.exitCode()).isEqualTo(1);
        assertThat(ended.err()).startsWith("hawser bench: wrong bytes: byte 10000 of connection 0 came back as 0x");
        assertThat(ended.out()).contains("1 × wrong bytes");
    }

    /** Echoes, but for one bit. */
    private static final class FlipsByte implements ConnectionHandler {
        private final long at;
        private long echoed;

        FlipsByte(long at) {
            this.at = at;
        }

        @Override
        public void onData(Connection connection) {
            final byte[] bytes =
                    connection.reader().readBytes((int) connection.reader().readableBytes());
            if (at >= echoed && at < echoed + bytes.length) {
                bytes[(int) (at - echoed)] ^= 0x10;
            }
            echoed += bytes.length;
            connection.writer().writeBytes(bytes);
        }
    }

    @Test
    void shouldFindBytesThatNobodySent() throws Exception {
        final Cli.Ended ended = benchAgainst(connection -> {
            final byte[] bytes =
                    connection.reader().readBytes((int) connection.reader().readableBytes());
            connection.writer().writeBytes(bytes).writeByte(bytes[0]);
        });
        assertThat(ended.exitCode()).isEqualTo(1);
        assertThat(ended.err()).startsWith("hawser bench: ").containsAnyOf("wrong bytes", "bytes that nobody sent");
    }

    @Test
    void shouldReportAServerThatHangsUp() throws Exception {
        final Cli.Ended ended = benchAgainst(Connection::close);
        assertThat(ended.exitCode()).isEqualTo(1);
        assertThat(ended.err()).startsWith("hawser bench: closed by the server");
    }

    @Test
    void shouldReportAServerThatResets() throws Exception {
        final Cli.Ended ended = benchAgainst(Connection::abort);
        assertThat(ended.exitCode()).isEqualTo(1);
        assertThat(ended.err()).startsWith("hawser bench: reset by the server");
    }

    @Test
    void shouldReportAServerThatDoesNotAnswer() throws Exception {
        final Cli.Ended ended = benchAgainst(
                connection -> connection.reader().skip(connection.reader().readableBytes()));
        assertThat(ended.exitCode()).isEqualTo(1);
        assertThat(ended.err().strip()).isEqualTo("hawser bench: nothing came back");
    }

    @ParameterizedTest
    @MethodSource("transports")
    void shouldSayInOneLineThatNobodyListens(String transport) throws Exception {
        final Cli.Ended ended = Cli.run("bench", freeAddress(), "--transport", transport);
        assertThat(ended.exitCode()).isEqualTo(1);
        assertThat(ended.out()).isEmpty();
        assertThat(ended.errLines()).singleElement().asString().startsWith("hawser bench: Cannot connect to tcp://");
    }

    private static Cli.Ended benchAgainst(ConnectionHandler handler, String... options) throws Exception {
        try (Engine engine = Engine.builder().loops(1).start();
                Server server = engine.listen("tcp://127.0.0.1:0", handler)) {
            final List<String> args = new ArrayList<>(List.of(
                    "bench",
                    server.address().toString(),
                    "--connections=1",
                    "--in-flight=4",
                    "--size=100",
                    "--duration=0.3",
                    "--warmup=0"));
            args.addAll(List.of(options));
            return Cli.run(args.toArray(String[]::new));
        }
    }

    private static String freeAddress() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return "tcp://127.0.0.1:" + socket.getLocalPort();
        }
    }

    private static Cli.Ended bench(String address, String... options) throws Exception {
        final List<String> args =
                new ArrayList<>(List.of("bench", address, "--json", "--duration", "0.3", "--warmup", "0"));
        args.addAll(List.of(options));
        return Cli.run(args.toArray(String[]::new));
    }

    private static JsonNode good(Cli.Ended ended) {
        assertThat(ended.err()).isEmpty();
        assertThat(ended.exitCode()).isZero();
        assertThat(ended.outLines()).hasSize(1);
        final JsonNode result = JsonMapper.shared().readTree(ended.out());
        assertThat(result.get("event").asString()).isEqualTo("result");
        assertThat(result.get("ok").asBoolean()).isTrue();
        assertThat(result.get("errors").isEmpty()).isTrue();
        assertThat(result.get("unanswered").asLong()).isZero();
        assertThat(result.get("latency_us").get("p99.9").asDouble())
                .isBetween(
                        result.get("latency_us").get("p50").asDouble(),
                        result.get("latency_us").get("max").asDouble());
        return result;
    }
}
