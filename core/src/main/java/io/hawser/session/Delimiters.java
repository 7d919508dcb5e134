// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

import io.hawser.buffer.Block;
import io.hawser.buffer.Buffer;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.List;

/**
 * Finds the first of several delimiters: one step a byte, whatever the bytes and the delimiters are (Aho and Corasick, "Efficient string matching",
 * 1975). Of two that end at the same byte the longer one is found. Immutable.
 */
final class Delimiters {
    /** None was found. */
    static final long NONE = -1;

    private static final int MAX_BYTES = 256;
    /** The table has 512 bytes for each. */
    private static final int MAX_BYTES_IN_ALL = 1024;

    private static final int LENGTH_BITS = 9;
    private static final int SYMBOLS = 256;

    /** For each state and byte the next state. */
    private final short[] next;
    /** For each state how long the delimiter is that ends there, or 0. */
    private final short[] ends;

    private final int longest;
    /** The only delimiter, if it is one byte. */
    private final int single;

    Delimiters(List<byte[]> alternatives) {
        requireLegal(alternatives);
        longest = alternatives.stream().mapToInt(bytes -> bytes.length).max().orElseThrow();
        single = alternatives.size() == 1 && longest == 1 ? alternatives.getFirst()[0] & 0xff : -1;
        final int states =
                1 + alternatives.stream().mapToInt(bytes -> bytes.length).sum();
        next = new short[states * SYMBOLS];
        ends = new short[states];
        int count = 1;
        for (byte[] delimiter : alternatives) {
            int state = 0;
            for (byte symbol : delimiter) {
                final int at = state * SYMBOLS + (symbol & 0xff);
                if (next[at] == 0) {
                    next[at] = (short) count++;
                }
                state = next[at];
            }
            ends[state] = (short) delimiter.length;
        }
        completeTransitions(states);
    }

    /** Where no delimiter goes on, goes on with the longest end of what was read that begins one. */
    private void completeTransitions(int states) {
        final int[] fallback = new int[states];
        final ArrayDeque<Integer> queue = new ArrayDeque<>();
        for (int symbol = 0; symbol < SYMBOLS; symbol++) {
            if (next[symbol] != 0) {
                queue.add((int) next[symbol]);
            }
        }
        while (!queue.isEmpty()) {
            final int state = queue.remove();
            if (ends[state] == 0) {
                ends[state] = ends[fallback[state]];
            }
            for (int symbol = 0; symbol < SYMBOLS; symbol++) {
                final int at = state * SYMBOLS + symbol;
                final short below = next[fallback[state] * SYMBOLS + symbol];
                if (next[at] == 0) {
                    next[at] = below;
                } else {
                    fallback[next[at]] = below;
                    queue.add((int) next[at]);
                }
            }
        }
    }

    private static void requireLegal(List<byte[]> alternatives) {
        if (alternatives.isEmpty()) {
            throw new IllegalArgumentException("There is no delimiter");
        }
        for (byte[] delimiter : alternatives) {
            if (delimiter.length == 0 || delimiter.length > MAX_BYTES) {
                throw new IllegalArgumentException("A delimiter has 1 to " + MAX_BYTES + " bytes: " + delimiter.length);
            }
        }
        if (alternatives.stream().mapToInt(bytes -> bytes.length).sum() > MAX_BYTES_IN_ALL) {
            throw new IllegalArgumentException("Delimiters of more than " + MAX_BYTES_IN_ALL + " bytes in all");
        }
        for (int i = 0; i < alternatives.size(); i++) {
            for (int j = 0; j < alternatives.size(); j++) {
                if (i != j && hides(alternatives.get(i), alternatives.get(j))) {
                    throw new IllegalArgumentException("Delimiter " + Arrays.toString(alternatives.get(j))
                            + " would never be found, since it holds " + Arrays.toString(alternatives.get(i)));
                }
            }
        }
    }

    /** Whether {@code inner} is all of {@code outer}, or ends within it. */
    private static boolean hides(byte[] inner, byte[] outer) {
        if (inner.length == outer.length) {
            return Arrays.equals(inner, outer);
        }
        for (int at = 0; at + inner.length < outer.length; at++) {
            if (Arrays.equals(inner, 0, inner.length, outer, at, at + inner.length)) {
                return true;
            }
        }
        return false;
    }

    /** How long the longest is. */
    int longest() {
        return longest;
    }

    /**
     * The first that lies between {@code from} and {@code to}, counted from the read position.
     *
     * @return {@link #NONE}, or what {@link #end} and {@link #length} take apart
     */
    long find(Buffer in, long from, long to) {
        if (single >= 0) {
            final long at = in.indexOf((byte) single, from, to);
            return at < 0 ? NONE : found(at + 1, 1);
        }
        long base = 0;
        int state = 0;
        for (Block block = in.head(); block != null && base < to; block = block.next()) {
            final int bytes = (int) Math.min(block.readableBytes(), to - base);
            final MemorySegment memory = block.memory();
            for (long i = Math.max(0, from - base); i < bytes; i++) {
                state = next[state * SYMBOLS + (memory.get(ValueLayout.JAVA_BYTE, block.start() + i) & 0xff)];
                if (ends[state] != 0) {
                    return found(base + i + 1, ends[state]);
                }
            }
            base += bytes;
        }
        return NONE;
    }

    private static long found(long end, int length) {
        return (end << LENGTH_BITS) | length;
    }

    /** Behind the last byte of what was found. */
    static long end(long found) {
        return found >> LENGTH_BITS;
    }

    /** How long it is. */
    static int length(long found) {
        return (int) found & ((1 << LENGTH_BITS) - 1);
    }
}
