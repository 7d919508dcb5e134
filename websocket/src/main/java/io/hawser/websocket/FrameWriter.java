// SPDX-License-Identifier: Apache-2.0
package io.hawser.websocket;

import io.hawser.buffer.Block;
import io.hawser.buffer.Buffer;
import io.hawser.buffer.Writer;
import io.hawser.session.CodecContext;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * The frames that go, RFC 6455, 5.
 *
 * <p><b>Thread:</b> any for control frames; for messages as {@link FrameCodec#encode}.
 */
final class FrameWriter {
    private static final int MASK_CHUNK_BYTES = 16 * 1024;

    private final boolean isServer;
    private final WebSocketOptions options;
    private final CodecContext context;
    private final @Nullable MessageDeflater deflater;
    /** Under the monitor of {@link #deflater}. */
    private boolean closed;
    /** Parts of a message are being sent; under the monitor of the codec. */
    private boolean partOpen;

    FrameWriter(Agreement agreement, WebSocketOptions options, CodecContext context, ZlibPool pool) {
        this.isServer = agreement.isServer();
        this.options = options;
        this.context = context;
        final Deflation deflation = agreement.deflation();
        this.deflater = deflation == null ? null : new MessageDeflater(deflation, context.blocks(), pool);
    }

    void close() {
        if (deflater != null) {
            synchronized (deflater) {
                closed = true;
                deflater.close();
            }
        }
    }

    // ---- control frames

    byte[] controlFrame(int op, byte[] payload) {
        final byte[] frame = new byte[2 + (isServer ? 0 : Integer.BYTES) + payload.length];
        frame[0] = (byte) (FrameHeader.FIN | op);
        frame[1] = (byte) (payload.length | (isServer ? 0 : FrameHeader.MASKED));
        final int start = frame.length - payload.length;
        System.arraycopy(payload, 0, frame, start, payload.length);
        if (!isServer) {
            final int mask = MaskKeys.next();
            for (int i = 0; i < Integer.BYTES; i++) {
                frame[2 + i] = (byte) (mask >>> (i * Byte.SIZE));
            }
            Memory.mask(MemorySegment.ofArray(frame), start, frame.length, mask);
        }
        return frame;
    }

    void writeControl(int op, byte[] payload, Writer out) {
        if (isServer) {
            out.writeShort(((FrameHeader.FIN | op) << 8) | payload.length);
            out.writeBytes(payload);
        } else {
            out.writeBytes(controlFrame(op, payload));
        }
    }

    // ---- messages

    /** As {@link FrameCodec#encode}. */
    void encode(WebSocketMessage message, Buffer out) {
        checkPart(message);
        final Buffer memory = message.memory();
        final byte[] bytes = memory == null ? message.bytes() : null;
        final long size = message.size();
        final int first = (message.isLast() ? FrameHeader.FIN : 0) | opcode(message);
        final MessageDeflater packer = deflater;
        if (packer != null && message.isFirst() && message.isLast() && packer.isWorthIt(size, mostBytes())) {
            encodePacked(bytes, memory, first | FrameHeader.RSV1, out, packer);
        } else {
            encodePlain(bytes, memory, first, size, out);
        }
        message.sent();
        partOpen = !message.isLast();
    }

    private long mostBytes() {
        return context.maxMessageBytes() - (long) FrameHeader.MOST_FRAMING;
    }

    private static int opcode(WebSocketMessage message) {
        if (!message.isFirst()) {
            return FrameHeader.CONTINUATION;
        }
        return message instanceof WebSocketMessage.Text ? FrameHeader.TEXT : FrameHeader.BINARY;
    }

    private void checkPart(WebSocketMessage message) {
        if (message.isFirst() && message.isLast() && !partOpen) {
            return;
        }
        if (!options.fragments()) {
            throw new IllegalArgumentException("Parts of messages are for endpoints with fragments");
        }
        if (message.isFirst() == partOpen) {
            throw new IllegalStateException(
                    partOpen
                            ? "A message is being sent in parts, and has not ended"
                            : "No message is being sent in parts");
        }
    }

    private void encodePacked(
            byte @Nullable [] bytes, @Nullable Buffer memory, int first, Buffer out, MessageDeflater packer) {
        synchronized (packer) {
            if (closed) {
                throw new IllegalStateException("The session is closed");
            }
            try (Buffer packed = new Buffer(context.blocks())) {
                packer.deflate(bytes, memory, packed);
                final int mask = header(first, packed.readableBytes(), out);
                if (!isServer) {
                    mask(packed, mask);
                }
                out.append(packed);
            }
        }
    }

    /** Of a buffer whose memory is nobody else's. */
    private static void mask(Buffer packed, int mask) {
        int key = mask;
        for (Block block = packed.head(); block != null; block = block.next()) {
            Memory.mask(block.memory(), block.start(), block.end(), key);
            key = Memory.rotate(key, block.readableBytes());
        }
    }

    private void encodePlain(byte @Nullable [] bytes, @Nullable Buffer memory, int first, long size, Buffer out) {
        final int mask = header(first, size, out);
        if (!isServer) {
            writeMasked(bytes, memory, mask, out);
        } else if (bytes != null) {
            out.writeBytes(bytes);
        } else if (memory != null) {
            out.append(memory.share(context.blocks()));
        }
    }

    /** Writes a header; returns the key of a client's. */
    private int header(int first, long size, Buffer out) {
        final int masked = isServer ? 0 : FrameHeader.MASKED;
        if (size <= FrameHeader.MOST_CONTROL_BYTES) {
            out.writeShort((first << 8) | masked | (int) size);
        } else if (size <= FrameHeader.MOST_SHORT_BYTES) {
            out.writeInt((first << 24) | ((masked | 126) << 16) | (int) size);
        } else {
            out.writeShort((first << 8) | masked | 127);
            out.writeLong(size);
        }
        if (isServer) {
            return 0;
        }
        final int mask = MaskKeys.next();
        out.writeInt(Integer.reverseBytes(mask));
        return mask;
    }

    private void writeMasked(byte @Nullable [] bytes, @Nullable Buffer memory, int mask, Buffer out) {
        if (bytes != null) {
            int key = mask;
            for (int at = 0; at < bytes.length; at += MASK_CHUNK_BYTES) {
                final int n = Math.min(MASK_CHUNK_BYTES, bytes.length - at);
                key = writeMasked(MemorySegment.ofArray(bytes), at, n, key, out);
            }
        } else if (memory != null) {
            int key = mask;
            long todo = memory.readableBytes();
            for (Block block = memory.head(); block != null && todo > 0; block = block.next()) {
                final int n = (int) Math.min(todo, block.readableBytes());
                key = writeMasked(block.memory(), block.start(), n, key, out);
                todo -= n;
            }
        }
    }

    private static int writeMasked(MemorySegment from, long at, int n, int key, Buffer out) {
        if (n == 0) {
            return key;
        }
        final MemorySegment target = out.reserve(n);
        MemorySegment.copy(from, at, target, 0, n);
        Memory.mask(target, 0, n, key);
        return Memory.rotate(key, n);
    }
}
