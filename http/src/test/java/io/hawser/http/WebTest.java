// SPDX-License-Identifier: Apache-2.0
package io.hawser.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hawser.buffer.Slice;
import io.hawser.buffer.Writer;
import io.hawser.connection.Engine;
import io.hawser.connection.EngineFixture;
import io.hawser.connection.TestTransport;
import io.hawser.tls.Tls;
import io.hawser.tls.TlsIdentity;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Server, mux, files, what wraps handlers, and client together, over sockets. */
@ParameterizedClass
@EnumSource(TestTransport.class)
final class WebTest {
    private static final int MEBIBYTE = 1 << 20;
    private static final String TEXT = "All work and no play makes Jack a dull boy. ".repeat(1000);

    @RegisterExtension
    final EngineFixture engines;

    @TempDir
    private Path root;

    private Engine engine;
    private HttpClient client;

    WebTest(TestTransport transport) {
        engines = new EngineFixture(transport);
    }

    @BeforeEach
    void setUp() throws IOException {
        engine = engines.engine();
        client = engines.closing(HttpClient.of(engine));
    }

    private String serve(HttpHandler handler) throws IOException {
        final HttpServer server = engines.closing(HttpServer.builder("http://127.0.0.1:0")
                .engine(engine)
                .handler(handler)
                .start());
        // First of the two, so that the server need not wait for connections that are kept.
        engines.closing(client);
        return server.uri();
    }

    private ClientResponse get(String uri) throws IOException {
        return client.send(ClientRequest.get(uri));
    }

    private static byte[] gzip(byte[] plain) throws IOException {
        final ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (GZIPOutputStream out = new GZIPOutputStream(packed)) {
            out.write(plain);
        }
        return packed.toByteArray();
    }

    private static byte[] gunzip(byte[] packed) throws IOException {
        return new GZIPInputStream(new ByteArrayInputStream(packed)).readAllBytes();
    }

    @Test
    void shouldRouteOverTheWire() throws Exception {
        final String uri = serve(ServeMux.builder()
                .handle(
                        "GET /items/{id}",
                        (request, response) ->
                                response.send("item " + request.pathValue("id").orElseThrow()))
                .handle(
                        "POST /items/{$}",
                        (request, response) -> response.status(201).send(request.string(100)))
                .handle("/tree/", (request, response) -> response.send("tree"))
                .build());
        assertThat(get(uri + "/items/a%2Fb?x").string(100)).isEqualTo("item a/b");
        assertThat(client.send(ClientRequest.post(uri + "/items/", "new")).string(100))
                .isEqualTo("new");
        assertThat(client.send(ClientRequest.of("HEAD", uri + "/items/1")).bytes(10))
                .isEmpty();
        final ClientResponse refused = client.send(ClientRequest.of("PUT", uri + "/items/1"));
        assertThat(refused.status()).isEqualTo(405);
        assertThat(refused.headers().first("Allow")).contains("GET, HEAD");
        refused.close();
        final HttpClient following =
                engines.closing(HttpClient.builder(engine).redirects(1).build());
        assertThat(following.send(ClientRequest.get(uri + "/tree?q")).uri()).hasToString(uri + "/tree/?q");
    }

    @Test
    void shouldServeFilesWholeInPartsAndCompressed() throws Exception {
        final byte[] large = new byte[3 * MEBIBYTE + 17];
        new Random(7).nextBytes(large);
        Files.write(root.resolve("large.bin"), large);
        Files.writeString(root.resolve("page.html"), TEXT);
        Files.write(root.resolve("page.html.gz"), gzip(TEXT.getBytes(StandardCharsets.US_ASCII)));
        final String uri = serve(FileHandler.of(root));
        for (int i = 0; i < 2; i++) {
            final ClientResponse whole = get(uri + "/large.bin");
            assertThat(whole.headers().first("Content-Length")).contains(Integer.toString(large.length));
            assertThat(whole.bytes(large.length)).isEqualTo(large);
        }
        final ClientResponse part =
                client.send(ClientRequest.get(uri + "/large.bin").header("Range", "bytes=1000000-2999999"));
        assertThat(part.status()).isEqualTo(206);
        assertThat(part.bytes(MEBIBYTE * 2)).isEqualTo(java.util.Arrays.copyOfRange(large, 1_000_000, 3_000_000));
        final ClientResponse parts =
                client.send(ClientRequest.get(uri + "/large.bin").header("Range", "bytes=0-999999,2000000-"));
        assertThat(parts.headers().first("Content-Type").orElseThrow()).startsWith("multipart/byteranges");
        assertThat(parts.bytes(4 * MEBIBYTE)).hasSizeGreaterThan(2 * MEBIBYTE);
        final ClientResponse packed =
                client.send(ClientRequest.get(uri + "/page.html").header("Accept-Encoding", "gzip"));
        assertThat(packed.headers().first("Content-Encoding")).contains("gzip");
        assertThat(new String(gunzip(packed.bytes(MEBIBYTE)), StandardCharsets.US_ASCII))
                .isEqualTo(TEXT);
        final ClientResponse head = client.send(ClientRequest.of("HEAD", uri + "/large.bin"));
        assertThat(head.headers().first("Content-Length")).contains(Integer.toString(large.length));
        assertThat(head.bytes(10)).isEmpty();
        final String tag = head.headers().first("ETag").orElseThrow();
        assertThat(client.send(ClientRequest.get(uri + "/large.bin").header("If-None-Match", tag))
                        .status())
                .isEqualTo(304);
        assertThat(client.connections()).isEqualTo(1);
    }

