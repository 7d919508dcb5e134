// SPDX-License-Identifier: Apache-2.0
package io.hawser.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hawser.connection.Engine;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.zip.DeflaterOutputStream;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import java.util.zip.InflaterInputStream;
import java.util.zip.ZipException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class CompressionTest {
    private static final String TEXT = "All work and no play makes Jack a dull boy. ".repeat(100);
    private static final int MEBIBYTE = 1 << 20;

    private static FakeResponse answer(String accepted, HttpHandler handler) throws Exception {
        return answer(FakeRequest.get("/").header("Accept-Encoding", accepted), handler);
    }

    private static FakeResponse answer(FakeRequest request, HttpHandler handler) throws Exception {
        final FakeResponse response = new FakeResponse();
        Compression.of(handler).handle(request, response);
        return response;
    }

    private static String gunzip(byte[] bytes) throws IOException {
        return new String(new GZIPInputStream(new ByteArrayInputStream(bytes)).readAllBytes(), StandardCharsets.UTF_8);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "gzip                    | gzip",
                "gzip, deflate, br       | gzip",
                "deflate                 | deflate",
                "deflate, gzip;q=0.5     | deflate",
                "*                       | gzip",
                "identity, gzip;q=0.5    | ",
                "gzip;q=0                | ",
                "br                      | "
            })
    void shouldCompressAsTheClientWeighs(String accepted, String expected) throws Exception {
        final FakeResponse response = answer(accepted, (_, out) -> out.send(TEXT));
        assertThat(response.field("Content-Encoding").orElse(null)).isEqualTo(expected);
        assertThat(response.field("Vary")).contains("Accept-Encoding");
        if (expected == null) {
            assertThat(response.text()).isEqualTo(TEXT);
        } else if (expected.equals("gzip")) {
            assertThat(gunzip(response.bytes())).isEqualTo(TEXT);
        } else {
            assertThat(new InflaterInputStream(new ByteArrayInputStream(response.bytes())).readAllBytes())
                    .isEqualTo(TEXT.getBytes(StandardCharsets.US_ASCII));
        }
    }

    @Test
    void shouldLeaveAloneWhatIsNotToBeCompressed() throws Exception {
        final byte[] noise = new byte[4000];
        new Random(1).nextBytes(noise);
        final List<HttpHandler> handlers = List.of(
                (_, out) -> out.send("short"),
                (_, out) -> out.header("Content-Type", "image/png").send(TEXT),
                (_, out) -> out.header("Content-Encoding", "br").send(TEXT),
                (_, out) -> out.header("Cache-Control", "public, no-transform").send(TEXT),
                (_, out) ->
                        out.status(206).header("Content-Range", "bytes 0-1/3").send(TEXT),
                (_, out) -> out.send(TEXT.getBytes(StandardCharsets.US_ASCII)),
                (_, out) -> out.header("Content-Type", "text/plain").send(noise),
                (_, out) -> out.outputStream().write(TEXT.getBytes(StandardCharsets.US_ASCII)),
                (_, out) -> {
                    out.header("Content-Type", "text/plain");
                    out.outputStream().write('x');
                });
        for (HttpHandler handler : handlers) {
            final FakeResponse plain = new FakeResponse();
            handler.handle(FakeRequest.get("/"), plain);
            final FakeResponse response = answer("gzip", handler);
            assertThat(response.bytes()).isEqualTo(plain.bytes());
            assertThat(response.field("Content-Encoding")).isEqualTo(plain.field("Content-Encoding"));
        }
        final FakeResponse head =
                answer(new FakeRequest("HEAD", "/", "").header("Accept-Encoding", "gzip"), (_, out) -> out.send(TEXT));
        assertThat(head.field("Content-Encoding")).isEmpty();
        assertThat(head.field("Vary")).contains("Accept-Encoding");
    }

    @Test
    void shouldLeaveFilesToTheConnectionWhenTheyAreNotCompressed(@TempDir Path directory) throws Exception {
        final Path file = Files.writeString(directory.resolve("file"), TEXT);
        try (Engine engine = Engine.builder().transport("nio").loops(1).start()) {
            for (String type : List.of("image/png", "text/plain")) {
                final FakeRequest request =
                        FakeRequest.get("/").header("Accept-Encoding", "gzip").engine(engine);
                final FakeResponse response = answer(
                        request, (_, out) -> out.header("Content-Type", type).sendFile(file));
                final boolean compressed = type.equals("text/plain");
                assertThat(response.isSentFile()).isNotEqualTo(compressed);
                assertThat(compressed ? gunzip(response.bytes()) : response.text())
                        .isEqualTo(TEXT);
            }
        }
    }

    @Test
    void shouldWeakenTagsAndDropLengths() throws Exception {
        final FakeResponse response = answer("gzip", (_, out) -> {
            out.header("Content-Type", "application/json")
                    .header("Content-Length", Integer.toString(TEXT.length()))
                    .header("ETag", "\"a\"")
                    .header("Accept-Ranges", "bytes")
                    .header("Vary", "Origin");
            try (OutputStream stream = out.outputStream()) {
                stream.write(TEXT.getBytes(StandardCharsets.US_ASCII));
            }
        });
        assertThat(response.field("ETag")).contains("W/\"a\"");
        assertThat(response.field("Content-Length")).isEmpty();
        assertThat(response.field("Accept-Ranges")).isEmpty();
        assertThat(response.headers().all("Vary")).containsExactly("Origin", "Accept-Encoding");
        assertThat(gunzip(response.bytes())).isEqualTo(TEXT);
    }

    @Test
    void shouldSendWhatIsFlushedAtOnce() throws Exception {
        final FakeResponse response = new FakeResponse();
        Compression.of((_, out) -> {
                    out.header("Content-Type", "text/event-stream");
                    final OutputStream stream = out.outputStream();
                    for (int i = 1; i <= 3; i++) {
                        stream.write(("data: " + i + "\n\n").getBytes(StandardCharsets.US_ASCII));
                        stream.flush();
                        assertThat(response.flushed()).isEqualTo(response.bytes().length);
                        final InputStream soFar = new GZIPInputStream(new ByteArrayInputStream(response.bytes()));
                        assertThat(new String(soFar.readNBytes(9 * i), StandardCharsets.US_ASCII))
                                .endsWith("data: " + i + "\n\n");
                    }
                })
                .handle(FakeRequest.get("/").header("Accept-Encoding", "gzip"), response);
        assertThat(response.isEnded()).isTrue();
        assertThat(gunzip(response.bytes())).isEqualTo("data: 1\n\ndata: 2\n\ndata: 3\n\n");
    }

    // ---- what it is done with

    @Test
    void shouldUseADeflaterForManyAnswers() throws Exception {
        final String[] content = {""};
        final Compression compression = Compression.of((request, out) -> {
            out.header("Content-Type", "text/plain");
            switch (request.path()) {
                case "/whole" -> out.send(content[0]);
                case "/stream" -> {
                    out.outputStream().write(content[0].getBytes(StandardCharsets.US_ASCII));
                    out.outputStream().flush();
                    out.outputStream().write("!".getBytes(StandardCharsets.US_ASCII));
                }
                default -> {
                    // In the middle of a block.
                    out.outputStream().write(content[0].getBytes(StandardCharsets.US_ASCII));
                    throw new IOException("on purpose");
                }
            }
        });
        for (int i = 0; i < 30; i++) {
            content[0] = (i + " ").repeat(3_000);
            final FakeResponse whole = new FakeResponse();
            compression.handle(FakeRequest.get("/whole").header("Accept-Encoding", "gzip"), whole);
            assertThat(gunzip(whole.bytes())).isEqualTo(content[0]);
            assertThatThrownBy(() -> compression.handle(
                            FakeRequest.get("/fails").header("Accept-Encoding", "gzip"), new FakeResponse()))
                    .hasMessage("on purpose");
            final FakeResponse stream = new FakeResponse();
            compression.handle(FakeRequest.get("/stream").header("Accept-Encoding", "gzip"), stream);
            assertThat(gunzip(stream.bytes())).isEqualTo(content[0] + "!");
            assertThat(compression.deflaters().lentCount()).isZero();
            assertThat(compression.deflaters().idleCount()).isEqualTo(1);
        }

        compression.close();
        assertThat(compression.deflaters().idleCount()).isZero();
        final FakeResponse late = new FakeResponse();
        compression.handle(FakeRequest.get("/whole").header("Accept-Encoding", "gzip"), late);
        assertThat(gunzip(late.bytes())).isEqualTo(content[0]);
        assertThat(compression.deflaters().idleCount()).isZero();
    }

    @Test
    void shouldLendADeflaterToOneAnswerAtATime() throws Exception {
        final Compression[] self = {null};
        final OutputStream[] kept = {null};
        final FakeResponse inner = new FakeResponse();
        final FakeResponse more = new FakeResponse();
        self[0] = Compression.builder((request, out) -> {
                    out.header("Content-Type", "text/plain");
                    out.outputStream().write(TEXT.getBytes(StandardCharsets.US_ASCII));
                    if (request.path().equals("/outer")) {
                        self[0].handle(FakeRequest.get("/inner").header("Accept-Encoding", "gzip"), inner);
                        kept[0] = out.outputStream();
                        assertThat(self[0].deflaters().lentCount()).isEqualTo(1);
                    } else if (request.path().equals("/inner")) {
                        self[0].handle(FakeRequest.get("/more").header("Accept-Encoding", "gzip"), more);
                        assertThat(self[0].deflaters().lentCount()).isEqualTo(2);
                    }
                })
                .concurrentAnswers(2)
                .build();
        final FakeResponse outer = new FakeResponse();

        self[0].handle(FakeRequest.get("/outer").header("Accept-Encoding", "gzip"), outer);

        assertThat(gunzip(outer.bytes())).isEqualTo(TEXT);
        assertThat(gunzip(inner.bytes())).isEqualTo(TEXT);
        assertThat(more.field("Content-Encoding")).isEmpty();
        assertThat(more.field("Vary")).contains("Accept-Encoding");
        assertThat(more.text()).isEqualTo(TEXT);
        assertThat(self[0].deflaters().lentCount()).isZero();
        assertThatThrownBy(() -> kept[0].write(1)).isInstanceOf(IOException.class);
    }

    @Test
    void shouldLeaveAFailedAnswerToTheServer() {
        final FakeResponse response = new FakeResponse();
        assertThatThrownBy(() -> Compression.of((_, out) -> {
                            out.header("Content-Type", "text/plain");
                            out.outputStream().write('x');
                            throw new IllegalStateException("test");
                        })
                        .handle(FakeRequest.get("/").header("Accept-Encoding", "gzip"), response))
                .hasMessage("test");
        assertThat(response.isCommitted()).isFalse();
    }

    // ---- the other way

    private static byte[] gzip(byte[] plain) throws IOException {
        final ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (GZIPOutputStream out = new GZIPOutputStream(packed)) {
            out.write(plain);
        }
        return packed.toByteArray();
    }

    private static InputStream inflating(byte[] packed, int most, int ratio) {
        return new InflatingStream(new ByteArrayInputStream(packed), true, most, ratio);
    }

    @Test
    void shouldInflateGzipAndDeflate() throws Exception {
        final byte[] plain = TEXT.getBytes(StandardCharsets.US_ASCII);
        final ByteArrayOutputStream zlib = new ByteArrayOutputStream();
        try (DeflaterOutputStream out = new DeflaterOutputStream(zlib)) {
            out.write(plain);
        }
        try (InputStream in = new InflatingStream(new ByteArrayInputStream(zlib.toByteArray()), false, 10_000, 100)) {
            assertThat(in.readAllBytes()).isEqualTo(plain);
        }
        try (InputStream in = inflating(gzip(plain), plain.length, 100)) {
            assertThat(in.readAllBytes()).isEqualTo(plain);
        }
        try (InputStream in = inflating(new byte[0], 10, 100)) {
            assertThat(in.read()).isEqualTo(-1);
        }
    }

    @Test
    void shouldStopBombs() throws Exception {
        final byte[] bomb = gzip(new byte[8 * MEBIBYTE]);
        try (InputStream in = inflating(bomb, Integer.MAX_VALUE, 100)) {
            assertThatThrownBy(in::readAllBytes)
                    .isInstanceOf(InflationException.class)
                    .hasMessageContaining("100 times");
        }
        try (InputStream in = inflating(bomb, MEBIBYTE, 10_000)) {
            assertThatThrownBy(() -> in.skipNBytes(2 * MEBIBYTE))
                    .isInstanceOf(InflationException.class)
                    .hasMessageContaining(MEBIBYTE + " bytes");
        }
        final byte[] twice = gzip(bomb);
        try (InputStream in = inflating(twice, bomb.length, 100)) {
            assertThat(in.readAllBytes()).isEqualTo(bomb);
        }
    }

    @Test
    void shouldTellDamage() throws Exception {
        final byte[] packed = gzip(TEXT.getBytes(StandardCharsets.US_ASCII));
        final byte[] cut = java.util.Arrays.copyOf(packed, packed.length - 5);
        final byte[] wrong = packed.clone();
        wrong[packed.length - 6] ^= 1;
        try (InputStream in = inflating(cut, MEBIBYTE, 100)) {
            assertThatThrownBy(in::readAllBytes).isInstanceOf(EOFException.class);
        }
        try (InputStream in = inflating(wrong, MEBIBYTE, 100)) {
            assertThatThrownBy(in::readAllBytes).isInstanceOf(ZipException.class);
        }
        try (InputStream in = inflating("nonsense, no gzip".getBytes(StandardCharsets.US_ASCII), MEBIBYTE, 100)) {
            assertThatThrownBy(in::readAllBytes).isInstanceOf(ZipException.class);
        }
    }

    @Test
    void shouldRefuseCodingsThatItDoesNotKnow() throws Exception {
        for (String coding : List.of("br", "gzip, gzip", "compress")) {
            final FakeResponse response = new FakeResponse();
            Decompression.of((_, _) -> {
                        throw new AssertionError("Not for a handler");
                    })
                    .handle(new FakeRequest("POST", "/", "").header("Content-Encoding", coding), response);
            assertThat(response.status()).isEqualTo(415);
            assertThat(response.field("Accept-Encoding")).contains("gzip, deflate");
        }
    }
}
