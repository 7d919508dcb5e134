// SPDX-License-Identifier: Apache-2.0
package io.hawser.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.hawser.buffer.BlockPool;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The parsers of heads and bodies, without a connection: however a stream is cut, it is the same requests. */
final class RequestParserTest {
    private static final String STREAM =
            "\r\nGET /a?b=c HTTP/1.1\r\nHost: a:80\r\nEmpty:\r\nX:  y z\t \r\nx: \u00e9\r\n\r\n"
                    + "POST /b HTTP/1.1\r\nhost: b\r\nContent-Length: 5\r\nContent-Xength: 7\r\n\r\nhello"
                    + "POST /c HTTP/1.1\r\nHOST: [::1]:8\r\nTransfer-Encoding: CHUNKED\r\nExpect: 100-continue\r\n\r\n"
                    + "3;ext=\"q\"\r\nabc\r\nA\r\n0123456789\r\n00\r\nT: 1\r\nU:2\r\n\r\n"
                    + "GET /d HTTP/1.0\r\n\r\n"
                    + "OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
                    + "GET http://A/e HTTP/1.1\r\nHost: a\r\nLong: " + "v".repeat(6_000) + "\r\n\r\n"
                    + "GET /f HTTP/1.1\r\nHost: a\r\n\r\n";

    private final BlockPool pool = new BlockPool(64 << 20);

    @AfterEach
    void shouldLeaveNoMemory() {
        assertThat(pool.usedBytes()).isZero();
        pool.close();
    }

    private List<String> whole(byte[] stream) {
        return RequestLog.of(pool, stream, () -> stream.length);
    }

    @Test
    void shouldReadTheSameRequestsHoweverTheyAreCut() {
        final byte[] stream = STREAM.getBytes(StandardCharsets.ISO_8859_1);
        final List<String> whole = whole(stream);
        assertThat(whole).hasSize(7);
        assertThat(whole.get(1)).contains("Content-Xength: 7").contains("\nhello\n");
        assertThat(whole.get(2)).contains("\nabc0123456789\nT: 1\nU: 2\n");

        assertThat(RequestLog.of(pool, stream, () -> 1)).isEqualTo(whole);
        for (int seed = 0; seed < 200; seed++) {
            final Random random = new Random(seed);
            final int most = 1 + random.nextInt(300);
            assertThat(RequestLog.of(pool, stream, () -> random.nextInt(most)))
                    .as("seed %d", seed)
                    .isEqualTo(whole);
        }
    }

    @ParameterizedTest
    @EnumSource
    void shouldRefuse(HostileRequest hostile) {
        final byte[] stream = hostile.bytes();
        final List<String> expected = List.of(String.valueOf(hostile.status()));

        assertThat(whole(stream)).isEqualTo(expected);
        assertThat(RequestLog.of(pool, stream, () -> 1)).as("byte by byte").isEqualTo(expected);
        final Random random = new Random(7);
        assertThat(RequestLog.of(pool, stream, () -> random.nextInt(20)))
                .as("cut")
                .isEqualTo(expected);
        // What is remembered of an honest request helps nobody.
        assertThat(whole(("GET / HTTP/1.1\r\nHost: a\r\n\r\n" + new String(stream, StandardCharsets.ISO_8859_1))
                        .getBytes(StandardCharsets.ISO_8859_1)))
                .as("behind another")
                .hasSize(2)
                .endsWith(String.valueOf(hostile.status()));
    }

    @Test
    void shouldSeeWhatLiesBehindASmuggledRequestAsData() {
        final String inner = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";
        final String stream = "POST / HTTP/1.1\r\nHost: a\r\nContent-Xength: 0\r\nContent-Length: " + inner.length()
                + "\r\n\r\n" + inner;

        assertThat(whole(stream.getBytes(StandardCharsets.ISO_8859_1))).hasSize(1);
    }
}
