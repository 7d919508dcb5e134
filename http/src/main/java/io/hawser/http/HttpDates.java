// SPDX-License-Identifier: Apache-2.0
package io.hawser.http;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.Year;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** The dates of fields (RFC 9110, 5.6.7): one form is written, three are read. Stateless. */
final class HttpDates {
    private static final DateTimeFormatter FORMAT = DateTimeFormatter.ofPattern(
                    "EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.ROOT)
            .withZone(ZoneOffset.UTC);

    private static final List<String> MONTHS =
            List.of("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec");
    private static final int LONGEST = 40;

    private HttpDates() {}

    /** {@code Sun, 06 Nov 1994 08:49:37 GMT}. */
    static String format(Instant time) {
        return FORMAT.format(time);
    }

    /** Reads any of the three forms; empty for anything else. The name of the day is not looked at. */
    static Optional<Instant> parse(String text) {
        if (text.length() > LONGEST) {
            return Optional.empty();
        }
        final String[] parts = text.strip().split("[ ,-]+", -1);
        try {
            if (parts.length == 6 && parts[5].equals("GMT")) {
                // Sun, 06 Nov 1994 08:49:37 GMT, or Sunday, 06-Nov-94 08:49:37 GMT
                return Optional.of(instant(parts[1], parts[2], year(parts[3]), parts[4]));
            }
            if (parts.length == 5) {
                // Sun Nov  6 08:49:37 1994
                return Optional.of(instant(parts[2], parts[1], year(parts[4]), parts[3]));
            }
            return Optional.empty();
        } catch (NumberFormatException | DateTimeException _) {
            return Optional.empty();
        }
    }

    private static Instant instant(String day, String month, int year, String time) {
        final int index = MONTHS.indexOf(month);
        if (index < 0 || time.length() != 8) {
            throw new DateTimeException("Not a date");
        }
        final LocalDate date = LocalDate.of(year, index + 1, Integer.parseInt(day));
        return LocalDateTime.of(date, LocalTime.parse(time)).toInstant(ZoneOffset.UTC);
    }

    /** Two digits mean a year that is not more than 50 years from now (RFC 9110, 5.6.7). */
    private static int year(String text) {
        final int year = Integer.parseInt(text);
        if (text.length() != 2) {
            return year;
        }
        final int now = Year.now(ZoneOffset.UTC).getValue();
        final int close = now - now % 100 + year;
        return close > now + 50 ? close - 100 : close;
    }

    /** To the second, as dates are written. */
    static Instant seconds(Instant time) {
        return time.truncatedTo(ChronoUnit.SECONDS);
    }
}
