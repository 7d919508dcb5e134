// SPDX-License-Identifier: Apache-2.0
package io.hawser.bench.peers;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import org.jspecify.annotations.Nullable;

/** Decodes frames, hands each to {@link #onFrame}, and encodes the answers, which leave together at the end of a read. */
final class NioFrames extends NioConnection {
    private final NioLoop loop;

    /** The begin of a frame whose end has not come, to be written to; null if there is none. */
    private @Nullable ByteBuffer begun;

    NioFrames(NioLoop loop, SocketChannel channel) {
        super(channel);
        this.loop = loop;
    }

    @Override
    int receive(SocketChannel from) throws IOException {
        final ByteBuffer received = loop.inbound();
        final int count = from.read(received);
        if (count <= 0) {
            return count;
        }
        received.flip();
        final ByteBuffer out = loop.outbound();
        if (begun != null && !complete(begun, received, out)) {
            return count;
        }
        while (isWhole(received)) {
            final int length = received.getInt();
            onFrame(received.slice(received.position(), length), out);
            received.position(received.position() + length);
        }
        if (received.hasRemaining()) {
            begun = ByteBuffer.allocate(Math.max(2 * received.remaining(), Settings.PREFIX))
                    .put(received);
        }
        send(out.flip());
        return count;
    }

    /** Takes what the frame that has begun lacks. False if it still lacks something. */
    private boolean complete(ByteBuffer begin, ByteBuffer received, ByteBuffer out) throws IOException {
        ByteBuffer frame = begin;
        if (frame.position() < Settings.PREFIX) {
            frame = append(frame, received, Settings.PREFIX);
        }
        if (frame.position() >= Settings.PREFIX) {
            frame = append(frame, received, Settings.PREFIX + checked(frame.getInt(0)));
            if (isWhole(frame.flip())) {
                begun = null;
                onFrame(frame.position(Settings.PREFIX).slice(), out);
                return true;
            }
            frame.position(frame.limit()).limit(frame.capacity());
        }
        begun = frame;
        return false;
    }

    /** Moves bytes until there are as many as wanted, or no more. What it grows to is bounded by what has come, not by what was announced. */
    private static ByteBuffer append(ByteBuffer frame, ByteBuffer received, int wanted) {
        final int count = Math.min(wanted - frame.position(), received.remaining());
        final int needed = frame.position() + count;
        final ByteBuffer room = needed <= frame.capacity()
                ? frame
                : ByteBuffer.allocate(Math.max(needed, Math.min(2 * needed, wanted)))
                        .put(frame.flip());
        room.put(received.slice(received.position(), count));
        received.position(received.position() + count);
        return room;
    }

    private static boolean isWhole(ByteBuffer bytes) throws IOException {
        return bytes.remaining() >= Settings.PREFIX
                && bytes.remaining() - Settings.PREFIX >= checked(bytes.getInt(bytes.position()));
    }

    private static int checked(int length) throws IOException {
        if (length < 0 || length > Settings.MAX_FRAME) {
            throw new IOException("a frame of " + length + " bytes");
        }
        return length;
    }

    /** The listener: answers a frame by itself. */
    private void onFrame(ByteBuffer frame, ByteBuffer out) throws IOException {
        if (out.remaining() < Settings.PREFIX + frame.remaining()) {
            send(out.flip());
            out.clear();
        }
        out.putInt(frame.remaining());
        if (frame.remaining() <= out.remaining()) {
            out.put(frame);
        } else {
            send(out.flip());
            out.clear();
            send(frame);
        }
    }
}
