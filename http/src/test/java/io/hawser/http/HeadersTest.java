// SPDX-License-Identifier: Apache-2.0
package io.hawser.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class HeadersTest {
    @Test
    void shouldKeepTheOrderAndIgnoreTheCaseOfNames() {
        final Headers headers = Headers.of("A", "1", "b", "2", "a", "3");

        assertThat(headers.first("a")).contains("1");
        assertThat(headers.all("A")).containsExactly("1", "3");
        assertThat(headers.contains("B")).isTrue();
        assertThat(headers).hasToString("A: 1\nb: 2\na: 3\n");
        final List<String> entries = new ArrayList<>();
        headers.iterator().forEachRemaining(entry -> entries.add(entry.getKey() + entry.getValue()));
        assertThat(entries).containsExactly("A1", "b2", "a3");
    }

    @Test
    void shouldSetInThePlaceOfTheFirst() {
        final Headers headers =
                Headers.of("A", "1", "b", "2", "a", "3", "c", "4").set("a", "5");

        assertThat(headers).hasToString("a: 5\nb: 2\nc: 4\n");
        assertThat(headers.remove("B")).hasToString("a: 5\nc: 4\n");
        assertThat(headers.copy().clear().size()).isZero();
        assertThat(headers.size()).isEqualTo(2);
    }

    @Test
    void shouldFindTokensInLists() {
        final Headers headers = Headers.of("Connection", "keep-alive, Upgrade", "connection", "\tclose ");

        assertThat(headers.containsToken("connection", "upgrade")).isTrue();
        assertThat(headers.containsToken("connection", "close")).isTrue();
        assertThat(headers.containsToken("connection", "grade")).isFalse();
    }

    @Test
    void shouldGrow() {
        final Headers headers = new Headers();
        for (int i = 0; i < 100; i++) {
            headers.add("X-" + i, String.valueOf(i));
        }

        assertThat(headers.size()).isEqualTo(100);
        assertThat(headers.first("x-99")).contains("99");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a b", "a:", "a\r\n", "a\0", "é", "a\nb", "(a)"})
    void shouldRefuseNames(String name) {
        assertThatIllegalArgumentException().isThrownBy(() -> new Headers().set(name, "x"));
        assertThatIllegalArgumentException().isThrownBy(() -> new Headers().add(name, "x"));
        assertThatIllegalArgumentException().isThrownBy(() -> Headers.of(name, "x"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"a\r\nb: c", "a\nb", "a\rb", "a\0b", "a\u007fb", "\u0100", "😀"})
    void shouldRefuseValues(String value) {
        assertThatIllegalArgumentException().isThrownBy(() -> new Headers().set("a", value));
        assertThatIllegalArgumentException().isThrownBy(() -> new Headers().add("a", value));
    }
}
