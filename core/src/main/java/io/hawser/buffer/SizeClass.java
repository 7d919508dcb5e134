// SPDX-License-Identifier: Apache-2.0
package io.hawser.buffer;

/** The sizes that blocks come in: 1 KiB, and four times the last, up to 16 MiB. */
final class SizeClass {
    static final int COUNT = 8;
    static final int MIN_BYTES = 1024;
    static final int MAX_BYTES = MIN_BYTES << (2 * (COUNT - 1));

    private static final int MIN_SHIFT = 10;

    private SizeClass() {}

    /**
     * The smallest class that holds {@code bytes}.
     *
     * @throws IllegalArgumentException if {@code bytes} is negative or over {@link #MAX_BYTES}
     */
    static int of(int bytes) {
        if (bytes <= MIN_BYTES) {
            if (bytes < 0) {
                throw new IllegalArgumentException("A negative number of bytes: " + bytes);
            }
            return 0;
        }
        if (bytes > MAX_BYTES) {
            throw new IllegalArgumentException(bytes + " bytes in one piece; the most is " + MAX_BYTES);
        }
        final int bits = Integer.SIZE - Integer.numberOfLeadingZeros(bytes - 1);
        return (bits - MIN_SHIFT + 1) >>> 1;
    }

    /** The size of class {@code index} in bytes. */
    static int bytes(int index) {
        return MIN_BYTES << (2 * index);
    }
}
