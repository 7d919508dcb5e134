// SPDX-License-Identifier: Apache-2.0
package io.hawser.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.hawser.connection.Address;
import io.hawser.transport.Transports;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class DemoCommandTest {
    @Test
    void shouldSendVerifiedTrafficThroughEveryTransportAndCleanUp() throws Exception {
        final Cli.Ended ended = Cli.run("demo", "--duration", "2.2", "--connections", "3", "--json");
        assertThat(ended.err()).isEmpty();
        assertThat(ended.exitCode()).isZero();
        final List<JsonNode> events =
                ended.outLines().stream().map(JsonMapper.shared()::readTree).toList();

        final List<JsonNode> servers = of("listening", events);
        assertThat(servers).extracting(e -> e.get("transport").asString()).containsAll(Cli.transports());
        final long overTcp = servers.stream()
                .filter(e -> e.get("uri").asString().startsWith("tcp:"))
                .filter(e -> e.get("style").asString().equals("loop"))
                .count();
        assertThat(overTcp + of("unavailable", events).size())
                .as("a TCP server or a reason for each transport")
                .isEqualTo(Transports.all().size());
        assertThat(servers)
                .filteredOn(e -> e.get("uri").asString().startsWith("udp:"))
                .extracting(e -> e.get("style").asString())
                .containsOnly("datagram")
                .hasSize((int) overTcp);
        assertThat(servers)
                .filteredOn(e -> e.get("style").asString().equals("blocking"))
                .hasSize(1);
        assertThat(servers)
                .filteredOn(e -> e.get("style").asString().equals("framed"))
                .hasSize(1);
        for (String scheme : List.of("tls://", "https://", "wss://")) {
            assertThat(servers)
                    .filteredOn(e -> e.get("uri").asString().startsWith(scheme))
                    .hasSize(1);
        }
        assertThat(of("sample", events)).isNotEmpty();
        assertThat(of("result", events))
                .hasSameSizeAs(servers)
                .allSatisfy(
                        result -> assertThat(result.get("messages").asLong()).isPositive());
        assertThat(of("done", events))
                .singleElement()
                .satisfies(done -> assertThat(done.get("ok").asBoolean()).isTrue());

        final String unix = servers.stream()
                .map(e -> e.get("uri").asString())
                .filter(uri -> uri.startsWith("unix:"))
                .findFirst()
                .orElseThrow();
        assertThat(Path.of(Address.parse(unix).path()).getParent()).doesNotExist();
    }

    @Test
    void shouldServeTheConsoleAndMetersOfItsEngines() throws Exception {
        try (Cli demo = Cli.start("demo", "--duration", "1000", "--connections", "2", "--json");
                HttpClient client = HttpClient.newHttpClient()) {
            JsonNode event = JsonMapper.shared().readTree(demo.nextLine());
            while (!event.get("event").asString().equals("pages")) {
                event = JsonMapper.shared().readTree(demo.nextLine());
            }
            final String metrics = get(client, event.get("metrics").asString());
            final String console = event.get("console").asString();
            assertThat(get(client, console)).contains("<title>Hawser console</title>");
            final JsonNode engines = JsonMapper.shared()
                    .readTree(get(client, console + "api/snapshot"))
                    .get("engines");
            assertThat(engines).hasSize(Cli.transports().size());
            for (String over : List.of("http/1.1", "TLSv1.3")) {
                assertThat(JsonMapper.shared()
                                .readTree(get(client, console + "api/snapshot?filter=" + over))
                                .get("page")
                                .get("matching")
                                .asLong())
                        .isPositive();
            }
            for (String transport : Cli.transports()) {
                assertThat(metrics)
                        .contains("hawser_connections{engine=\"" + transport + "\",loop=\"" + transport + "-loop-0\"}")
                        .contains("hawser_bytes_total{");
            }
            assertThat(demo.stop().ended().exitCode()).isZero();
        }
    }

    private static String get(HttpClient client, String uri) throws Exception {
        final var response =
                client.send(HttpRequest.newBuilder(URI.create(uri)).build(), HttpResponse.BodyHandlers.ofString());
        assertThat(response.statusCode()).isEqualTo(200);
        return response.body();
    }

    private static List<JsonNode> of(String kind, List<JsonNode> events) {
        return events.stream()
                .filter(e -> e.get("event").asString().equals(kind))
                .toList();
    }

    @Test
    void shouldEndEarlyWhenItIsStoppedAndStillTellWhatItDid() throws Exception {
        try (Cli demo = Cli.start("demo", "--duration", "1000")) {
            assertThat(demo.nextLine()).startsWith("Servers, ");
            String line = demo.nextLine();
            while (!line.contains(" messages/s, ")) {
                line = demo.nextLine();
            }
            final Cli.Ended ended = demo.stop().ended();
            assertThat(ended.exitCode()).isZero();
            assertThat(ended.out()).contains("every byte of every answer came back right", "nc -N 127.0.0.1 7000");
            assertThat(ended.out()).doesNotContain("\u001b");
        }
    }

    @Test
    void shouldDrawTheTableOverItselfOnATerminal() {
        final StringWriter out = new StringWriter();
        final DemoText view = new DemoText(new PrintWriter(out), new Terminal(true, false));
        final DemoSample sample = new DemoSample(
                1_500_000_000,
                List.of(new DemoSample.Traffic(
                        new DemoServer("epoll", 1, Address.parse("tcp://127.0.0.1:1"), DemoServer.Style.BLOCKING),
                        2,
                        1234.4,
                        1.5e6,
                        61_000,
                        2_100_000,
                        3_000_000,
                        0)),
                List.of(new DemoSample.Loop("epoll-loop-0", 2, 1.5e6, 1.5e6, 99)));
        view.sample(sample);
        final String first = out.toString();
        assertThat(first)
                .contains(
                        "epoll tcp, blocking", "1,234", "1.50 MB/s", "61.0 µs", "2.10 ms", "epoll-loop-0", "2 s left");
        view.sample(sample);
        assertThat(out.toString().substring(first.length()))
                .contains(Terminal.up((int) first.chars().filter(c -> c == '\n').count()))
                .doesNotContain("\u001b[1m");
    }
}
