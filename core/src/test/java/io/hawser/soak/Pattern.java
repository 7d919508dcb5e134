// SPDX-License-Identifier: Apache-2.0
package io.hawser.soak;

import java.util.Arrays;
import java.util.Random;

/**
 * The bytes of a conversation: its number, and then a stream in which every byte depends on the number and the position. Stateless.
 *
 * <p>The stream is random bytes over and over, whose count is a prime: what is lost, doubled or swapped in units of any block is wrong.
 */
final class Pattern {
    private static final int PERIOD = 32_749;
    private static final int MOST_BYTES = 16 * 1024;
    private static final byte[] BYTES = bytes();

    private Pattern() {}

    private static byte[] bytes() {
        final byte[] period = new byte[PERIOD];
        new Random(0x50414b).nextBytes(period);
        final byte[] all = Arrays.copyOf(period, PERIOD + MOST_BYTES);
        System.arraycopy(period, 0, all, PERIOD, MOST_BYTES);
        return all;
    }

    /** Puts {@code n} bytes, at most 16 KiB, of conversation {@code id} from {@code position} on into {@code target}. */
    static void fill(byte[] target, int n, long id, long position) {
        System.arraycopy(BYTES, start(id, position), target, 0, n);
        for (int i = 0; position + i < Conversation.ID_BYTES && i < n; i++) {
            target[i] = idByte(id, position + i);
        }
    }

    /** The index of the first of {@code n} bytes, at most 16 KiB, that is not as {@link #fill} makes it, or -1. */
    static int mismatch(byte[] received, int n, long id, long position) {
        int from = 0;
        for (; position + from < Conversation.ID_BYTES && from < n; from++) {
            if (received[from] != idByte(id, position + from)) {
                return from;
            }
        }
        final int start = start(id, position);
        final int wrong = Arrays.mismatch(received, from, n, BYTES, start + from, start + n);
        return wrong < 0 ? -1 : from + wrong;
    }

    private static int start(long id, long position) {
        return (int) Math.floorMod(id * 7919 + position, (long) PERIOD);
    }

    private static byte idByte(long id, long at) {
        return (byte) (id >>> (Long.SIZE - Byte.SIZE * (at + 1)));
    }
}
