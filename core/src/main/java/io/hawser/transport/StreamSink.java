// SPDX-License-Identifier: Apache-2.0
package io.hawser.transport;

import io.hawser.buffer.Block;
import java.io.IOException;

/**
 * Who is told what happens on a {@link StreamSocket}. Called on the loop's thread; must not throw.
 *
 * <p><b>Order:</b> {@code connected} (dialled sockets only), then any number of {@code received} and {@code sent}, then at
 * most one of {@code inputEnded} and {@code inputTruncated} after the last {@code received}; {@code failed} at most once and nothing after it but
 * {@code closed}, which comes once, last, and only after the owner has closed the socket. Or, after {@code detach}, {@code detached}
 * is the last, and none of {@code failed} and {@code closed} comes.
 */
public interface StreamSink {
    /** The connection is made. */
    void connected();

    /** Bytes came; the block is the sink's from now on. */
    void received(Block block);

    /** The peer sent FIN; the last bytes have been delivered. */
    void inputEnded();

    /**
     * The peer's bytes have ended without the end that they should have: what has come may not be all. Nothing more comes; sending goes on, for which
     * this is no failure. A transport does not call it, since to a socket FIN is the end; by default the connection has failed.
     *
     * @param cause that tells what is missing
     */
    default void inputTruncated(IOException cause) {
        failed(cause);
    }

    /** The pending send took {@code bytes}, at least one, from the head of the buffer; or 0 where {@link StreamSocket#sendFile} was pending. */
    void sent(long bytes);

    /**
     * The socket is broken, or could not connect. The owner closes it.
     *
     * @param cause a {@link ConnectionResetException} for a reset
     */
    void failed(IOException cause);

    /** The socket is closed, nothing is in flight any more: buffers may be given back. */
    void closed();

    /**
     * The socket was given up by {@link StreamSocket#detach}; nothing is in flight any more. All that was taken from the kernel has been
     * delivered; an end that was may have been reported, and whoever takes the socket over sees it again.
     *
     * @param socket the sink's from now on
     */
    void detached(AcceptedSocket socket);
}