    @Test
    void shouldCompressWhateverWayAnAnswerIsWritten() throws Exception {
        final byte[] text = TEXT.getBytes(StandardCharsets.US_ASCII);
        Files.writeString(root.resolve("page.html"), TEXT);
        final HttpHandler files = FileHandler.builder(root).prefix("/files").build();
        final String uri = serve(Compression.of(ServeMux.builder()
                .handle("/string", (_, response) -> response.send(TEXT))
                .handle(
                        "/bytes",
                        (_, response) ->
                                response.header("Content-Type", "text/plain").send(text))
                .handle("/files/", files)
                .handle("/stream", (_, response) -> {
                    response.header("Content-Type", "text/plain");
                    try (OutputStream out = response.outputStream()) {
                        for (byte b : text) {
                            out.write(b);
                        }
                    }
                })
                .handle("/writer", (_, response) -> {
                    final Writer writer =
                            response.header("Content-Type", "text/plain").writer();
                    for (int i = 0; i < text.length; i += 100) {
                        writer.writeBytes(text, i, Math.min(100, text.length - i));
                    }
                    response.end();
                })
                .handle("/left-open", (_, response) -> {
                    response.header("Content-Type", "text/plain").writer().writeString(TEXT);
                })
                .handle("POST /reader", (request, response) -> {
                    try (Slice slice = request.readSlice(MEBIBYTE)) {
                        response.header("Content-Type", "text/plain").send(slice);
                    }
                })
                .build()));
        for (String path : List.of("/string", "/bytes", "/files/page.html", "/stream", "/writer", "/left-open")) {
            for (int i = 0; i < 2; i++) {
                final ClientResponse packed =
                        client.send(ClientRequest.get(uri + path).header("Accept-Encoding", "gzip"));
                assertThat(packed.headers().first("Content-Encoding")).as(path).contains("gzip");
                assertThat(gunzip(packed.bytes(MEBIBYTE))).as(path).isEqualTo(text);
            }
            assertThat(get(uri + path).bytes(MEBIBYTE)).as(path).isEqualTo(text);
        }
        final ClientResponse echoed = client.send(
                ClientRequest.post(uri + "/reader", TEXT.substring(0, 4000)).header("Accept-Encoding", "gzip"));
        assertThat(gunzip(echoed.bytes(MEBIBYTE)))
                .hasSizeLessThanOrEqualTo(4000)
                .asString()
                .startsWith("All work");
        assertThat(client.connections()).isEqualTo(1);
    }

    @Test
    void shouldLetEventsThroughCompressionWhenTheyHappen() throws Exception {
        final java.util.concurrent.Semaphore seen = new java.util.concurrent.Semaphore(0);
        final String uri = serve(Compression.of((_, response) -> {
            final Writer writer =
                    response.header("Content-Type", "text/event-stream").writer();
            for (int i = 0; i < 3; i++) {
                writer.writeString("data: " + i + "\n\n");
                writer.flush();
                seen.acquire();
            }
        }));
        final HttpClient inflating =
                engines.closing(HttpClient.builder(engine).decompress(true).build());
        try (ClientResponse response = inflating.send(ClientRequest.get(uri + "/"))) {
            final InputStream events = response.body();
            for (int i = 0; i < 3; i++) {
                assertThat(new String(events.readNBytes(9), StandardCharsets.US_ASCII))
                        .isEqualTo("data: " + i + "\n\n");
                seen.release();
            }
            assertThat(events.read()).isEqualTo(-1);
        }
    }

    @Test
    void shouldInflateRequestsWithinBounds() throws Exception {
        final String uri = serve(Decompression.of(
                (request, response) -> response.send(request.headers().contains("Content-Encoding") + " "
                        + request.contentLength() + " " + request.bytes(4 * MEBIBYTE).length),
                2 * MEBIBYTE,
                100));
        assertThat(post(uri, gzip(TEXT.getBytes(StandardCharsets.US_ASCII))).string(100))
                .isEqualTo("false -1 " + TEXT.length());
        assertThat(post(uri, gzip(new byte[10 * MEBIBYTE])).status()).isEqualTo(413);
        assertThat(post(uri, "no gzip at all".getBytes(StandardCharsets.US_ASCII))
                        .status())
                .isEqualTo(400);
        assertThat(post(uri, new byte[0]).string(100)).isEqualTo("false 0 0");
    }

