// SPDX-License-Identifier: Apache-2.0
package io.hawser.buffer;

/** Buffers of tests, whose blocks come from one pool: there are many at a time, and each must be closed. */
final class Stressed {
    private static final BlockPool POOL = new BlockPool(1L << 30);

    private Stressed() {}

    static Buffer buffer() {
        return new Buffer(POOL);
    }

    /** With two threads. */
    static Buffer concurrent() {
        final Buffer buffer = buffer();
        buffer.setConcurrent(true);
        return buffer;
    }

    /** With one number in it. */
    static Buffer of(long digit) {
        final Buffer buffer = buffer();
        buffer.writeLong(digit);
        return buffer;
    }

    /** Takes all numbers that are there, as the digits of one that begins with {@code before}. */
    static int read(Buffer buffer, int before) {
        int digits = before;
        for (long left = buffer.readableBytes() / Long.BYTES; left > 0; left--) {
            final long digit = buffer.readLong();
            digits = digit > 0 && digit < 10 ? 10 * digits + (int) digit : -1;
        }
        return digits;
    }
}
