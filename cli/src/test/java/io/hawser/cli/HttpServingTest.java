// SPDX-License-Identifier: Apache-2.0
package io.hawser.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.hawser.connection.Engine;
import io.hawser.http.ClientRequest;
import io.hawser.http.ClientResponse;
import io.hawser.http.HttpClient;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.json.JsonMapper;

class HttpServingTest {
    private static final int MEBIBYTE = 1 << 20;

    @TempDir
    private Path directory;

    static List<String> transports() {
        return Cli.transports();
    }

    @ParameterizedTest
    @MethodSource("transports")
    void shouldServeADirectoryNextToEcho(String transport) throws Exception {
        Files.writeString(directory.resolve("a.txt"), "text");
        try (Cli serve = Cli.start(
                        "serve",
                        "http://127.0.0.1:0/",
                        "tcp://127.0.0.1:0",
                        "--root",
                        directory.toString(),
                        "--listing",
                        "--access-log",
                        "--transport",
                        transport);
                Engine engine = Engine.builder().transport(transport).loops(1).start();
                HttpClient client = HttpClient.of(engine)) {
            final String uri = serve.nextListening();
            assertThat(URI.create(serve.nextListening()).getScheme()).isEqualTo("tcp");
            assertThat(client.send(ClientRequest.get(uri + "/a.txt")).string(10))
                    .isEqualTo("text");
            assertThat(client.send(ClientRequest.get(uri + "/")).string(MEBIBYTE))
                    .contains("./a.txt");
            assertThat(client.send(ClientRequest.get(uri + "/%2e%2e/x")).status())
                    .isEqualTo(404);
            assertThat(serve.nextLine()).contains("\"GET /a.txt HTTP/1.1\" 200 4 ");
            assertThat(serve.nextLine()).contains("\"GET / HTTP/1.1\" 200 ");
            assertThat(serve.nextLine()).contains("\"GET /%2e%2e/x HTTP/1.1\" 404 ");
        }
    }

    @Test
    void shouldOfferPathsToTryClientsOn() throws Exception {
        try (Cli serve = Cli.start("serve", "http://127.0.0.1:0", "--json", "--access-log");
                Engine engine = Engine.builder().loops(1).start();
                HttpClient client = HttpClient.of(engine)) {
            final String uri =
                    JsonMapper.shared().readTree(serve.nextLine()).get("uri").asString();
            assertThat(client.send(ClientRequest.get(uri + "/")).string(MEBIBYTE))
                    .contains("Hello from Hawser");
            final ClientResponse echoed = client.send(ClientRequest.post(uri + "/echo", "<script>"));
            assertThat(echoed.headers().first("Content-Type")).contains("application/octet-stream");
            assertThat(echoed.string(100)).isEqualTo("<script>");
            assertThat(client.send(ClientRequest.of("POST", uri + "/echo").body(out -> out.write('x')))
                            .string(100))
                    .isEqualTo("x");
            assertThat(client.send(ClientRequest.get(uri + "/request?a").header("X-Y", "z"))
                            .string(1000))
                    .startsWith("GET /request?a HTTP/1.1\n")
                    .contains("X-Y: z\n");
            assertThat(client.send(ClientRequest.get(uri + "/none")).status()).isEqualTo(404);
            assertThat(JsonMapper.shared()
                            .readTree(serve.nextLine())
                            .get("status")
                            .asInt())
                    .isEqualTo(200);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "--in-loop"})
    void shouldSayTwoWordsOnVirtualThreadsAndInTheLoop(String style) throws Exception {
        final List<String> arguments = new ArrayList<>(List.of("serve", "http://127.0.0.1:0"));
        if (!style.isEmpty()) {
            arguments.add(style);
        }
        try (Cli serve = Cli.start(arguments.toArray(String[]::new));
                Engine engine = Engine.builder().loops(1).start();
                HttpClient client = HttpClient.of(engine)) {
            final String uri = serve.nextListening();
            final ClientResponse answer = client.send(ClientRequest.get(uri + "/plaintext"));
            assertThat(answer.headers().first("Content-Type")).contains("text/plain");
            assertThat(answer.string(100)).isEqualTo("Hello, World!");
            assertThat(client.send(ClientRequest.post(uri + "/echo", "back")).string(100))
                    .isEqualTo("back");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "serve --root .",
                "serve tcp://127.0.0.1:0 --access-log",
                "serve http://127.0.0.1:0 --listing",
                "serve http://127.0.0.1:0 --in-loop --root .",
                "serve tcp://127.0.0.1:0 --in-loop",
                "serve ws://127.0.0.1:0/ --deflate-threshold 0",
                "serve http://127.0.0.1",
                "serve http://127.0.0.1:x"
            })
    void shouldRefuseOptionsThatDoNotBelongTogether(String arguments) throws Exception {
        assertThat(Cli.run(arguments.split(" ", -1)).exitCode()).isEqualTo(2);
    }

    @Test
    void shouldSayInOneLineThatTheRootIsNoDirectory() throws Exception {
        final Cli.Ended ended = Cli.run(
                "serve",
                "http://127.0.0.1:0",
                "--root",
                directory.resolve("none").toString());
        assertThat(ended.exitCode()).isEqualTo(1);
        assertThat(ended.err().strip()).startsWith("hawser serve: --root is not a directory");
        assertThat(ended.errLines()).hasSize(1);
    }
}
