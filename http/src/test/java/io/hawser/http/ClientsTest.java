// SPDX-License-Identifier: Apache-2.0
package io.hawser.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.hawser.connection.EngineFixture;
import io.hawser.connection.Payload;
import io.hawser.tls.Tls;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** The clients and proxies that people use; each is skipped where it is not installed. */
@ParameterizedClass
@MethodSource("io.hawser.http.Style#all")
final class ClientsTest {
    private final Style style;

    @TempDir
    Path directory;

    @RegisterExtension
    final EngineFixture engines;

    ClientsTest(Style style) {
        this.style = style;
        this.engines = new EngineFixture(style.transport());
    }

    private HttpServer serve() throws IOException {
        final HttpServer.Builder builder = HttpServer.builder("http://127.0.0.1:0")
                .engine(engines.engine())
                .handler((request, response) -> {
                    if (request.method().equals("POST")) {
                        response.outputStream().write(request.bytes(1 << 20));
                    } else {
                        response.header("X-Via", request.headers().first("via").orElse("-"))
                                .send("Hello, World!");
                    }
                });
        return engines.closing((style.inLoop() ? builder.inLoop() : builder).start());
    }

    private static String run(String... command) throws Exception {
        final Path program = Stream.of("/usr/bin/", "/usr/sbin/")
                .map(prefix -> Path.of(prefix + command[0]))
                .filter(Files::isExecutable)
                .findFirst()
                .orElse(null);
        assumeTrue(program != null, command[0] + " is not installed");
        final List<String> line = new ArrayList<>(List.of(command));
        line.set(0, String.valueOf(program));
        final Process process =
                new ProcessBuilder(line).redirectErrorStream(true).start();
        final String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).as(output).isZero();
        return output;
    }

    @Test
    void shouldServeCurl() throws Exception {
        final HttpServer server = serve();
        final Payload payload = Payload.random(1, 500_000);
        final Path file = Files.write(directory.resolve("upload"), payload.bytes());

        assertThat(run("curl", "-sS", server.uri(), server.uri() + "/b")).isEqualTo("Hello, World!Hello, World!");
        assertThat(run("curl", "-sS", "-I", server.uri())).contains("HTTP/1.1 200 OK", "Content-Length: 13");
        assertThat(run("curl", "-sS", "-0", server.uri())).isEqualTo("Hello, World!");
        for (String way : List.of("Expect: 100-continue", "Transfer-Encoding: chunked")) {
            final Path back = directory.resolve("back");
            run("curl", "-sS", "-H", way, "--data-binary", "@" + file, "-o", back.toString(), server.uri());
            assertThat(Files.readAllBytes(back)).isEqualTo(payload.bytes());
        }
    }

    @Test
    void shouldReadAFormOfCurl() throws Exception {
        final Payload payload = Payload.random(1, 300_000);
        final Path file = Files.write(directory.resolve("upload \"1\".bin"), payload.bytes());
        final HttpServer.Builder builder = HttpServer.builder("http://127.0.0.1:0")
                .engine(engines.engine())
                .handler((request, response) -> {
                    final StringBuilder answer = new StringBuilder();
                    final MultipartForm form = MultipartForm.of(request);
                    for (var part = form.next(); part.isPresent(); part = form.next()) {
                        final byte[] content = part.get().bytes(1 << 20);
                        answer.append(part.get().name())
                                .append('=')
                                .append(
                                        Arrays.equals(content, payload.bytes())
                                                ? "payload"
                                                : new String(content, UTF_8))
                                .append(part.get()
                                        .fileName()
                                        .map(name -> "(" + name + ")")
                                        .orElse(""))
                                .append('\n');
                    }
                    response.send(answer.toString());
                });
        final HttpServer server = engines.closing((style.inLoop() ? builder.inLoop() : builder).start());

        final String quoted = file.toString().replace("\"", "\\\"");
        assertThat(run("curl", "-sS", "-F", "a=1", "-F", "f=@\"" + quoted + "\"", "-F", "b=", server.uri()))
                .isEqualToNormalizingNewlines("""
                        a=1
                        f=payload(upload %221%22.bin)
                        b=
                        """);
    }

    @Test
    void shouldServeCurlOverTls() throws Exception {
        final HttpServer.Builder builder = HttpServer.builder("https://127.0.0.1:0")
                .engine(engines.engine())
                .tls(Tls.server().identity(Tls.selfSigned("127.0.0.1")).build())
                .handler((request, response) -> response.send(request.scheme() + " " + request.isSecure()));
        final HttpServer server = engines.closing((style.inLoop() ? builder.inLoop() : builder).start());

        assertThat(server.uri()).startsWith("https://127.0.0.1:");
        assertThat(run("curl", "-sS", "-k", "-w", " %{http_version}", server.uri()))
                .isEqualTo("https true 1.1");
    }

    @Test
    void shouldServeBenchmarks() throws Exception {
        final HttpServer server = serve();

        assertThat(run("ab", "-q", "-k", "-n", "500", "-c", "10", server.uri() + "/"))
                .contains("Failed requests:        0");
        assertThat(run("ab", "-q", "-n", "50", "-c", "5", server.uri() + "/")).contains("Failed requests:        0");
    }

    @Test
    void shouldServeTheClientOfTheJdk() throws Exception {
        final HttpServer server = serve();
        try (HttpClient client = HttpClient.newHttpClient()) {
            // The client asks for h2c first, by an upgrade that is not taken.
            final var got = client.send(
                    HttpRequest.newBuilder(URI.create(server.uri())).build(), HttpResponse.BodyHandlers.ofString());
            assertThat(got.body()).isEqualTo("Hello, World!");
            final String text = "x".repeat(300_000);
            final List<CompletableFuture<HttpResponse<String>>> posted = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                final var body = i % 2 == 0
                        ? HttpRequest.BodyPublishers.ofString(text)
                        : HttpRequest.BodyPublishers.ofInputStream(
                                () -> new java.io.ByteArrayInputStream(text.getBytes(StandardCharsets.US_ASCII)));
                posted.add(client.sendAsync(
                        HttpRequest.newBuilder(URI.create(server.uri()))
                                .version(HttpClient.Version.HTTP_1_1)
                                .POST(body)
                                .build(),
                        HttpResponse.BodyHandlers.ofString()));
            }
            for (CompletableFuture<HttpResponse<String>> answer : posted) {
                assertThat(EngineFixture.await(answer).body()).isEqualTo(text);
            }
        }
    }

    @Test
    void shouldStandBehindNginx() throws Exception {
        assumeTrue(Files.isExecutable(Path.of("/usr/sbin/nginx")), "nginx is not installed");
        final HttpServer server = serve();
        final int port;
        try (ServerSocket free = new ServerSocket(0)) {
            port = free.getLocalPort();
        }
        final Path configuration = Files.writeString(directory.resolve("nginx.conf"), """
                daemon off; worker_processes 1; pid %1$s/pid; error_log %1$s/error.log;
                events { worker_connections 64; }
                http {
                    access_log off; client_body_buffer_size 1m; proxy_buffering off; client_body_temp_path %1$s/body; proxy_temp_path %1$s/proxy;
                    fastcgi_temp_path %1$s/f; uwsgi_temp_path %1$s/u; scgi_temp_path %1$s/s;
                    upstream hawser { server 127.0.0.1:%2$d; keepalive 4; }
                    server {
                        listen 127.0.0.1:%3$d;
                        location / {
                            proxy_pass http://hawser; proxy_http_version 1.1;
                            proxy_set_header Connection ""; proxy_set_header Via nginx;
                        }
                    }
                }
                """.formatted(
                        directory, server.address().port(), port));
        final Process nginx = new ProcessBuilder(
                        "/usr/sbin/nginx", "-c", configuration.toString(), "-p", directory.toString())
                .redirectErrorStream(true)
                .start();
        try (HttpClient client =
                HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build()) {
            final URI uri = URI.create("http://127.0.0.1:" + port + "/");
            EngineFixture.until("nginx listens", () -> isListening(port));
            for (int i = 0; i < 20; i++) {
                final var got = client.send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString());
                assertThat(got.body()).isEqualTo("Hello, World!");
                assertThat(got.headers().firstValue("X-Via")).contains("nginx");
                final var posted = client.send(
                        HttpRequest.newBuilder(uri)
                                .POST(HttpRequest.BodyPublishers.ofString("y".repeat(50_000)))
                                .build(),
                        HttpResponse.BodyHandlers.ofString());
                assertThat(posted.body()).hasSize(50_000);
            }
            assertThat(server.connectionCount())
                    .as("nginx keeps its connections")
                    .isLessThan(5);
        } finally {
            nginx.destroy();
            assertThat(nginx.waitFor(20, TimeUnit.SECONDS)).isTrue();
            removeAll();
        }
    }

    private static boolean isListening(int port) {
        try (var socket = new java.net.Socket("127.0.0.1", port)) {
            return socket.isConnected();
        } catch (IOException e) {
            return false;
        }
    }

    private void removeAll() throws IOException {
        try (Stream<Path> all = Files.walk(directory)) {
            for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
                if (!path.equals(directory)) {
                    Files.delete(path);
                }
            }
        }
    }
}
