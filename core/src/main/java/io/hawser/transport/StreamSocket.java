// SPDX-License-Identifier: Apache-2.0
package io.hawser.transport;

import io.hawser.buffer.Buffer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.Optional;

/**
 * A connected (or connecting) stream socket. The loop's thread only.
 *
 * <p>After {@link #close()} or {@link #abort()} only {@link StreamSink#closed()} is called, once; after
 * {@link StreamSink#detached} nothing.
 */
public interface StreamSocket {
    /** What {@link #send} returns when {@link StreamSink#sent} will tell. */
    long PENDING = -1;

    /** What {@link #sendFile} returns when it cannot: the caller reads the file and sends the bytes. */
    long UNSUPPORTED = -2;

    /**
     * Starts or pauses receiving; off at first. Paused, the peer is held back by its TCP window; bytes that the transport had
     * taken before may still be delivered.
     */
    void receive(boolean on);

    /**
     * Sends from the head of {@code outbound}, as much as goes of what is readable; {@link Buffer#limit} may hide more behind it, now or while
     * this is pending. The caller removes from the buffer what was sent.
     *
     * @return how many bytes the kernel took; or {@link #PENDING}: the bytes now in the buffer must stay as they are, more may
     *     be written behind them, and one of {@link StreamSink#sent}, {@link StreamSink#failed} and (after a close)
     *     {@link StreamSink#closed()} follows. There may be one pending send at a time.
     * @throws IOException if the connection is broken; the caller closes it
     */
    long send(Buffer outbound) throws IOException;

    /**
     * Sends from a file without copying it into this process, as much as goes. It may wait for the disk.
     *
     * @param count how many bytes at most, at least 1
     * @return how many bytes the kernel took; 0 if the file ends at {@code position} or before; {@link #UNSUPPORTED}, which a file is answered
     *     the first time or never, and nothing has happened; or {@link #PENDING}: there is no room, which is one pending send as that of
     *     {@link #send}, and ends with {@link StreamSink#sent} of 0 when this is to be called again
     * @throws IOException if the connection is broken, or the file cannot be read; the caller closes the connection
     */
    default long sendFile(FileHandle file, long position, long count) throws IOException {
        return UNSUPPORTED;
    }

    /** Sends FIN; nothing may be pending. */
    void shutdownOutput() throws IOException;

    /** Closes in the ordinary way. Pending operations are cancelled. A second call does nothing. */
    void close();

    /** Closes with a reset (RST) and discards what the kernel has not sent yet. */
    void abort();

    /**
     * Gives the socket up without closing it: receiving ends, {@link StreamSink#detached} follows when nothing is in flight any more. The
     * socket is connected, nothing is pending, and it has not failed. Until then {@link #close()} and {@link #abort()} still close it, and
     * {@link StreamSink#failed} may come instead; afterwards both do nothing.
     */
    void detach();

    /**
     * Whether the peer has neither closed nor reset, as far as the operating system knows. Bytes that wait to be received are left where
     * they are, and do not hide the end behind them; a transport that cannot look behind them says yes.
     */
    boolean isPeerPresent();

    /** The address of this side; empty for an unnamed unix socket. */
    Optional<SocketAddress> localAddress();

    /** The address of the other side, also after the peer has gone; empty for an unnamed unix socket. */
    Optional<SocketAddress> remoteAddress();

    /**
     * Makes {@code into} the address of the other side, also after the peer has gone. Allocates nothing for an IPv4 peer where the
     * transport can.
     *
     * @return false if it is no internet address; {@code into} is as before then
     */
    default boolean copyRemote(PeerAddress into) {
        if (remoteAddress().orElse(null) instanceof InetSocketAddress inet) {
            into.set(inet);
            return true;
        }
        return false;
    }
}
