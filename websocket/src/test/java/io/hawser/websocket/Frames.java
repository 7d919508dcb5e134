// SPDX-License-Identifier: Apache-2.0
package io.hawser.websocket;

import io.hawser.connection.Peer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.zip.Deflater;

/** Frames by hand, also such as must not be. */
final class Frames {
    static final String KEY = "dGhlIHNhbXBsZSBub25jZQ==";
    private static final byte[] MASK = {0x12, (byte) 0xf4, 0x56, (byte) 0x9a};

    private Frames() {}

    /** A frame that came. */
    static final class Frame {
        private final int first;
        private final byte[] payload;

        Frame(int first, byte[] payload) {
            this.first = first;
            this.payload = payload;
        }

        int first() {
            return first;
        }

        byte[] payload() {
            return payload;
        }

        int opcode() {
            return first & 0xf;
        }

        String text() {
            return new String(payload, StandardCharsets.UTF_8);
        }

        /** Of a close frame; 1005 if it has none. */
        int closeCode() {
            return payload.length < 2 ? 1005 : ByteBuffer.wrap(payload).getShort() & 0xffff;
        }
    }

    /** A frame of a client. */
    static byte[] masked(int first, byte[] payload) {
        return frame(first, payload, true);
    }

    static byte[] masked(int first, String payload) {
        return masked(first, payload.getBytes(StandardCharsets.UTF_8));
    }

    static byte[] text(String text) {
        return masked(0x81, text);
    }

    static byte[] close(int code, String reason) {
        return masked(0x88, FrameCodec.payload(code, reason));
    }

    static byte[] frame(int first, byte[] payload, boolean masked) {
        final ByteBuffer frame = ByteBuffer.allocate(14 + payload.length);
        frame.put((byte) first);
        final int bit = masked ? 0x80 : 0;
        if (payload.length < 126) {
            frame.put((byte) (bit | payload.length));
        } else if (payload.length < 65_536) {
            frame.put((byte) (bit | 126)).putShort((short) payload.length);
        } else {
            frame.put((byte) (bit | 127)).putLong(payload.length);
        }
        if (masked) {
            frame.put(MASK);
        }
        for (int i = 0; i < payload.length; i++) {
            frame.put((byte) (payload[i] ^ (masked ? MASK[i % 4] : 0)));
        }
        return bytes(frame);
    }

    static byte[] bytes(ByteBuffer buffer) {
        final byte[] bytes = new byte[buffer.flip().remaining()];
        buffer.get(bytes);
        return bytes;
    }

    static byte[] join(byte[]... parts) {
        final var all = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            all.writeBytes(part);
        }
        return all.toByteArray();
    }

    /** The next frame, unmasked if it was masked. */
    static Frame read(Peer peer) throws IOException {
        final byte[] start = peer.receive(2);
        int length = start[1] & 0x7f;
        if (length == 126) {
            length = ByteBuffer.wrap(peer.receive(2)).getShort() & 0xffff;
        } else if (length == 127) {
            length = Math.toIntExact(ByteBuffer.wrap(peer.receive(8)).getLong());
        }
        final byte[] mask = (start[1] & 0x80) == 0 ? new byte[4] : peer.receive(4);
        final byte[] payload = peer.receive(length);
        for (int i = 0; i < length; i++) {
            payload[i] ^= mask[i % 4];
        }
        return new Frame(start[0] & 0xff, payload);
    }

    /** The head of a request or a response. */
    static String readHead(Peer peer) throws IOException {
        final StringBuilder head = new StringBuilder();
        while (head.indexOf("\r\n\r\n") < 0) {
            head.append((char) (peer.receive(1)[0] & 0xff));
        }
        return head.toString();
    }

    static String request(String path, String... fields) {
        final StringBuilder request = new StringBuilder("GET " + path + " HTTP/1.1\r\nHost: here.example\r\n"
                + "Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\nSec-WebSocket-Key: " + KEY
                + "\r\nSec-WebSocket-Version: 13\r\n");
        for (String field : fields) {
            request.append(field).append("\r\n");
        }
        return request.append("\r\n").toString();
    }

    /** The payload of a compressed message (RFC 7692, 7.2.1). */
    static byte[] deflated(byte[] plain) {
        final Deflater deflater = new Deflater(9, true);
        final var packed = new ByteArrayOutputStream();
        final byte[] piece = new byte[4096];
        deflater.setInput(plain);
        int n;
        do {
            n = deflater.deflate(piece, 0, piece.length, Deflater.SYNC_FLUSH);
            packed.write(piece, 0, n);
        } while (n == piece.length);
        deflater.end();
        return Arrays.copyOf(packed.toByteArray(), packed.size() - 4);
    }
}
