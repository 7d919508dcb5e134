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
    /** So many bytes are written or compared at once. */
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
     * Puts the {@code n} bytes from {@code position} on into {@code target}, from index {@code at} on.
     *
     * @param position 0 to {@link #PERIOD}, exclusive
     */
    static void copy(byte[] target, int at, int n, int position) {
        int done = 0;
        while (done < n) {
            final int bytes = Math.min(n - done, CHUNK_BYTES);
            System.arraycopy(BYTES, advance(position, done), target, at + done, bytes);
            done += bytes;
        }
    }

    /**
     * Where the {@code n} bytes of {@code received} from index {@code at} on differ from those from {@code position} on.
     *
     * @return the index in {@code received} of the first wrong byte, or -1 if all are right
     */
    static int mismatch(byte[] received, int at, int n, int position) {
        int done = 0;
        while (done < n) {
            final int bytes = Math.min(n - done, CHUNK_BYTES);
            final int from = advance(position, done);
            final int wrong = Arrays.mismatch(received, at + done, at + done + bytes, BYTES, from, from + bytes);
            if (wrong >= 0) {
                return at + done + wrong;
            }
            done += bytes;
        }
        return -1;
    }

    /** The byte at {@code position}. */
    static byte at(int position) {
        return BYTES[position];
    }
}
