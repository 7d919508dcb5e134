// SPDX-License-Identifier: Apache-2.0
package io.hawser.tls;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** The few of the Distinguished Encoding Rules (X.690) that keys and a certificate need. Stateless. */
final class Der {
    static final int BOOLEAN = 0x01;
    static final int INTEGER = 0x02;
    static final int BIT_STRING = 0x03;
    static final int OCTET_STRING = 0x04;
    static final int NULL = 0x05;
    static final int OBJECT_IDENTIFIER = 0x06;
    static final int UTF8_STRING = 0x0c;
    static final int SEQUENCE = 0x30;
    static final int SET = 0x31;
    static final int UTC_TIME = 0x17;
    static final int GENERALIZED_TIME = 0x18;

    private Der() {}

    /** An element whose content is all of {@code parts}. */
    static byte[] of(int tag, byte[]... parts) {
        final var content = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            content.writeBytes(part);
        }
        final int length = content.size();
        final var element = new ByteArrayOutputStream();
        element.write(tag);
        if (length < 0x80) {
            element.write(length);
        } else {
            final int bytes = (Integer.SIZE - Integer.numberOfLeadingZeros(length) + 7) / 8;
            element.write(0x80 | bytes);
            for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
                element.write(length >> shift);
            }
        }
        element.writeBytes(content.toByteArray());
        return element.toByteArray();
    }

    static byte[] sequence(byte[]... parts) {
        return of(SEQUENCE, parts);
    }

    static byte[] utf8(String text) {
        return of(UTF8_STRING, text.getBytes(StandardCharsets.UTF_8));
    }

    /** Of less than 128. */
    static byte[] integer(int value) {
        return of(INTEGER, new byte[] {(byte) value});
    }

    /** Whole bytes, without unused bits. */
    static byte[] bits(byte[] bytes) {
        return of(BIT_STRING, new byte[] {0}, bytes);
    }

    /** @param arcs such as 1, 2, 840, 10045 */
    static byte[] oid(int... arcs) {
        final var content = new ByteArrayOutputStream();
        content.write(40 * arcs[0] + arcs[1]);
        for (int arc : Arrays.copyOfRange(arcs, 2, arcs.length)) {
            for (int shift = 28; shift > 0; shift -= 7) {
                if (arc >>> shift != 0) {
                    content.write(0x80 | (arc >>> shift & 0x7f));
                }
            }
            content.write(arc & 0x7f);
        }
        return of(OBJECT_IDENTIFIER, content.toByteArray());
    }

    /** Reads elements one after the other. */
    static final class Input {
        private final byte[] bytes;
        private final int end;
        private int at;

        Input(byte[] bytes) {
            this(bytes, 0, bytes.length);
        }

        private Input(byte[] bytes, int at, int end) {
            this.bytes = bytes;
            this.at = at;
            this.end = end;
        }

        boolean isAtEnd() {
            return at == end;
        }

        /** The tag of the next element; -1 at the end. */
        int tag() {
            return isAtEnd() ? -1 : bytes[at] & 0xff;
        }

        /** The content of the next element, which has this tag. */
        Input enter(int tag) throws IOException {
            if (tag() != tag) {
                throw new IOException("A key or certificate is not encoded as it should be");
            }
            final int from = at + 1 + lengthBytes();
            final int length = length();
            if (length < 0 || length > end - from) {
                throw new IOException("A key or certificate is cut short");
            }
            at = from + length;
            return new Input(bytes, from, at);
        }

        /** The next element as it stands. */
        byte[] element() throws IOException {
            final int from = at;
            enter(tag());
            return Arrays.copyOfRange(bytes, from, at);
        }

        byte[] content() {
            return Arrays.copyOfRange(bytes, at, end);
        }

        private int lengthBytes() throws IOException {
            if (end - at < 2) {
                throw new IOException("A key or certificate is cut short");
            }
            final int first = bytes[at + 1] & 0xff;
            final int more = first < 0x80 ? 0 : first & 0x7f;
            if (more > 4 || first == 0x80 || end - at < 2 + more) {
                throw new IOException("A key or certificate is not encoded as it should be");
            }
            return 1 + more;
        }

        private int length() throws IOException {
            final int count = lengthBytes();
            int length = count == 1 ? bytes[at + 1] : 0;
            for (int i = 1; i < count; i++) {
                length = length << 8 | (bytes[at + 1 + i] & 0xff);
            }
            return length;
        }
    }
}
