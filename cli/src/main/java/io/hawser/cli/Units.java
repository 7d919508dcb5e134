// SPDX-License-Identifier: Apache-2.0
package io.hawser.cli;

import java.util.Locale;

/** Figures as people read them: three digits or so, and a unit. Decimal units: 1 MB is 1,000,000 bytes. */
final class Units {
    private Units() {}

    /** A number without needless decimals. */
    static String plain(double value) {
        return value == Math.rint(value) && Math.abs(value) < 1e15
                ? String.valueOf((long) value)
                : String.format(Locale.ROOT, "%s", value);
    }

    /** A count, with commas between thousands. */
    static String count(long value) {
        return String.format(Locale.ROOT, "%,d", value);
    }

    /** An amount of bytes. */
    static String bytes(double bytes) {
        if (bytes < 1_000) {
            return count(Math.round(bytes)) + " B";
        }
        if (bytes < 1e6) {
            return scaled(bytes / 1e3) + " kB";
        }
        return bytes < 1e9 ? scaled(bytes / 1e6) + " MB" : scaled(bytes / 1e9) + " GB";
    }

    /** A time. */
    static String time(long ns) {
        if (ns < 1e6) {
            return scaled(ns / 1e3) + " µs";
        }
        return ns < 1e9 ? scaled(ns / 1e6) + " ms" : scaled(ns / 1e9) + " s";
    }

    private static String scaled(double value) {
        if (value < 9.995) {
            return String.format(Locale.ROOT, "%.2f", value);
        }
        return value < 99.95 ? String.format(Locale.ROOT, "%.1f", value) : count(Math.round(value));
    }

    /** {@code count} and the noun, in the plural if it asks for that. */
    static String counted(long count, String noun) {
        return count(count) + " " + noun + (count == 1 ? "" : "s");
    }
}
