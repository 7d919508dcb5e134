// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Random;

/** Random bytes that can be made again from their seed. */
public final class Payload {
    private final long seed;
    private final byte[] bytes;

    private Payload(long seed, byte[] bytes) {
        this.seed = seed;
        this.bytes = bytes;
    }

    public static Payload random(long seed, int size) {
        final byte[] bytes = new byte[size];
        new Random(seed).nextBytes(bytes);
        return new Payload(seed, bytes);
    }

    public long seed() {
        return seed;
    }

    public byte[] bytes() {
        return bytes;
    }

    public int size() {
        return bytes.length;
    }

    /** Fails with the place of the first difference, since nobody wants to read megabytes. */
    public void assertEqualTo(byte[] actual) {
        final int mismatch = Arrays.mismatch(bytes, actual);
        assertThat(mismatch)
                .as("first difference between %d bytes sent and %d received, seed %d", size(), actual.length, seed)
                .isEqualTo(-1);
    }
}
