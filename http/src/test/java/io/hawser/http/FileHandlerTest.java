// SPDX-License-Identifier: Apache-2.0
package io.hawser.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hawser.connection.Engine;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class FileHandlerTest {
    private static final Instant WRITTEN = Instant.parse("2026-01-02T03:04:05.678Z");
    private static final Instant NOW = WRITTEN.plusSeconds(1000);
    private static final String DATE = "Fri, 02 Jan 2026 03:04:05 GMT";

    private static Engine engine;

    @TempDir
    private Path directory;

    private Path root;

    @BeforeAll
    static void start() throws IOException {
        engine = Engine.builder().transport("nio").loops(1).start();
    }

    @AfterAll
    static void stop() {
        engine.close();
    }

    @BeforeEach
    void setUp() throws IOException {
        root = Files.createDirectory(directory.resolve("root"));
        write("a.txt", "0123456789");
        write("page.html", "<p>page</p>");
        write("sub/index.html", "<p>index</p>");
        write("sub/deeper/x.bin", "x");
        write(".secret", "secret");
        write(".well-known/acme", "token");
        write("with space & <b>.txt", "odd");
        Files.writeString(directory.resolve("outside.txt"), "outside");
    }

    private void write(String name, String text) throws IOException {
        final Path file = root.resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
        Files.setLastModifiedTime(file, FileTime.from(WRITTEN));
    }

    private FileHandler files(UnaryOperator<FileHandler.Builder> options) throws IOException {
        return options.apply(FileHandler.builder(root).clock(InstantSource.fixed(NOW)))
                .build();
    }

    private FakeResponse ask(FakeRequest request) throws Exception {
        return ask(files(builder -> builder), request);
    }

    private static FakeResponse ask(FileHandler files, FakeRequest request) throws Exception {
        final FakeResponse response = new FakeResponse();
        try {
            files.handle(request.engine(engine), response);
        } catch (HttpException e) {
            response.status(e.status()).send();
        }
        assertThat(response.isEnded()).isTrue();
        return response;
    }

    private FakeResponse get(String path) throws Exception {
        return ask(FakeRequest.get(path));
    }

    // ---- what is there

    @Test
    void shouldSendAFileWithWhatIsKnownOfIt() throws Exception {
        final FakeResponse response = get("/a.txt?v=1");
        assertThat(response.status()).isEqualTo(200);
        assertThat(response.text()).isEqualTo("0123456789");
        assertThat(response.isSentFile()).isTrue();
        assertThat(response.field("Content-Type")).contains("text/plain; charset=utf-8");
        assertThat(response.field("Last-Modified")).contains(DATE);
        assertThat(response.field("ETag").orElseThrow()).matches("\"[0-9a-f]+-a\"");
        assertThat(response.field("Accept-Ranges")).contains("bytes");
        assertThat(response.field("X-Content-Type-Options")).contains("nosniff");
        assertThat(response.field("Cache-Control")).isEmpty();
    }

    @Test
    void shouldServeIndexesAndRedirectToTheSlashOfADirectory() throws Exception {
        assertThat(get("/sub/").text()).isEqualTo("<p>index</p>");
        assertThat(get("/sub/").field("Content-Type")).contains("text/html; charset=utf-8");
        assertThat(get("/sub?x=y").status()).isEqualTo(301);
        assertThat(get("/sub?x=y").location()).isEqualTo("/sub/?x=y");
        assertThat(get("/sub/deeper/").status()).isEqualTo(404);
        assertThat(get("/a.txt/").status()).isEqualTo(404);
        assertThat(get("/a.txt/b").status()).isEqualTo(404);
        assertThat(get("/none").status()).isEqualTo(404);
        assertThat(get("/" + "n".repeat(5000)).status()).isEqualTo(404);
    }

    @Test
    void shouldAnswerGetAndHeadOnly() throws Exception {
        assertThat(ask(new FakeRequest("HEAD", "/a.txt", "")).status()).isEqualTo(200);
        final FakeResponse refused = ask(new FakeRequest("DELETE", "/a.txt", ""));
        assertThat(refused.status()).isEqualTo(405);
        assertThat(refused.field("Allow")).contains("GET, HEAD");
    }

    @Test
    void shouldServeBelowAPrefix() throws Exception {
        final FileHandler files = files(builder -> builder.prefix("/static"));
        assertThat(ask(files, FakeRequest.get("/static/a.txt")).text()).isEqualTo("0123456789");
        assertThat(ask(files, FakeRequest.get("/static/sub")).location()).isEqualTo("/static/sub/");
        assertThat(ask(files, FakeRequest.get("/a.txt")).status()).isEqualTo(404);
        assertThat(ask(files, FakeRequest.get("/static")).status()).isEqualTo(404);
        assertThat(ask(files, FakeRequest.get("/staticka.txt")).status()).isEqualTo(404);
        assertThatThrownBy(() -> FileHandler.builder(root).prefix("static"))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void shouldNeedADirectory() {
        assertThatThrownBy(() -> FileHandler.of(root.resolve("none"))).isInstanceOf(NoSuchFileException.class);
        assertThatThrownBy(() -> FileHandler.of(root.resolve("a.txt"))).isInstanceOf(NotDirectoryException.class);
    }

    @Test
    void shouldHideHiddenFilesUnlessToldOtherwise() throws Exception {
        assertThat(get("/.secret").status()).isEqualTo(404);
        assertThat(get("/%2esecret").status()).isEqualTo(404);
        assertThat(get("/.well-known/acme").text()).isEqualTo("token");
        assertThat(ask(files(builder -> builder.hidden(true)), FakeRequest.get("/.secret"))
                        .text())
                .isEqualTo("secret");
    }

    // ---- what is not

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/../outside.txt",
                "/../../../../../../etc/passwd",
                "/sub/../../outside.txt",
                "/%2e%2e/outside.txt",
                "/%2E%2E/outside.txt",
                "/.%2e/outside.txt",
                "/sub/%2e%2e/%2e%2e/outside.txt",
                "/..%2foutside.txt",
                "/%2e%2e%2foutside.txt",
                "/sub%2f..%2f..%2foutside.txt",
                "/..\\outside.txt",
                "/..%5coutside.txt",
                "/%2e%2e%5coutside.txt",
                "/sub\\..\\..\\outside.txt",
                "/..%c0%afoutside.txt",
                "/%c0%ae%c0%ae/outside.txt",
                "/%252e%252e/outside.txt",
                "/....//outside.txt",
                "/..;/outside.txt",
                "/a.txt%00.html",
                "/%00",
                "/a.txt%0d%0aX:y",
                "//outside.txt",
                "/c:/outside.txt",
                "/a.txt::$DATA",
                "/%2foutside.txt",
                "/%2e/%2e%2e/outside.txt",
                "/%",
                "/%zz",
                "/link-out",
                "/link-out-dir/outside.txt",
                "/link-up/outside.txt",
                "/circle"
            })
    void shouldLetNoPathLeaveTheRoot(String path) throws Exception {
        Files.createSymbolicLink(root.resolve("link-out"), directory.resolve("outside.txt"));
        Files.createSymbolicLink(root.resolve("link-out-dir"), directory);
        Files.createSymbolicLink(root.resolve("link-up"), Path.of(".."));
        Files.createSymbolicLink(root.resolve("circle"), Path.of("circle"));
        for (boolean listing : new boolean[] {false, true}) {
            final FakeResponse response = ask(files(builder -> builder.listing(listing)), FakeRequest.get(path));
            assertThat(response.status()).isIn(301, 400, 404);
            assertThat(response.text()).doesNotContain("outside");
            if (response.status() == 301) {
                // Where it leads, there is nothing either, and it is of this host.
                assertThat(response.location())
                        .startsWith("/")
                        .doesNotStartWith("//")
                        .doesNotContain("\\");
                assertThat(get(response.location()).status()).isEqualTo(404);
            }
        }
    }

    @Test
    void shouldFollowLinksThatStayAndThoseThatLeaveWhenAllowed() throws Exception {
        Files.createSymbolicLink(root.resolve("link-in"), Path.of("sub/deeper/x.bin"));
        Files.createSymbolicLink(root.resolve("link-out"), directory.resolve("outside.txt"));
        assertThat(get("/link-in").text()).isEqualTo("x");
        assertThat(get("/link-out").status()).isEqualTo(404);
        assertThat(ask(files(builder -> builder.linksOut(true)), FakeRequest.get("/link-out"))
                        .text())
                .isEqualTo("outside");
    }

    @Test
    void shouldOpenNoDevices() throws Exception {
        final Path pipe = root.resolve("pipe");
        final Process made = new ProcessBuilder("mkfifo", pipe.toString()).start();
        org.junit.jupiter.api.Assumptions.assumeTrue(made.waitFor() == 0);
        Files.createSymbolicLink(root.resolve("zero"), Path.of("/dev/zero"));
        final FileHandler files = files(builder -> builder.linksOut(true).listing(true));
        assertThat(ask(files, FakeRequest.get("/pipe")).status()).isEqualTo(404);
        assertThat(ask(files, FakeRequest.get("/zero")).status()).isEqualTo(404);
        assertThat(ask(files, FakeRequest.get("/")).text()).doesNotContain("pipe", "zero");
    }

    @ParameterizedTest
    @ValueSource(strings = {"//evil.example/", "//evil.example/sub", "/.//evil.example", "///evil.example/.."})
    void shouldRedirectToNoOtherHost(String path) throws Exception {
        Files.createDirectories(root.resolve("evil.example/sub"));
        final FakeResponse response = get(path);
        assertThat(response.status()).isEqualTo(301);
        assertThat(response.location()).startsWith("/").doesNotStartWith("//");
    }

    // ---- lists

    @Test
    void shouldListADirectory() throws Exception {
        Files.createSymbolicLink(root.resolve("link-out"), directory.resolve("outside.txt"));
        Files.writeString(root.resolve("javascript:alert(1)"), "x");
        Files.writeString(root.resolve("\"><script>x.txt"), "x");
        final FileHandler files = files(builder -> builder.listing(true));
        final String page = ask(files, FakeRequest.get("/")).text();
        assertThat(page)
                .contains("<a href=\"./a.txt\">a.txt</a></td><td>10 B</td><td>2026-01-02 03:04</td>")
                .contains("<a href=\"./sub/\">sub/</a>")
                .contains("<a href=\"./with%20space%20&amp;%20%3Cb%3E.txt\">with space &amp; &lt;b&gt;.txt</a>")
                .contains("<a href=\"./%22%3E%3Cscript%3Ex.txt\">&quot;&gt;&lt;script&gt;x.txt</a>")
                .doesNotContain("<script>", ".secret", "link-out", "javascript", "../");
        assertThat(page.indexOf("sub/")).isLessThan(page.indexOf("a.txt"));
        assertThat(ask(files, FakeRequest.get("/sub/deeper/")).text())
                .contains("<h1>Index of /sub/deeper/</h1>", "<a href=\"../\">");
        assertThat(ask(files, FakeRequest.get("/"))
                        .field("Content-Security-Policy")
                        .orElseThrow())
                .contains("default-src 'none'");
    }

    // ---- parts

    @Test
    void shouldSendOneRange() throws Exception {
        final FakeResponse response = ask(FakeRequest.get("/a.txt").header("Range", "bytes=2-4"));
        assertThat(response.isSentFile()).isTrue();
        assertThat(response.status()).isEqualTo(206);
        assertThat(response.text()).isEqualTo("234");
        assertThat(response.field("Content-Range")).contains("bytes 2-4/10");
        assertThat(ask(FakeRequest.get("/a.txt").header("Range", "bytes=-1")).text())
                .isEqualTo("9");
    }

    @Test
    void shouldSendSeveralRangesInParts() throws Exception {
        final FakeResponse response = ask(FakeRequest.get("/a.txt").header("Range", "bytes=0-1, 4-4, -2"));
        assertThat(response.status()).isEqualTo(206);
        final String type = response.field("Content-Type").orElseThrow();
        final String boundary = type.substring("multipart/byteranges; boundary=".length());
        final String head = "--" + boundary + "\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Range: bytes ";
        assertThat(response.text())
                .isEqualTo(String.join(
                        "\r\n",
                        head + "0-1/10\r\n\r\n01",
                        head + "4-4/10\r\n\r\n4",
                        head + "8-9/10\r\n\r\n89",
                        "--" + boundary + "--\r\n"));
        assertThat(response.field("Content-Length")).contains(Integer.toString(response.bytes().length));
    }

    @Test
    void shouldRefuseRangesThatAreNotThere() throws Exception {
        final FakeResponse response = ask(FakeRequest.get("/a.txt").header("Range", "bytes=10-"));
        assertThat(response.status()).isEqualTo(416);
        assertThat(response.field("Content-Range")).contains("bytes */10");
    }

    @Test
    void shouldSendAllWhereTheRangesAreABombOrNotOfThisVersion() throws Exception {
        final String bomb = IntStream.range(0, 5000).mapToObj(_ -> "0-").collect(Collectors.joining(",", "bytes=", ""));
        for (FakeRequest request : List.of(
                FakeRequest.get("/a.txt").header("Range", bomb),
                FakeRequest.get("/a.txt").header("Range", "bytes=0-9,0-9"),
                FakeRequest.get("/a.txt").header("Range", "lines=1-2"),
                FakeRequest.get("/a.txt").header("Range", "bytes=0-1").header("If-Range", "\"other\""))) {
            final FakeResponse response = ask(request);
            assertThat(response.status()).isEqualTo(200);
            assertThat(response.text()).isEqualTo("0123456789");
        }
        assertThat(ask(new FakeRequest("HEAD", "/a.txt", "").header("Range", "bytes=0-1"))
                        .status())
                .isEqualTo(200);
    }

    @Test
    void shouldResumeWhatHasNotChanged() throws Exception {
        final String tag = get("/a.txt").field("ETag").orElseThrow();
        for (String version : List.of(tag, DATE)) {
            assertThat(ask(FakeRequest.get("/a.txt").header("Range", "bytes=5-").header("If-Range", version))
                            .text())
                    .isEqualTo("56789");
        }
    }

    // ---- conditions

    @Test
    void shouldAnswerConditions() throws Exception {
        final String tag = get("/a.txt").field("ETag").orElseThrow();
        for (FakeRequest known : List.of(
                FakeRequest.get("/a.txt").header("If-None-Match", "\"x\", " + tag),
                FakeRequest.get("/a.txt").header("If-None-Match", "W/" + tag),
                FakeRequest.get("/a.txt").header("If-Modified-Since", DATE))) {
            final FakeResponse response = ask(known);
            assertThat(response.status()).isEqualTo(304);
            assertThat(response.text()).isEmpty();
            assertThat(response.field("ETag")).contains(tag);
            assertThat(response.field("Content-Type")).isEmpty();
        }
        assertThat(ask(FakeRequest.get("/a.txt").header("If-Match", "\"x\"")).status())
                .isEqualTo(412);
        assertThat(ask(FakeRequest.get("/a.txt").header("If-Match", tag)).status())
                .isEqualTo(200);
        assertThat(ask(FakeRequest.get("/a.txt").header("If-Unmodified-Since", "Fri, 02 Jan 2026 03:04:04 GMT"))
                        .status())
                .isEqualTo(412);
    }

    @Test
    void shouldChangeTheTagWithTheFile() throws Exception {
        final String before = get("/a.txt").field("ETag").orElseThrow();
        Files.setLastModifiedTime(root.resolve("a.txt"), FileTime.from(WRITTEN.plusMillis(1)));
        assertThat(get("/a.txt").field("ETag").orElseThrow()).isNotEqualTo(before);
    }

    @Test
    void shouldTrustNoFileThatMayStillBeWritten() throws Exception {
        Files.setLastModifiedTime(root.resolve("a.txt"), FileTime.from(NOW.minusMillis(500)));
        assertThat(get("/a.txt").field("ETag").orElseThrow()).startsWith("W/");
        Files.setLastModifiedTime(root.resolve("a.txt"), FileTime.from(NOW.plusSeconds(5000)));
        assertThat(get("/a.txt").field("Last-Modified")).contains(HttpDates.format(NOW));
    }

    // ---- forms

    @Test
    void shouldSendTheCompressedFormWhereItIsTaken() throws Exception {
        write("page.html.gz", "gzipped");
        final FakeResponse packed = ask(FakeRequest.get("/page.html").header("Accept-Encoding", "gzip, br"));
        assertThat(packed.text()).isEqualTo("gzipped");
        assertThat(packed.field("Content-Encoding")).contains("gzip");
        assertThat(packed.field("Content-Type")).contains("text/html; charset=utf-8");
        assertThat(packed.field("Vary")).contains("Accept-Encoding");
        for (String accepted : List.of("br", "gzip;q=0", "gzip;q=0.5, identity")) {
            final FakeResponse plain = ask(FakeRequest.get("/page.html").header("Accept-Encoding", accepted));
            assertThat(plain.text()).isEqualTo("<p>page</p>");
            assertThat(plain.field("Content-Encoding")).isEmpty();
            assertThat(plain.field("Vary")).contains("Accept-Encoding");
            assertThat(plain.field("ETag")).isNotEqualTo(packed.field("ETag"));
        }
        assertThat(ask(
                                files(builder -> builder.precompressed(false)),
                                FakeRequest.get("/page.html").header("Accept-Encoding", "gzip"))
                        .text())
                .isEqualTo("<p>page</p>");
    }

    @Test
    void shouldSendNoCompressedFormThatIsOlder() throws Exception {
        write("page.html.gz", "old");
        Files.setLastModifiedTime(root.resolve("page.html.gz"), FileTime.from(WRITTEN.minusSeconds(1)));
        assertThat(ask(FakeRequest.get("/page.html").header("Accept-Encoding", "gzip"))
                        .text())
                .isEqualTo("<p>page</p>");
    }

    @Test
    void shouldSetCacheControlWhenAsked() throws Exception {
        final FileHandler files = files(builder -> builder.cacheControl("max-age=60"));
        assertThat(ask(files, FakeRequest.get("/a.txt")).field("Cache-Control")).contains("max-age=60");
        assertThat(ask(files, FakeRequest.get("/none")).field("Cache-Control")).isEmpty();
    }

    @Test
    void shouldSendLargeFilesInRanges() throws Exception {
        final byte[] large = new byte[300_000];
        Arrays.fill(large, (byte) '~');
        write("large.bin", new String(large, StandardCharsets.US_ASCII));
        final FakeResponse response = ask(FakeRequest.get("/large.bin").header("Range", "bytes=0-99999,100000-299998"));
        assertThat(response.field("Content-Length")).contains(Integer.toString(response.bytes().length));
        assertThat(response.text().chars().filter(c -> c == '~').count()).isEqualTo(299_999);
    }
}
