// SPDX-License-Identifier: Apache-2.0
package io.hawser.http;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The {@code Range} field (RFC 9110, 14.1.2 and 14.2). A client may ask for anything, so there is a bound on the number of ranges, and they
 * may not ask for more than the whole: then the field is ignored, as the RFC permits.
 */
final class ByteRanges {
    /** More is nobody's honest request. */
    static final int MOST = 32;

    private static final String UNIT = "bytes=";
    private static final int MOST_DIGITS = 18;

    private ByteRanges() {}

    /** A part of a representation; {@code length} is positive. */
    record Range(long start, long length) {
        /** The value of {@code Content-Range} for it. */
        String of(long size) {
            return "bytes " + start + "-" + (start + length - 1) + "/" + size;
        }
    }

    /**
     * Reads the field.
     *
     * @param size of the representation in bytes
     * @return the ranges that are there; none if it asks for none of them (416); nothing at all if it is to be ignored
     */
    static Optional<List<Range>> parse(String field, long size) {
        if (!field.regionMatches(true, 0, UNIT, 0, UNIT.length())) {
            return Optional.empty();
        }
        final List<Range> ranges = new ArrayList<>(2);
        int seen = 0;
        long total = 0;
        int from = UNIT.length();
        while (from <= field.length()) {
            int to = field.indexOf(',', from);
            if (to < 0) {
                to = field.length();
            }
            final String spec = field.substring(from, to).strip();
            from = to + 1;
            if (spec.isEmpty()) {
                continue;
            }
            if (++seen > MOST) {
                return Optional.empty();
            }
            final int dash = spec.indexOf('-');
            if (dash < 0) {
                return Optional.empty();
            }
            final long first = number(spec, 0, dash);
            final long last = number(spec, dash + 1, spec.length());
            if (first == INVALID || last == INVALID || (first == ABSENT && last == ABSENT)) {
                return Optional.empty();
            }
            if (first != ABSENT && last != ABSENT && last < first) {
                return Optional.empty();
            }
            final long start = first == ABSENT ? Math.max(0, size - last) : first;
            final long end = first == ABSENT || last == ABSENT ? size : Math.min(size, last + 1);
            if (start < end) {
                ranges.add(new Range(start, end - start));
                total += end - start;
            }
        }
        if (seen == 0 || total > size) {
            return Optional.empty();
        }
        return Optional.of(ranges);
    }

    private static final long ABSENT = -1;
    private static final long INVALID = -2;

    private static long number(String text, int from, int to) {
        if (from == to) {
            return ABSENT;
        }
        long value = 0;
        for (int i = from; i < to; i++) {
            final int digit = text.charAt(i) - '0';
            if (digit < 0 || digit > 9) {
                return INVALID;
            }
            // Beyond the size of any file it does not matter by how much.
            if (value < (long) Math.pow(10, MOST_DIGITS - 1)) {
                value = 10 * value + digit;
            }
        }
        return value;
    }
}
