// SPDX-License-Identifier: Apache-2.0
package io.hawser.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hawser.buffer.BlockPool;
import io.hawser.buffer.Buffer;
import java.net.ProtocolException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ResponseReaderTest {
    private static String read(String text, int pieceChars) throws ProtocolException {
        final List<String> all = new ArrayList<>();
        final ResponseReader reader = new ResponseReader();
        try (BlockPool pool = new BlockPool(64 << 20);
                Buffer in = new Buffer(pool)) {
            for (int at = 0; at < text.length(); at += pieceChars) {
                in.writeString(text.substring(at, Math.min(text.length(), at + pieceChars)));
                while (reader.next(in)) {
                    all.add(reader.status() + ":" + reader.bytes() + (reader.closes() ? "!" : ""));
                }
            }
            if (reader.end()) {
                all.add(reader.status() + ":" + reader.bytes() + (reader.closes() ? "!" : ""));
            }
            assertThat(in.readableBytes()).isZero();
        }
        return String.join(" ", all);
    }

    private static void assertReads(String text, String expected) throws ProtocolException {
        final String wire = text.replace("~", "\r\n");
        for (int piece = 1; piece <= wire.length(); piece++) {
            assertThat(read(wire, piece)).as("in pieces of %d", piece).isEqualTo(expected);
        }
    }

    @Test
    void shouldTellOneResponseFromTheNext() throws ProtocolException {
        assertReads("HTTP/1.1 200 OK~Content-Length: 5~~helloHTTP/1.1 404 No~content-length:0~~", "200:43 404:37");
        assertReads("HTTP/1.1 200 OK~Transfer-Encoding: chunked~~3;x=y~abc~0A~0123456789~0~T: u~~", "200:86");
        assertReads("HTTP/1.1 103 Hints~A: b~~HTTP/1.1 204 ~~HTTP/1.1 304 No~Content-Length: 9~~", "204:45 304:38");
    }

    @Test
    void shouldTellWhenTheConnectionEnds() throws ProtocolException {
        assertReads("HTTP/1.1 200 OK~Connection: Close~Content-Length: 1~~x", "200:58!");
        assertReads("HTTP/1.0 200 OK~Content-Length: 1~~x", "200:39!");
        assertReads("HTTP/1.0 200 OK~Connection: keep-alive~Content-Length: 1~~x", "200:63");
        assertReads("HTTP/1.1 200 OK~~until the end", "200:32!");
        // Cut off.
        assertReads("HTTP/1.1 200 OK~Content-Length: 10~~x", "");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "hello~",
                "HTTP/2 200 OK~",
                "HTTP/1.1 20 OK~",
                "HTTP/1.1 200 OK~Content-Length: -1~",
                "HTTP/1.1 200 OK~Content-Length: 9999999999999999999~",
                "HTTP/1.1 200 OK~Transfer-Encoding: chunked~~x~",
                "HTTP/1.1 200 OK~Transfer-Encoding: chunked~~fffffffffffffffff~",
                "HTTP/1.1 200 OK~Transfer-Encoding: chunked~~1~ab~",
            })
    void shouldRefuseWhatIsNoHttp(String text) {
        final String wire = text.replace("~", "\r\n");
        for (int piece : new int[] {1, 3, wire.length()}) {
            assertThatThrownBy(() -> read(wire, piece)).isInstanceOf(ProtocolException.class);
        }
    }

    @Test
    void shouldBoundLinesAndHeads() {
        assertThatThrownBy(() -> read("x".repeat(100_000), 1000)).hasMessageContaining("line");
        final String endless = "HTTP/1.1 200 OK\r\n" + "A: b\r\n".repeat(50_000);
        assertThatThrownBy(() -> read(endless, 1000)).hasMessageContaining("head");
    }
}
