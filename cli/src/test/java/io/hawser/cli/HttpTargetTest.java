// SPDX-License-Identifier: Apache-2.0
package io.hawser.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HttpTargetTest {
    @ParameterizedTest
    @CsvSource({
        "http://a:81/b/c?d=e#f, tcp://a:81, /b/c?d=e, a:81",
        "http://a, tcp://a:80, /, a",
        "https://a?b, tls://a:443, /?b, a",
        "https://[::1]:8443/, 'tls://[::1]:8443', /, '[::1]:8443'",
        "http://[::1], 'tcp://[::1]:80', /, '[::1]'",
    })
    void shouldTellWhereToConnectAndWhatToAskFor(String uri, String address, String target, String host) {
        final HttpTarget parsed = HttpTarget.parse(uri);

        assertThat(parsed.address()).hasToString(address);
        assertThat(new String(parsed.request(), StandardCharsets.US_ASCII))
                .startsWith("GET " + target + " HTTP/1.1\r\nHost: " + host + "\r\n")
                .endsWith("\r\n\r\n");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "http://",
                "http:///a",
                "http://user@a/",
                "http://a:b/",
                "http://a/ b",
                "http://a/\r\nX: y",
                "http://a/é"
            })
    void shouldRefuseWhatNamesNothing(String uri) {
        assertThatThrownBy(() -> HttpTarget.parse(uri)).isInstanceOf(IllegalArgumentException.class);
    }
}
