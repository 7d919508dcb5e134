// SPDX-License-Identifier: Apache-2.0
package io.hawser.http;

import io.hawser.buffer.Writer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Puts heads together in an array, which is written in one go. What is put was checked before. The connection's thread. */
final class HeadWriter {
    private static final int FIRST_BYTES = 512;
    private static final int KEPT_BYTES = 16 * 1024;

    private byte[] bytes = new byte[FIRST_BYTES];
    private int length;

    private void makeRoom(int more) {
        if (bytes.length - length < more) {
            bytes = Arrays.copyOf(bytes, Math.max(bytes.length * 2, length + more));
        }
    }

    HeadWriter put(byte[] source) {
        makeRoom(source.length);
        System.arraycopy(source, 0, bytes, length, source.length);
        length += source.length;
        return this;
    }

    /** As ISO 8859-1. */
    // The method is deprecated since it takes no other charset; it is the one that makes no array.
    @SuppressWarnings("deprecation")
    HeadWriter put(String text) {
        final int n = text.length();
        makeRoom(n);
        text.getBytes(0, n, bytes, length);
        length += n;
        return this;
    }

    HeadWriter put(char c) {
        makeRoom(1);
        bytes[length++] = (byte) c;
        return this;
    }

    HeadWriter putField(String name, String value) {
        return put(name).put(':').put(' ').put(value).putLineEnd();
    }

    HeadWriter putLineEnd() {
        makeRoom(2);
        bytes[length] = '\r';
        bytes[length + 1] = '\n';
        length += 2;
        return this;
    }

    /** In digits; not negative. */
    HeadWriter putNumber(long number) {
        int digits = 1;
        for (long rest = number / 10; rest > 0; rest /= 10) {
            digits++;
        }
        makeRoom(digits);
        long rest = number;
        for (int i = length + digits - 1; i >= length; i--) {
            bytes[i] = (byte) ('0' + rest % 10);
            rest /= 10;
        }
        length += digits;
        return this;
    }

    HeadWriter putHex(long number) {
        return put(Long.toHexString(number));
    }

    /** Writes all, and begins anew. */
    void writeTo(Writer writer) {
        final int n = length;
        length = 0;
        writer.writeBytes(bytes, 0, n);
        if (bytes.length > KEPT_BYTES) {
            bytes = new byte[FIRST_BYTES];
        }
    }

    byte[] toBytes() {
        return Arrays.copyOf(bytes, length);
    }

    void clear() {
        length = 0;
    }

    @Override
    public String toString() {
        return new String(bytes, 0, length, StandardCharsets.ISO_8859_1);
    }
}
