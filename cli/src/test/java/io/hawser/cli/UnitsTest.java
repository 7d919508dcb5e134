// SPDX-License-Identifier: Apache-2.0
package io.hawser.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class UnitsTest {
    @ParameterizedTest
    @CsvSource({"0, 0 B", "999, 999 B", "1000, 1.00 kB", "999999, 1000 kB", "1500000, 1.50 MB", "12345678901, 12.3 GB"})
    void shouldPrintBytes(double bytes, String text) {
        assertThat(Units.bytes(bytes)).isEqualTo(text.replace("1000", "1,000"));
    }

    @ParameterizedTest
    @CsvSource({"0, 0.00 µs", "61440, 61.4 µs", "999999, '1,000 µs'", "9995000, 10.0 ms", "60000000000, 60.0 s"})
    void shouldPrintTimes(long ns, String text) {
        assertThat(Units.time(ns)).isEqualTo(text);
    }

    @ParameterizedTest
    @CsvSource({"0, 0 loops", "1, 1 loop", "1234, '1,234 loops'"})
    void shouldCountThings(long count, String text) {
        assertThat(Units.counted(count, "loop")).isEqualTo(text);
    }

    @ParameterizedTest
    @CsvSource({"0, 0", "0.5, 0.5", "99.99, 99.99", "1000000, 1000000", "-3, -3", "NaN, NaN"})
    void shouldPrintPlainNumbersWithoutNeedlessDecimals(double value, String text) {
        assertThat(Units.plain(value)).isEqualTo(text);
    }
}