    private ClientResponse post(String uri, byte[] body) throws IOException {
        return client.send(ClientRequest.of("POST", uri + "/")
                .header("Content-Encoding", "gzip")
                .body(body));
    }

    @Test
    void shouldLogWhatWasAnswered() throws Exception {
        final List<String> lines = Collections.synchronizedList(new ArrayList<>());
        try (AccessLog log = AccessLog.of(
                (request, response) ->
                        response.status(request.path().equals("/") ? 200 : 404).send("hello"),
                AccessLog.Format.COMMON,
                lines::add)) {
            final String uri = serve(log);
            get(uri + "/").bytes(10);
            get(uri + "/a").bytes(10);
            EngineFixture.until("the lines", () -> lines.size() == 2);
        }
        assertThat(lines.get(0)).startsWith("127.0.0.1 - - [").endsWith("\"GET / HTTP/1.1\" 200 5");
        assertThat(lines.get(1)).endsWith("\"GET /a HTTP/1.1\" 404 5");
    }

    @Test
    void shouldCompressAndLogAnswersThatAreGivenLater() throws Exception {
        final List<String> lines = Collections.synchronizedList(new ArrayList<>());
        try (AccessLog log = AccessLog.of(
                Compression.of((request, response) -> {
                    response.defer();
                    request.connection().execute(() -> response.send(TEXT));
                }),
                AccessLog.Format.COMMON,
                lines::add)) {
            final String uri = engines.closing(HttpServer.builder("http://127.0.0.1:0")
                            .engine(engine)
                            .inLoop()
                            .handler(log)
                            .start())
                    .uri();
            final ClientResponse packed =
                    client.send(ClientRequest.get(uri + "/").header("Accept-Encoding", "gzip"));
            assertThat(gunzip(packed.bytes(MEBIBYTE))).asString().isEqualTo(TEXT);
            EngineFixture.until("the line", () -> lines.size() == 1);
        }
        assertThat(lines.getFirst()).matches(".* 200 [1-9][0-9]+");
    }

    @Test
    void shouldReadFormsWithinBounds() throws Exception {
        final String uri = serve((request, response) -> response.send(
                Fields.ofForm(request, 1000, 4 * MEBIBYTE).first("a").orElse("none")));
        final String form = "application/x-www-form-urlencoded";
        assertThat(client.send(ClientRequest.post(uri + "/", "b=2&a=1+1").header("Content-Type", form))
                        .string(10))
                .isEqualTo("1 1");
        assertThat(client.send(ClientRequest.post(uri + "/", "a&".repeat(1_000_000))
                                .header("Content-Type", form))
                        .status())
                .isEqualTo(413);
        assertThat(get(uri + "/?" + "a&".repeat(10_000)).status()).isEqualTo(414);
    }

    @Test
    void shouldSpeakTlsToTheHostThatIsMeantOnly() throws Exception {
        final TlsIdentity identity = Tls.selfSigned();
        final X509Certificate root = identity.chain().getFirst();
        final HttpServer server = engines.closing(HttpServer.builder("https://0.0.0.0:0")
                .engine(engine)
                .tls(Tls.server().identity(identity).build())
                .handler((_, response) -> response.send(TEXT))
                .start());
        final int port = server.address().port();
        final HttpClient trusting = engines.closing(
                HttpClient.builder(engine).tls(Tls.client().trust(root).build()).build());
        for (int i = 0; i < 3; i++) {
            assertThat(trusting.send(ClientRequest.get("https://127.0.0.1:" + port + "/"))
                            .string(MEBIBYTE))
                    .isEqualTo(TEXT);
        }
        assertThat(trusting.connections()).isEqualTo(1);
        for (HttpClient client : List.of(trusting, this.client)) {
            final String host = client == trusting ? "127.0.0.2" : "127.0.0.1";
            assertThatThrownBy(() -> client.send(ClientRequest.get("https://" + host + ":" + port + "/")))
                    .isInstanceOf(IOException.class);
        }
    }

    @Test
    void shouldCloseTheClientOfAServerThatGoes() throws Exception {
        final HttpServer server = HttpServer.builder("http://127.0.0.1:0")
                .engine(engine)
                .handler((_, response) -> response.send("x"))
                .start();
        assertThat(get(server.uri()).string(10)).isEqualTo("x");
        server.close();
        assertThat(client.connections()).isLessThanOrEqualTo(1);
        assertThatThrownBy(() -> {
                    for (int i = 0; i < 3; i++) {
                        get(server.uri()).bytes(10);
                    }
                })
                .isInstanceOf(IOException.class);
    }
}
