// SPDX-License-Identifier: Apache-2.0
package io.hawser.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

final class MultipartFormTest {
    private static final String TYPE = "multipart/form-data; boundary=b";
    private static final String FIELD = "Content-Disposition: form-data; name=\"f\"\r\n";

    private static FakeRequest request(String type, String body) {
        return new FakeRequest("POST", "/", "").header("Content-Type", type).body(body);
    }

    private static FakeRequest request(String body) {
        return request(TYPE, body);
    }

    /** Name, file and content of each part. */
    private static List<String> parts(FakeRequest request) throws IOException {
        final List<String> parts = new ArrayList<>();
        final MultipartForm form = MultipartForm.of(request, 10);
        for (Optional<MultipartForm.Part> next = form.next(); next.isPresent(); next = form.next()) {
            final MultipartForm.Part part = next.get();
            parts.add(part.name() + "|" + part.fileName().orElse("-") + "|"
                    + part.contentType().orElse("-") + "|" + part.string(1 << 20));
        }
        assertThat(form.next()).isEmpty();
        return parts;
    }

    private static void assertRefused(int status, FakeRequest request) {
        assertThatThrownBy(() -> parts(request))
                .isInstanceOfSatisfying(
                        HttpException.class,
                        e -> assertThat(e.status()).as(e.getMessage()).isEqualTo(status));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 7, 1 << 20})
    void shouldReadFieldsAndFilesWhateverThePiecesTheyComeIn(int piece) throws Exception {
        final String body = """
                --b
                Content-Disposition: form-data; name="a"

                1
                --b_
                content-disposition: FORM-DATA; filename="C:\\\\dir\\\\gr\u00fc\u00df.txt"; name="file"
                Content-Type: text/plain; charset=utf-8

                line

                --bb
                --b
                Content-Disposition: form-data; name="empty"


                --b
                Content-Disposition: form-data; name="none"

                --b
                Content-Disposition: form-data; name=token; filename=""

                x
                --b--
                epilogue
                """.replace("--b_", "--b \t").replace("\n", "\r\n").replace("\r\n--bb", "\r\n--ab");

        assertThat(parts(request(body).pieces(piece)))
                .containsExactly(
                        "a|-|-|1",
                        "file|gr\u00fc\u00df.txt|text/plain; charset=utf-8|line\r\n\r\n--ab",
                        "empty|-|-|",
                        "none|-|-|",
                        "token|-|-|x");
    }

    @Test
    void shouldReadAFileThatIsLargerThanItsBuffer() throws Exception {
        final byte[] content = new byte[100_000];
        final Random random = new Random(1);
        for (int i = 0; i < content.length; i++) {
            // Much of it looks like the beginning of a delimiter.
            content[i] = (byte) "\r\n--".charAt(random.nextInt(4));
        }
        final String head = "--b\r\n" + FIELD + "\r\n";
        final byte[] body = (head + new String(content, StandardCharsets.ISO_8859_1) + "\r\n--b--")
                .getBytes(StandardCharsets.ISO_8859_1);
        final FakeRequest request =
                new FakeRequest("POST", "/", "").header("Content-Type", TYPE).body(body);

        final MultipartForm form = MultipartForm.of(request);
        final InputStream in = form.next().orElseThrow().body();
        assertThat(in.readNBytes(50_000)).isEqualTo(Arrays.copyOf(content, 50_000));
        for (int i = 50_000; i < content.length; i++) {
            assertThat(in.read()).isEqualTo(content[i]);
        }
        assertThat(in.read()).isEqualTo(-1);
        assertThat(form.next()).isEmpty();
    }

    @Test
    void shouldSkipWhatIsNotRead() throws Exception {
        final MultipartForm form = MultipartForm.of(request("preamble\r\n--b\r\n" + FIELD + "\r\n" + "x".repeat(40_000)
                + "\r\n--b\r\n" + FIELD + "\r\nlast\r\n--b--"));
        final MultipartForm.Part first = form.next().orElseThrow();
        final MultipartForm.Part second = form.next().orElseThrow();
        assertThatThrownBy(() -> first.body().read()).isInstanceOf(IllegalStateException.class);
        assertThat(second.string(4)).isEqualTo("last");
        assertThat(form.next()).isEmpty();
        assertThatThrownBy(() -> second.body().read()).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void shouldReadAFormWithoutParts() throws Exception {
        assertThat(parts(request("--b--"))).isEmpty();
    }

    // ---- what is not let in

    @Test
    void shouldReadFormsInPartsOnly() {
        assertRefused(415, request("application/x-www-form-urlencoded", "a=1"));
        assertRefused(415, new FakeRequest("POST", "/", ""));
        for (String boundary : List.of(
                "", "; boundary=", "; boundary=\"\u00fc\"", "; boundary=\"a \"", "; boundary=" + "x".repeat(71))) {
            assertRefused(400, request("multipart/form-data" + boundary, "--x--"));
        }
    }

    static List<String> malformed() {
        return List.of(
                "",
                "--b",
                "--b-",
                "--a--",
                "x".repeat(2000) + "\r\n--b--",
                "--b\r\n",
                "--b\n" + FIELD + "\r\n1\r\n--b--",
                "--b\r\n" + FIELD,
                "--b\r\n" + FIELD + "\r\n1",
                "--b\r\n" + FIELD + "\r\n1\r\n--b",
                "--b\r\n" + FIELD + "\r\n1\r\n--bX\r\n",
                "--b" + " ".repeat(2000) + "\r\n" + FIELD + "\r\n1\r\n--b--",
                "--b\r\n\r\n1\r\n--b--",
                "--b\r\nno field\r\n\r\n1\r\n--b--",
                "--b\r\n: x\r\n" + FIELD + "\r\n1\r\n--b--",
                "--b\r\n" + FIELD + " folded\r\n\r\n1\r\n--b--",
                "--b\r\n" + FIELD + "A: \n\r\n\r\n1\r\n--b--",
                "--b\r\n" + FIELD + FIELD + "\r\n1\r\n--b--",
                "--b\r\nContent-Disposition: form-data\r\n\r\n1\r\n--b--",
                "--b\r\nContent-Disposition: attachment; name=a\r\n\r\n1\r\n--b--");
    }

    @ParameterizedTest
    @MethodSource("malformed")
    void shouldRefuseWhatIsMalformed(String body) {
        assertRefused(400, request(body));
        assertRefused(400, request(body).pieces(1));
    }

    @Test
    void shouldBoundPartsFieldsAndContents() {
        final String part = "--b\r\n" + FIELD + "\r\n1\r\n";
        assertRefused(413, request(part.repeat(11) + "--b--"));
        assertRefused(413, request("--b\r\n" + "A: b\r\n".repeat(33) + "\r\n1\r\n--b--"));
        assertRefused(413, request("--b\r\nA: " + "b".repeat(9000)));
        assertThatThrownBy(() -> MultipartForm.of(request(part + "--b--"), 1)
                        .next()
                        .orElseThrow()
                        .bytes(0))
                .isInstanceOfSatisfying(
                        HttpException.class, e -> assertThat(e.status()).isEqualTo(413));
        assertThatThrownBy(() -> MultipartForm.of(request(""), 0)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void shouldTrustNoNameOfAFile() throws Exception {
        for (String name : List.of("../../etc/passwd", "/etc/passwd", "..\\\\passwd")) {
            final MultipartForm form = MultipartForm.of(request(
                    "--b\r\nContent-Disposition: form-data; name=f; filename=\"" + name + "\"\r\n\r\n1\r\n--b--"));
            assertThat(form.next().orElseThrow().fileName()).contains("passwd");
        }
        for (String name : List.of("", ".", "..", "a/..", "a/")) {
            final MultipartForm form = MultipartForm.of(request(
                    "--b\r\nContent-Disposition: form-data; name=f; filename=\"" + name + "\"\r\n\r\n1\r\n--b--"));
            assertThat(form.next().orElseThrow().fileName()).isEmpty();
        }
    }
}
