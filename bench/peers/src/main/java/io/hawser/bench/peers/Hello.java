// SPDX-License-Identifier: Apache-2.0
package io.hawser.bench.peers;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/** What every HTTP peer answers, with {@code Content-Type}, {@code Content-Length} and {@code Date}, whoever sets them. */
final class Hello {
    static final String BODY = "Hello, World!";
    static final String TYPE = "text/plain";

    /** How long a {@code Date} is good for; then it is made anew, rather than for each answer. */
    static final long DATE_MS = 1000;

    /** RFC 9110, 5.6.7: RFC_1123_DATE_TIME of the JDK has no leading zero on the day. */
    private static final DateTimeFormatter DATE = DateTimeFormatter.ofPattern(
                    "EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.ROOT)
            .withZone(ZoneOffset.UTC);

    private Hello() {}

    static byte[] body() {
        return BODY.getBytes(StandardCharsets.US_ASCII);
    }

    /** The {@code Date} of now. */
    static String date() {
        return DATE.format(Instant.now());
    }
}
