// SPDX-License-Identifier: Apache-2.0
package io.hawser.http;

import java.nio.charset.StandardCharsets;
import java.time.Instant;

/** The Date field, RFC 9110, 6.6.1, made once a second. Any thread. */
final class DateField {
    private static final class Line {
        private final long second;
        private final byte[] bytes;

        Line(long second, byte[] bytes) {
            this.second = second;
            this.bytes = bytes;
        }
    }

    private static volatile Line current = line(0);

    private DateField() {}

    private static Line line(long second) {
        final String text = "Date: " + HttpDates.format(Instant.ofEpochSecond(second)) + "\r\n";
        return new Line(second, text.getBytes(StandardCharsets.US_ASCII));
    }

    /** The whole line of now. */
    static byte[] now() {
        final long second = System.currentTimeMillis() / 1000;
        Line line = current;
        if (line.second != second) {
            line = line(second);
            current = line;
        }
        return line.bytes;
    }
}
