// SPDX-License-Identifier: Apache-2.0
package io.hawser.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.hawser.connection.Datagram;
import io.hawser.connection.DatagramEndpoint;
import io.hawser.connection.DatagramHandler;
import io.hawser.connection.DatagramServer;
import io.hawser.connection.Engine;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class DatagramBenchTest {
    static List<String> transports() {
        return Cli.transports();
    }

    @ParameterizedTest
    @MethodSource("transports")
    void shouldVerifyEveryDatagramThatServeSendsBack(String transport) throws Exception {
        try (Cli serve = Cli.start("serve", "udp://127.0.0.1:0", "--transport", transport)) {
            final String address = serve.nextListening();
            final JsonNode result = good(bench(
                    address, "--transport", transport, "--connections=4", "--loops=2", "--in-flight=3", "--size=1001"));
            assertThat(result.get("uri").asString()).isEqualTo(address);
            assertThat(result.get("transport").asString()).isEqualTo(transport);
            assertThat(result.get("messages").asLong()).isPositive();
            assertThat(count(result, "lost")).isZero();
            assertThat(count(result, "duplicated")).isZero();
            assertThat(count(result, "sent"))
                    .isEqualTo(result.get("verified_messages").asLong());
            assertThat(result.get("verified_bytes").asLong())
                    .isEqualTo(1001 * result.get("verified_messages").asLong());
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {8, 9, 1472, 20_000, 65_507})
    void shouldSendDatagramsOfAnySize(int size) throws Exception {
        try (Cli serve = Cli.start("serve", "udp://127.0.0.1:0", "--datagram-size=65507")) {
            good(bench(serve.nextListening(), "--connections=1", "--size", "" + size));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"1", "2"})
    void shouldSendAsManyDatagramsAsAskedFor(String loops) throws Exception {
        try (Cli serve = Cli.start("serve", "udp://127.0.0.1:0")) {
            final JsonNode result = good(bench(serve.nextListening(), "--rate", "1000", "--loops", loops));
            // Due at 0, 1, … 299 ms; rounding may put one more or less into the time.
            assertThat(count(result, "sent")).isBetween(299L, 301L);
            assertThat(result.get("messages").asLong()).isEqualTo(count(result, "sent"));
            assertThat(result.get("held_back").asLong()).isZero();
        }
    }

    @ParameterizedTest
    @CsvSource({"0", "1000"})
    void shouldCountWhatIsLostDoubledAndSwapped(int rate) throws Exception {
        final Unreliable server = new Unreliable();
        final List<String> options = new ArrayList<>(List.of("--connections=1", "--in-flight=8", "--timeout=0.05"));
        if (rate > 0) {
            options.add("--rate=" + rate);
        }
        final JsonNode result;
        try (Engine engine = Engine.builder().loops(1).start();
                DatagramServer bound = engine.bind("udp://127.0.0.1:0", server)) {
            result = good(bench(bound.address().toString(), options.toArray(String[]::new)));
        }
        assertThat(count(result, "sent")).isEqualTo(server.received);
        assertThat(server.dropped).isPositive();
        // A machine that stands still for a while makes the timeout give up more; those answers are late then.
        assertThat(count(result, "lost") - count(result, "late"))
                .isBetween(server.dropped, server.dropped + server.held());
        assertThat(count(result, "duplicated")).isEqualTo(server.doubled).isPositive();
        assertThat(count(result, "reordered")).isEqualTo(server.swapped).isPositive();
        assertThat(result.get("verified_messages").asLong()).isEqualTo(count(result, "sent") - count(result, "lost"));
    }

    /** Loses each tenth, answers each seventh twice, and each fifth only after the next one that it answers. */
    private static final class Unreliable implements DatagramHandler {
        private long received;
        private long dropped;
        private long doubled;
        private long swapped;
        private byte[] heldBack = {};

        @Override
        public void onDatagram(DatagramEndpoint endpoint, Datagram datagram) {
            final byte[] bytes = datagram.reader().readBytes(datagram.length());
            final long number = received++;
            if (number % 10 == 9) {
                dropped++;
            } else if (number % 5 == 2 && heldBack.length == 0) {
                heldBack = bytes;
            } else {
                datagram.reply(bytes);
                if (heldBack.length > 0) {
                    datagram.reply(heldBack);
                    heldBack = new byte[0];
                    swapped++;
                } else if (number % 7 == 3) {
                    datagram.reply(bytes);
                    doubled++;
                }
            }
        }

        /** Answers that it still owes. */
        long held() {
            return heldBack.length == 0 ? 0 : 1;
        }
    }

    @Test
    void shouldPrintLossForPeople() throws Exception {
        try (Engine engine = Engine.builder().loops(1).start();
                DatagramServer bound = engine.bind("udp://127.0.0.1:0", new Unreliable())) {
            final Cli.Ended ended = Cli.run(
                    "bench",
                    bound.address().toString(),
                    "--connections=1",
                    "--in-flight=8",
                    "--duration=0.3",
                    "--warmup=0",
                    "--timeout=0.05");
            assertThat(ended.exitCode()).isZero();
            assertThat(ended.out())
                    .contains("1 socket over ", "8 datagrams of 64 B in flight", " datagrams/s", "lost ", " %)")
                    .contains(" duplicated, ", " reordered")
                    .doesNotContain("unanswered");
        }
    }

    // ---- servers that are no good

    @Test
    void shouldFindOneWrongByte() throws Exception {
        final Cli.Ended ended = benchAgainst((_, datagram) -> {
            final byte[] bytes = datagram.reader().readBytes(datagram.length());
            bytes[70] ^= 0x10;
            datagram.reply(bytes);
        });
        assertThat(ended.exitCode()).isEqualTo(1);
        assertThat(ended.err()).startsWith("hawser bench: wrong bytes: byte 70 of datagram 0 of client 0 is wrong");
    }

    @Test
    void shouldFindAnAnswerToSomebodyElse() throws Exception {
        final Cli.Ended ended = benchAgainst((_, datagram) -> {
            final byte[] bytes = datagram.reader().readBytes(datagram.length());
            bytes[0] ^= 0x10;
            datagram.reply(bytes);
        });
        assertThat(ended.exitCode()).isEqualTo(1);
        assertThat(ended.err()).startsWith("hawser bench: wrong bytes");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 7, 99, 101, 1000})
    void shouldFindAnswersOfAnotherLength(int length) throws Exception {
        final Cli.Ended ended = benchAgainst((_, datagram) -> datagram.reply(new byte[length]));
        assertThat(ended.exitCode()).isEqualTo(1);
        assertThat(ended.err()).startsWith("hawser bench: wrong length: an answer of ");
    }

    @Test
    void shouldReportAServerThatDoesNotAnswer() throws Exception {
        final Cli.Ended ended = benchAgainst((_, _) -> {});
        assertThat(ended.exitCode()).isEqualTo(1);
        assertThat(ended.err().strip()).isEqualTo("hawser bench: nothing came back");
        assertThat(ended.out()).contains("lost ").contains("(100.000 %)");
    }

    @ParameterizedTest
    @MethodSource("transports")
    void shouldSayThatNobodyReceives(String transport) throws Exception {
        final int port;
        try (DatagramSocket socket = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
            port = socket.getLocalPort();
        }
        final Cli.Ended ended = Cli.run(
                "bench", "udp://127.0.0.1:" + port, "--transport", transport, "--duration=1000", "--timeout=0.1");
        assertThat(ended.exitCode()).isEqualTo(1);
        assertThat(ended.err().strip())
                .isEqualTo("hawser bench: port unreachable: nobody receives at udp://127.0.0.1:" + port);
    }

    @ParameterizedTest
    @CsvSource({
        "udp://127.0.0.1:1 --size=7, --size must be from 8 to 65507",
        "udp://127.0.0.1:1 --size=65508, --size must be from 8 to 65507",
        "udp://127.0.0.1:1 --timeout=0, --timeout must be from",
        "tcp://127.0.0.1:1 --timeout=1, --timeout goes with udp://"
    })
    void shouldRefuseWhatMakesNoSense(String arguments, String reason) throws Exception {
        final Cli.Ended ended = Cli.run(("bench " + arguments).split(" "));
        assertThat(ended.exitCode()).isEqualTo(2);
        assertThat(ended.err()).contains(reason);
    }

    private static Cli.Ended benchAgainst(DatagramHandler handler) throws Exception {
        try (Engine engine = Engine.builder().loops(1).start();
                DatagramServer server = engine.bind("udp://127.0.0.1:0", handler)) {
            return Cli.run(
                    "bench",
                    server.address().toString(),
                    "--connections=1",
                    "--in-flight=4",
                    "--size=100",
                    "--duration=0.3",
                    "--warmup=0",
                    "--timeout=0.1");
        }
    }

    private static long count(JsonNode result, String name) {
        return result.get("datagrams").get(name).asLong();
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
        final JsonNode result = JsonMapper.shared().readTree(ended.out());
        assertThat(result.get("ok").asBoolean()).isTrue();
        assertThat(result.get("errors").isEmpty()).isTrue();
        assertThat(result.get("unanswered").asLong()).isZero();
        return result;
    }
}
