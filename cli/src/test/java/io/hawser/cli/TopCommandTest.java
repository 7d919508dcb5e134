// SPDX-License-Identifier: Apache-2.0
package io.hawser.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hawser.connection.Address;
import io.hawser.connection.Engine;
import io.hawser.connection.Server;
import io.hawser.console.Console;
import io.hawser.console.ConsoleServer;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.channels.SocketChannel;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class TopCommandTest {
    private static final String TOKEN = "top-secret-1";

    @Test
    void shouldShowWhatAConsoleTells() throws Exception {
        try (Engine engine = Engine.builder().name("seen").loops(1).start();
                Server server = engine.listen("tcp://127.0.0.1:0", new EchoHandler());
                ConsoleServer console = Console.of(engine).withToken(TOKEN).start("http://127.0.0.1:0");
                SocketChannel peer =
                        SocketChannel.open(server.address().resolve().getFirst())) {
            final String address = peer.getLocalAddress().toString().substring(1);
            final Cli.Ended ended = Cli.run("top", console.uri(), "--once", "--token", TOKEN, "--sort", "age");
            assertThat(ended.err()).isEmpty();
            assertThat(ended.exitCode()).isZero();
            assertThat(ended.out())
                    .contains(
                            "seen over " + engine.transport(),
                            "seen-loop-0",
                            address,
                            "EchoHandler",
                            "limits hit: none")
                    .contains("listening " + server.address())
                    .doesNotContain("\u001b");

            final Cli.Ended json = Cli.run("top", console.uri(), "--once", "--token", TOKEN, "--json");
            final JsonNode message = JsonMapper.shared().readTree(json.out());
            assertThat(message.get("engines").get(0).get("name").asString()).isEqualTo("seen");
            assertThat(message.get("page").get("connections").get(0).get("peer").asString())
                    .isEqualTo(address);

            final Cli.Ended refused = Cli.run("top", console.uri(), "--once", "--token", "another-1");
            assertThat(refused.exitCode()).isEqualTo(1);
            assertThat(refused.errLines()).singleElement().asString().contains("token");
        }
    }

    @Test
    void shouldShowItAgainAndAgainUntilItIsStopped() throws Exception {
        try (Cli serve = Cli.start("serve", "tcp://127.0.0.1:0", "--loops", "1", "--console", "http://127.0.0.1:0")) {
            serve.nextListening();
            final String console = serve.errLine("console ");
            try (Cli top = Cli.start("top", console, "--interval", "0.1")) {
                int looks = 0;
                while (looks < 3) {
                    looks += top.nextLine().startsWith("hawser over ") ? 1 : 0;
                }
                assertThat(top.stop().ended().exitCode()).isZero();
            }
            assertThat(serve.stop().ended().exitCode()).isZero();
        }
    }

    @Test
    void shouldRefuseAConsoleForOtherMachinesWithoutAToken() throws Exception {
        final Cli.Ended ended = Cli.run("serve", "tcp://127.0.0.1:0", "--console", "http://0.0.0.0:0");
        assertThat(ended.exitCode()).isEqualTo(2);
        assertThat(ended.err()).contains("token");
    }

    @ParameterizedTest
    @ValueSource(strings = {"ftp://127.0.0.1/", "127.0.0.1:7000", "http://a b/"})
    void shouldRefuseWhatIsNoUri(String uri) throws Exception {
        assertThat(Cli.run("top", uri, "--once").exitCode()).isEqualTo(2);
    }

    @Test
    void shouldSayWhenNobodyIsThere() throws Exception {
        final Address free;
        try (Engine engine = Engine.builder().loops(1).start();
                Server server = engine.listen("tcp://127.0.0.1:0", new EchoHandler())) {
            free = server.address();
        }
        final Cli.Ended ended = Cli.run("top", "http://127.0.0.1:" + free.port(), "--once");
        assertThat(ended.exitCode()).isEqualTo(1);
        assertThat(ended.errLines()).hasSize(1);
    }

    @Test
    void shouldDrawOverTheWholeTerminalAndShowRatesOfTheInterval() {
        final StringWriter out = new StringWriter();
        final TopScreen screen = new TopScreen(new PrintWriter(out), new Terminal(true, false));
        screen.show(message(1_000, 10_000, ""));
        final int first = out.toString().length();
        screen.show(message(3_000, 4_010_000, ""));
        assertThat(out.toString().substring(first))
                .startsWith(Terminal.wrap(false) + Terminal.home())
                .contains("2.00 MB/s", Terminal.eraseBelow());
    }

    @Test
    void shouldSendNothingToTheTerminalThatAPeerHasThoughtOf() {
        final StringWriter out = new StringWriter();
        new TopScreen(new PrintWriter(out), Terminal.NONE)
                .show(message(1, 1, "\\u001b]0;owned\\u0007\\u202e\\u009b2J"));
        assertThat(out.toString()).contains("]0;owned").doesNotContain("\u001b", "\u0007", "\u202e", "\u009b");
    }

    @Test
    void shouldShowWhichConnectionsHaveTls() {
        final StringWriter out = new StringWriter();
        new TopScreen(new PrintWriter(out), Terminal.NONE)
                .show(JsonValue.parse("{\"engines\":[],\"page\":{\"connections\":["
                        + "{\"id\":1,\"state\":\"OPEN\",\"tls\":\"TLSv1.3 TLS_AES_128_GCM_SHA256 http/1.1\"},"
                        + "{\"id\":2,\"state\":\"OPEN\",\"tls\":\"\"}]}}"));
        assertThat(out.toString().lines().map(String::strip))
                .anyMatch(line -> line.matches("1 .*open +1\\.3 .*"))
                .anyMatch(line -> line.matches("2 .*open +- .*"));
    }

    private static JsonValue message(long upMs, long bytesIn, String text) {
        return JsonValue.parse(
                "{\"engines\":[{\"name\":\"e\",\"upMs\":" + upMs + ",\"loops\":[{\"name\":\"l\",\"bytesIn\":"
                        + bytesIn + "}],\"recentCloses\":[{\"message\":\"" + text + "\",\"peer\":\"" + text
                        + "\"}]}],\"page\":{\"connections\":[{\"id\":1,\"handler\":\"" + text + "\"}]}}");
    }

    @Test
    void shouldReadJson() {
        final JsonValue value =
                JsonValue.parse(" {\"a\" : [1, -2.5e3, \"x\\n\\u00e9\\\\\", true, null], \"b\":{\"c\":\"\"} } ");
        assertThat(value.get("a").elements())
                .extracting(JsonValue::number)
                .containsExactly(1.0, -2500.0, 0.0, 1.0, 0.0);
        assertThat(value.get("a").elements().get(2).text()).isEqualTo("x\né\\");
        assertThat(value.get("b").get("c").text()).isEmpty();
        assertThat(value.get("missing").get("too").elements()).isEmpty();
        for (String wrong :
                List.of("", "{", "[1,", "[1 2]", "{\"a\"}", "nul", "\"\\u12\"", "1 2", "[".repeat(100), "-", "{a:1}")) {
            assertThatThrownBy(() -> JsonValue.parse(wrong)).as(wrong).isInstanceOf(IllegalArgumentException.class);
        }
    }
}
