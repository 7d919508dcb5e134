// SPDX-License-Identifier: Apache-2.0
package io.hawser.bench.peers;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.ByteBuffer;

/** What a thread does with its connection, until its peer has sent all. */
final class ThreadsEcho {
    private static final int BUFFER_BYTES = 16 << 10;

    private ThreadsEcho() {}

    static void bytes(Socket socket) throws IOException {
        final byte[] buffer = new byte[BUFFER_BYTES];
        final InputStream in = socket.getInputStream();
        final OutputStream out = socket.getOutputStream();
        for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
            out.write(buffer, 0, count);
        }
    }

    static void frames(Socket socket) throws IOException {
        final Inbound inbound = new Inbound(socket.getInputStream());
        final DataInputStream in = new DataInputStream(inbound);
        final DataOutputStream out =
                new DataOutputStream(new BufferedOutputStream(socket.getOutputStream(), BUFFER_BYTES));
        try {
            while (true) {
                frame(inbound, in, out);
            }
        } catch (EOFException _) {
            // The peer has sent all.
        }
    }

    private static void frame(Inbound inbound, DataInputStream in, DataOutputStream out) throws IOException {
        final int length = in.readInt();
        if (length < 0 || length > Settings.MAX_FRAME) {
            throw new IOException("a frame of " + length + " bytes");
        }
        // Grows with what comes, not with what was announced.
        final byte[] frame = in.readNBytes(length);
        if (frame.length < length) {
            throw new EOFException();
        }
        out.writeInt(length);
        out.write(frame);
        if (!inbound.holdsFrame()) {
            // Before this thread waits for the peer, which may wait for these.
            out.flush();
        }
    }

    /** Tells what has been received without a system call. */
    private static final class Inbound extends BufferedInputStream {
        Inbound(InputStream in) {
            super(in, BUFFER_BYTES);
        }

        /** Whether the next frame is there as a whole. */
        synchronized boolean holdsFrame() {
            final int held = count - pos;
            return held >= Settings.PREFIX
                    && held - Settings.PREFIX
                            >= Integer.toUnsignedLong(
                                    ByteBuffer.wrap(buf, pos, held).getInt());
        }
    }
}
