// SPDX-License-Identifier: Apache-2.0
package io.hawser.sim;

import io.hawser.buffer.Reader;
import io.hawser.transport.sim.SimRandom;

/**
 * What streams consist of: first eight bytes that say which stream it is, then bytes that follow from that and from their place, so that
 * whoever reads them can tell what must come next.
 */
final class StreamBytes {
    static final int KEY_BYTES = Long.BYTES;

    private StreamBytes() {}

    private static long word(long key, long index) {
        return index == 0 ? key : SimRandom.mix(key + index);
    }

    private static byte at(long key, long offset) {
        return (byte) (word(key, offset >>> 3) >>> (56 - 8 * (offset & 7)));
    }

    /** The bytes of stream {@code key} from {@code offset} on. */
    static byte[] make(long key, long offset, int length) {
        final byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) {
            bytes[i] = at(key, offset + i);
        }
        return bytes;
    }

    /**
     * Compares readable bytes, which stay.
     *
     * @return where the first wrong one lies, counted from the stream's beginning, or -1
     */
    static long firstWrong(Reader reader, long from, long to, long key, long offset) {
        long i = from;
        while (i < to) {
            final long place = offset + i - from;
            if ((place & 7) == 0 && to - i >= Long.BYTES) {
                if (reader.getLong(i) != word(key, place >>> 3)) {
                    return place;
                }
                i += Long.BYTES;
            } else {
                if (reader.getByte(i) != at(key, place)) {
                    return place;
                }
                i++;
            }
        }
        return -1;
    }
}
