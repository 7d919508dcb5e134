// SPDX-License-Identifier: Apache-2.0
package io.hawser.websocket;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What two sides agree on, and what neither accepts. */
final class NegotiationTest {
    private static final PerMessageDeflate OPTIONS = PerMessageDeflate.DEFAULT;

    private static Optional<String> answer(String offers) {
        return Deflation.accept(Extension.parse(List.of(offers)), OPTIONS).map(Deflation::response);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', nullValues = "none", textBlock = """
            permessage-deflate                                             | permessage-deflate
            permessage-deflate; client_max_window_bits                     | permessage-deflate
            permessage-deflate; client_max_window_bits=10                  | permessage-deflate
            permessage-deflate;server_no_context_takeover                  | permessage-deflate; server_no_context_takeover
            permessage-deflate; client_no_context_takeover                 | permessage-deflate; client_no_context_takeover
            permessage-deflate; server_max_window_bits="10"                | permessage-deflate; server_max_window_bits=10
            x; y=1, permessage-deflate; server_max_window_bits=15          | permessage-deflate
            permessage-deflate; unknown, permessage-deflate                | permessage-deflate
            permessage-deflate; server_max_window_bits                     | none
            permessage-deflate; server_max_window_bits=16                  | none
            permessage-deflate; server_max_window_bits=7                   | none
            permessage-deflate; server_max_window_bits=09                  | none
            permessage-deflate; server_no_context_takeover=1               | none
            permessage-deflate; client_max_window_bits=0                   | none
            permessage-deflate; client_max_window_bits; client_max_window_bits | none
            x-webkit-deflate-frame                                         | none
            """)
    void shouldTakeTheFirstOfferThatCanBeMet(String offers, String answer) {
        assertThat(answer(offers)).isEqualTo(Optional.ofNullable(answer));
    }

    @ParameterizedTest
    @ValueSource(strings = {";", "a b", "a;", "a;=1", "a; b=", "a; b=\"", "a; b=\"c d\"", "a\u0001"})
    void shouldRefuseMalformedExtensions(String fields) {
        assertThat(Extension.parse(List.of(fields))).isNull();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "permessage-deflate; server_max_window_bits",
                "permessage-deflate; client_max_window_bits",
                "permessage-deflate; other",
                "other"
            })
    void shouldRefuseAnswersThatWereNotAskedFor(String answer) {
        final Extension extension = Extension.parse(List.of(answer)).getFirst();
        assertThat(Deflation.accepted(extension, OPTIONS)).isEmpty();
    }

    @Test
    void shouldKeepToWhatAServerAsksFor() {
        final Extension extension = Extension.parse(
                        List.of("permessage-deflate; client_max_window_bits=9; server_no_context_takeover"))
                .getFirst();
        assertThat(Deflation.accepted(extension, OPTIONS)).contains(new Deflation(OPTIONS, true, false, 9));
        assertThat(Deflation.offer(OPTIONS.withTakeover(false, false)))
                .isEqualTo("permessage-deflate; server_no_context_takeover; client_no_context_takeover;"
                        + " client_max_window_bits");
        // It was told to forget, and does not.
        assertThat(Deflation.accepted(
                        Extension.parse(List.of("permessage-deflate")).getFirst(), OPTIONS.withTakeover(true, false)))
                .isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "http://a",
                "ws://",
                "ws:///path",
                "ws://user@host/",
                "ws://host/a b",
                "ws://host/\r\nX: y",
                "ws://host/#part",
                "ws://host/\u00e4"
            })
    void shouldRefuseAddressesThatWouldBreakOutOfARequest(String uri) {
        assertThatThrownBy(() -> WebSocketUri.parse(uri)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void shouldReadAddresses() {
        final WebSocketUri uri = WebSocketUri.parse("ws://[::1]/a/b?c=d/e");
        assertThat(uri.address()).isEqualTo("tcp://[::1]:80");
        assertThat(uri.hostHeader()).isEqualTo("[::1]");
        assertThat(uri.target()).isEqualTo("/a/b?c=d/e");
        assertThat(WebSocketUri.parse("ws://h:81?x").target()).isEqualTo("/?x");
        assertThat(WebSocketUri.parse("wss://h:443/").hostHeader()).isEqualTo("h");
        assertThat(WebSocketUri.parse("wss://h").address()).isEqualTo("tls://h:443");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a b", "a,b", "a\r\nX: y", "\u00e4"})
    void shouldRefuseSubprotocolsThatAreNoTokens(String name) {
        assertThatThrownBy(() -> WebSocketOptions.DEFAULT.withSubprotocols(name))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void shouldRefuseHeadersThatBreakOut() {
        assertThatThrownBy(() -> WebSocketOptions.DEFAULT.withHeader("A", "b\r\nC: d"))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> WebSocketOptions.DEFAULT.withHeader("A:", "b"))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
