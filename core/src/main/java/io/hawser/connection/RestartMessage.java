// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import io.hawser.transport.PassedSocket;
import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.nio.ByteBuffer;
import java.util.List;

/** What one process of a restart says to the other. The sockets are the holder's to close. */
record RestartMessage(Kind kind, ByteBuffer payload, List<PassedSocket> sockets) {
    /**
     * In their order; {@code →} is from the successor to the predecessor.
     *
     * <pre>
     *  HELLO      →  process id u64
     *  OFFER      ←  process id u64, sockets to come after this message u32, and for each socket that comes with it: its
     *                server's number u32, the address asked for, the address bound (both as in {@link java.io.DataOutput#writeUTF});
     *                of the socket of the restart itself both are empty, and it is the first
     *  READY      →
     *  PAUSED     ←  the predecessor accepts no more
     *  ACCEPTING  →  the successor accepts
     *  DONE       ←  the predecessor has let go
     *  REFUSED    ←→ why, in UTF-8: this is the end
     * </pre>
     */
    enum Kind {
        HELLO(1),
        OFFER(2),
        READY(3),
        PAUSED(4),
        ACCEPTING(5),
        DONE(6),
        REFUSED(7);

        /** How it is written. */
        final int code;

        Kind(int code) {
            this.code = code;
        }
    }

    DataInputStream reader() {
        final byte[] bytes = new byte[payload.remaining()];
        payload.duplicate().get(bytes);
        return new DataInputStream(new ByteArrayInputStream(bytes));
    }

    void closeSockets() {
        sockets.forEach(PassedSocket::close);
    }
}
