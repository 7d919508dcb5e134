// SPDX-License-Identifier: Apache-2.0
package io.hawser.http;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/** The Date field, RFC 9110, 6.6.1, made once a second. Any thread. */
final class DateField {
    /** IMF-fixdate, RFC 9110, 5.6.7. */
    static final DateTimeFormatter FORMAT = DateTimeFormatter.ofPattern("EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.ROOT)
            .withZone(ZoneOffset.UTC);

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
        final String text = "Date: " + FORMAT.format(Instant.ofEpochSecond(second)) + "\r\n";
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
