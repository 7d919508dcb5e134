// SPDX-License-Identifier: Apache-2.0
package io.hawser.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class FieldsTest {
    private static final String FORM = "application/x-www-form-urlencoded";

    @Test
    void shouldReadFieldsInTheirOrder() {
        final Fields fields = Fields.parse("b=1&a=x+y%2Bz%26&b=2&&empty=&flag&=nameless&%C3%A9=%E2%82%AC", 100);
        assertThat(fields.values().keySet()).containsExactly("b", "a", "empty", "flag", "", "é");
        assertThat(fields.all("b")).containsExactly("1", "2");
        assertThat(fields.first("a")).contains("x y+z&");
        assertThat(fields.first("empty")).contains("");
        assertThat(fields.first("flag")).contains("");
        assertThat(fields.first("é")).contains("€");
        assertThat(fields.first("none")).isEmpty();
        assertThat(fields.all("none")).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"a=%", "a=%4", "a=%zz", "%ff=1", "a=%c3%28", "a=%-1", "a=%+1"})
    void shouldRefuseWhatIsNotEncoded(String text) {
        assertThatThrownBy(() -> Fields.parse(text, 10))
                .isInstanceOfSatisfying(
                        HttpException.class, e -> assertThat(e.status()).isEqualTo(400));
    }

    @Test
    void shouldBoundTheNumberOfFields() {
        final String million = "a&".repeat(1_000_000);
        assertThatThrownBy(() -> Fields.parse(million, 1000))
                .isInstanceOfSatisfying(
                        HttpException.class, e -> assertThat(e.status()).isEqualTo(413));
        assertThat(Fields.parse("a&".repeat(1000), 1000).all("a")).hasSize(1000);
    }

    @Test
    void shouldReadFormsOfOneTypeOnly() {
        final FakeRequest request = new FakeRequest("POST", "/?q=1", "");
        assertThat(Fields.ofForm(request.header("Content-Type", FORM + "; charset=utf-8")
                                .body("a=1"))
                        .first("a"))
                .contains("1");
        assertThat(Fields.ofQuery(request).first("q")).contains("1");
        assertThatThrownBy(() -> Fields.ofForm(
                        new FakeRequest("POST", "/", "").header("Content-Type", "multipart/form-data; boundary=x")))
                .isInstanceOfSatisfying(
                        HttpException.class, e -> assertThat(e.status()).isEqualTo(415));
        assertThatThrownBy(() -> Fields.ofForm(
                        new FakeRequest("POST", "/", "")
                                .header("Content-Type", FORM)
                                .body("a=12345"),
                        10,
                        5))
                .isInstanceOfSatisfying(
                        HttpException.class, e -> assertThat(e.status()).isEqualTo(413));
    }

    // ---- cookies

    @Test
    void shouldReadCookies() {
        final FakeRequest request = FakeRequest.get("/")
                .header("Cookie", "a=1; b=\"two\"; __Host-c=3; bad name=x; =y; d; e=caf\u00e9; a=4");
        assertThat(Cookie.of(request)).extracting(Cookie::name).containsExactly("a", "b", "__Host-c", "a");
        assertThat(Cookie.value(request, "a")).contains("1");
        assertThat(Cookie.value(request, "b")).contains("two");
        assertThat(Cookie.value(request, "__Host-c")).contains("3");
        assertThat(Cookie.value(request, "e")).isEmpty();
        assertThat(Cookie.of(FakeRequest.get("/").header("Cookie", "a=1;".repeat(10_000))))
                .hasSize(200);
    }

    @Test
    void shouldWriteCookies() {
        final Headers headers = new Headers();
        Cookie.of("id", "x1").withMaxAge(Duration.ofHours(1)).withSecure(true).addTo(headers);
        Cookie.of("gone", "").withMaxAge(Duration.ofSeconds(-1)).withPath("/p").addTo(headers);
        assertThat(headers.all("Set-Cookie"))
                .containsExactly(
                        "id=x1; Path=/; Max-Age=3600; Secure; HttpOnly; SameSite=Lax",
                        "gone=; Path=/p; Max-Age=0; HttpOnly; SameSite=Lax");
    }

    @Test
    void shouldRefuseCookiesThatBreakOut() {
        for (String value : new String[] {"a;b", "a,b", "a b", "a\r\nX: y", "\"", "\\", "é", "\0"}) {
            assertThatThrownBy(() -> Cookie.of("n", value)).isInstanceOf(IllegalArgumentException.class);
        }
        for (String name : new String[] {"", "a b", "a=b", "a;", "é", "a\n"}) {
            assertThatThrownBy(() -> Cookie.of(name, "v")).isInstanceOf(IllegalArgumentException.class);
        }
        assertThatThrownBy(() -> Cookie.of("n", "v").withPath("/;Domain=x"))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Cookie.of("__Host-n", "v")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Cookie.of("__Secure-n", "v")).isInstanceOf(IllegalArgumentException.class);
    }
}
