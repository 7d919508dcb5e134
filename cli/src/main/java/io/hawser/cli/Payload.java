// SPDX-License-Identifier: Apache-2.0
package io.hawser.cli;

import io.hawser.buffer.Writer;
import java.util.Arrays;
import java.util.Random;

/**
 * The bytes that a client sends and wants to see again: a stream without end, in which every byte depends on its position.
 *
 * <p>It is random bytes over and over. Their number is a prime, so what is lost, doubled or swapped in units of any buffer's size is out of
 * step with it. Writing is one copy and checking one comparison, both of whole vectors. Stateless; any thread.
 */
final class Payload {
    /** After so many bytes the stream repeats itself. */
    static final int PERIOD = 65_521;
    /** The most bytes that {@link #mismatch} compares at once. */
    static final int CHUNK_BYTES = 16 * 1024;

    private static final byte[] BYTES = bytes();

    private Payload() {}

    private static byte[] bytes() {
        final byte[] bytes = new byte[PERIOD];
        new Random(0x48415753).nextBytes(bytes);
        final byte[] all = Arrays.copyOf(bytes, PERIOD + CHUNK_BYTES);
        System.arraycopy(bytes, 0, all, PERIOD, CHUNK_BYTES);
        return all;
    }

    /** The position in the period that is {@code n} bytes after {@code position}. */
    static int advance(int position, long n) {
        return (int) ((position + n) % PERIOD);
    }

    /**
     * Writes the {@code n} bytes from {@code position} on.
     *
     * @param position 0 to {@link #PERIOD}, exclusive
     */
    static void write(Writer writer, int position, int n) {
        int from = position;
        int left = n;
        while (left > 0) {
            final int bytes = Math.min(left, CHUNK_BYTES);
            writer.writeBytes(BYTES, from, bytes);
            from = advance(from, bytes);
            left -= bytes;
        }
    }

    /**
     * Where the first {@code n} bytes of {@code received} differ from those from {@code position} on.
     *
     * @param n at most {@link #CHUNK_BYTES}
     * @return the index of the first wrong byte, or -1 if all are right
     */
    static int mismatch(byte[] received, int n, int position) {
        return Arrays.mismatch(received, 0, n, BYTES, position, position + n);
    }

    /** The byte at {@code position}. */
    static byte at(int position) {
        return BYTES[position];
    }
}
