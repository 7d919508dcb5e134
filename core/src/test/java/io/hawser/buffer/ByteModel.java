// SPDX-License-Identifier: Apache-2.0
package io.hawser.buffer;

import java.nio.ByteBuffer;
import java.util.Arrays;

/** What a buffer should hold: a plain array, so simple that it can only be right. */
final class ByteModel {
    private byte[] bytes = new byte[0];

    int size() {
        return bytes.length;
    }

    byte[] all() {
        return bytes;
    }

    byte get(int offset) {
        return bytes[offset];
    }

    /** For numbers from {@code offset} on. */
    ByteBuffer at(int offset) {
        return ByteBuffer.wrap(bytes, offset, bytes.length - offset).slice();
    }

    byte[] peek(int n) {
        return Arrays.copyOf(bytes, n);
    }

    byte[] take(int n) {
        final byte[] taken = peek(n);
        bytes = Arrays.copyOfRange(bytes, n, bytes.length);
        return taken;
    }

    void append(byte[] more) {
        insertBeforeLast(0, more);
    }

    void insertBeforeLast(int remaining, byte[] more) {
        final int split = bytes.length - remaining;
        final byte[] sum = Arrays.copyOf(bytes, bytes.length + more.length);
        System.arraycopy(more, 0, sum, split, more.length);
        System.arraycopy(bytes, split, sum, split + more.length, remaining);
        bytes = sum;
    }

    int indexOf(byte value, int from, int to) {
        for (int i = from; i < to; i++) {
            if (bytes[i] == value) {
                return i;
            }
        }
        return -1;
    }
}
