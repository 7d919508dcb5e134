// SPDX-License-Identifier: Apache-2.0
package io.hawser.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.hawser.http.Conditions.Outcome;
import java.time.Instant;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConditionsTest {
    private static final Instant MODIFIED = Instant.parse("1994-11-06T08:49:37Z");
    private static final String AT = "Sun, 06 Nov 1994 08:49:37 GMT";
    private static final String BEFORE = "Sun, 06 Nov 1994 08:49:36 GMT";

    private static Headers headers(String fields) {
        final Headers headers = new Headers();
        for (String field : fields.split(";", -1)) {
            final int colon = field.indexOf(':');
            headers.add(
                    field.substring(0, colon).strip(),
                    field.substring(colon + 1).strip());
        }
        return headers;
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "X: y                                       | PROCEED      | PROCEED",
                "If-Match: \"a\"                            | PROCEED      | PROCEED",
                "If-Match: \"b\", \"a\"                     | PROCEED      | PROCEED",
                "If-Match: \"b\"; If-Match: \"a\"           | PROCEED      | PROCEED",
                "If-Match: *                                | PROCEED      | PROCEED",
                "If-Match: \"b\"                            | FAILED       | FAILED",
                "If-Match: W/\"a\"                          | FAILED       | FAILED",
                "If-Match: a                                | FAILED       | FAILED",
                "If-Unmodified-Since: AT                    | PROCEED      | PROCEED",
                "If-Unmodified-Since: BEFORE                | FAILED       | FAILED",
                "If-Match: \"a\"; If-Unmodified-Since: BEFORE | PROCEED    | PROCEED",
                "If-None-Match: \"a\"                       | NOT_MODIFIED | FAILED",
                "If-None-Match: W/\"a\"                     | NOT_MODIFIED | FAILED",
                "If-None-Match: *                           | NOT_MODIFIED | FAILED",
                "If-None-Match: \"b\"                       | PROCEED      | PROCEED",
                "If-None-Match: \"b\"; If-Modified-Since: AT | PROCEED     | PROCEED",
                "If-Modified-Since: AT                      | NOT_MODIFIED | PROCEED",
                "If-Modified-Since: BEFORE                  | PROCEED      | PROCEED",
                "If-Modified-Since: yesterday               | PROCEED      | PROCEED",
                "If-Modified-Since: AT; If-Modified-Since: AT | PROCEED    | PROCEED",
                "If-Match: \"b\"; If-None-Match: \"a\"      | FAILED       | FAILED"
            })
    void shouldFollowThePrecedence(String fields, Outcome safe, Outcome unsafe) {
        final Headers headers = headers(fields.replace("AT", AT).replace("BEFORE", BEFORE));
        assertThat(Conditions.evaluate(headers, true, "\"a\"", MODIFIED)).isEqualTo(safe);
        assertThat(Conditions.evaluate(headers, false, "\"a\"", MODIFIED)).isEqualTo(unsafe);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "X: y                          | true  | true",
                "If-Range: \"a\"               | true  | true",
                "If-Range: \"b\"               | false | false",
                "If-Range: W/\"a\"             | false | false",
                "If-Range: AT                  | true  | false",
                "If-Range: BEFORE              | false | false",
                "If-Range: \"a\"; If-Range: \"a\" | false | false"
            })
    void shouldHeedARangeOnlyOfWhatIsThereNow(String fields, boolean settled, boolean unsettled) {
        final Headers headers = headers(fields.replace("AT", AT).replace("BEFORE", BEFORE));
        assertThat(Conditions.rangeApplies(headers, "\"a\"", MODIFIED, true)).isEqualTo(settled);
        assertThat(Conditions.rangeApplies(headers, "\"a\"", MODIFIED, false)).isEqualTo(unsettled);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "bytes=0-4              | 0+5",
                "bytes=5-               | 5+5",
                "bytes=-3               | 7+3",
                "bytes=-99              | 0+10",
                "bytes=9-99999999999999999999999 | 9+1",
                "bytes=0-0,9-9          | 0+1 9+1",
                "BYTES=0-0, ,-1         | 0+1 9+1",
                "bytes=10-              | none",
                "bytes=99999999999999999999999999- | none",
                "bytes=-0               | none",
                "bytes=99-,0-0          | 0+1",
                "bytes=4-3              | ignored",
                "bytes=                 | ignored",
                "bytes=-                | ignored",
                "bytes=a-b              | ignored",
                "bytes=1                | ignored",
                "bytes=--1              | ignored",
                "items=0-4              | ignored",
                "bytes=0-9,0-9          | ignored"
            })
    void shouldReadRanges(String field, String expected) {
        assertThat(ByteRanges.parse(field, 10)
                        .map(ranges -> ranges.isEmpty()
                                ? "none"
                                : ranges.stream()
                                        .map(range -> range.start() + "+" + range.length())
                                        .collect(Collectors.joining(" ")))
                        .orElse("ignored"))
                .isEqualTo(expected);
    }

    @Test
    void shouldIgnoreABombOfRanges() {
        final String many =
                "bytes=" + IntStream.range(0, 5000).mapToObj(i -> i + "-" + i).collect(Collectors.joining(","));
        assertThat(ByteRanges.parse(many, 1 << 20)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "Sun, 06 Nov 1994 08:49:37 GMT  | true",
                "Sunday, 06-Nov-94 08:49:37 GMT | true",
                "Sun Nov  6 08:49:37 1994       | true",
                "Sun, 06 Nov 1994 08:49:37 CET  | false",
                "Sun, 36 Nov 1994 08:49:37 GMT  | false",
                "Sun, 06 Nov 1994 28:49:37 GMT  | false",
                "Sun, 06 Foo 1994 08:49:37 GMT  | false",
                "Sun, 06 Nov x 08:49:37 GMT     | false",
                "''                             | false"
            })
    void shouldReadTheThreeFormsOfDates(String text, boolean valid) {
        assertThat(HttpDates.parse(text).map(MODIFIED::equals))
                .isEqualTo(valid ? java.util.Optional.of(true) : java.util.Optional.empty());
    }

    @Test
    void shouldWriteTheOneForm() {
        assertThat(HttpDates.format(MODIFIED)).isEqualTo(AT);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "gzip                    | 1000 | 1",
                "GZIP;q=0.5              | 500  | 1",
                "deflate, gzip;q=0       | 0    | 1",
                "*                       | 1000 | 1000",
                "*;q=0                   | 0    | 0",
                "gzip;q=0.25, *;q=0.5    | 250  | 500",
                "x-gzip                  | 1000 | 1",
                "identity;q=0, gzip;q=0.001 | 1 | 0",
                "gzip;q=2                | 0    | 1",
                "gzip;q=1.001            | 0    | 1",
                "gzip;q=abc              | 0    | 1",
                "gzip;q=                 | 0    | 1",
                "br                      | 0    | 1"
            })
    void shouldWeighEncodings(String field, int gzip, int identity) {
        assertThat(AcceptEncoding.weight(List.of(field), "gzip")).isEqualTo(gzip);
        assertThat(AcceptEncoding.weight(List.of(field), "identity")).isEqualTo(identity);
    }
}
