// SPDX-License-Identifier: Apache-2.0
package io.hawser.cli;

import io.hawser.connection.CloseCause;
import io.hawser.connection.Connection;
import io.hawser.connection.ConnectionHandler;
import org.jspecify.annotations.Nullable;

/**
 * One direction of a proxied connection and what happens at its source: what comes from there goes to the sink, without a copy.
 *
 * <p>While too much is pending at the sink the source is paused, so its peer is held back by TCP, and nothing is queued without bound. An end of one
 * side's sending is passed on, and the other direction goes on. A side that is lost takes the other one with it.
 *
 * <p><b>Thread:</b> the loop's, which is that of both connections.
 */
final class ProxyLink implements ConnectionHandler {
    private final ProxyStats stats;
    private @Nullable Connection sink;
    private @Nullable Runnable closeAction;
    private boolean closed;

    ProxyLink(ProxyStats stats) {
        this.stats = stats;
    }

    /** What comes goes to {@code to} from now on. */
    void connect(Connection to) {
        sink = to;
    }

    /** Has {@code action} run when the source is gone. */
    void onClose(Runnable action) {
        closeAction = action;
    }

    /** Whether the source is gone. */
    boolean isClosed() {
        return closed;
    }

    @Override
    public void onData(Connection source) {
        final Connection to = sink;
        if (to == null) {
            // It is paused until there is somebody to send to.
            return;
        }
        stats.forwarded(source.reader().readableBytes());
        to.writer().append(source.reader());
        if (to.pendingBytes() > source.engine().limits().outboundHighBytes()) {
            source.pause();
        }
    }

    /** The source's peer takes bytes again: whoever sends to it may go on. */
    @Override
    public void onWritable(Connection source) {
        final Connection to = sink;
        if (to != null) {
            to.resume();
        }
    }

    @Override
    public void onEnd(Connection source) {
        final Connection to = sink;
        if (to == null) {
            source.close();
        } else {
            to.shutdownOutput();
        }
    }

    @Override
    public void onClose(Connection source, CloseCause cause) {
        final Connection to = sink;
        sink = null;
        closed = true;
        if (to != null) {
            switch (cause.kind()) {
                case RESET, TIMED_OUT, ERROR, LIMIT -> to.abort();
                default -> to.close();
            }
        }
        if (closeAction != null) {
            closeAction.run();
        }
    }
}
