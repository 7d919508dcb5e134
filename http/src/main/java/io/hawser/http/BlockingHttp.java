// SPDX-License-Identifier: Apache-2.0
package io.hawser.http;

import io.hawser.buffer.NotEnoughBytesException;
import io.hawser.buffer.Reader;
import io.hawser.connection.Connection;
import io.hawser.connection.ReadTimeoutException;
import java.time.Duration;

/** HTTP on a virtual thread: the handler reads bodies itself, and waits for them. The thread that serves the connection. */
final class BlockingHttp extends HttpConnection {
    /** What is written at a time; before the next, room is waited for. */
    private static final int PIECE_BYTES = 64 << 10;

    /** How long bodies of this request have been waited for. */
    private long waitedNs;

    private long readTimeoutNs;

    BlockingHttp(ServerContext context, Connection connection) {
        super(context, connection);
    }

    @Override
    boolean isTimersThread() {
        return false;
    }

    @Override
    boolean isHeldBack() {
        // Whoever writes waits for room.
        return false;
    }

    @Override
    boolean collectsBodies() {
        return false;
    }

    @Override
    boolean collectBody(Exchange now, Reader reader) {
        return true;
    }

    @Override
    void sendBody(byte[] body) {
        int at = 0;
        while (at < body.length) {
            final int n = Math.min(PIECE_BYTES, body.length - at);
            writer().writeBytes(body, at, n);
            at += n;
        }
    }

    @Override
    void sendBody(Reader body, long length) {
        for (long left = length; left > 0; left -= Math.min(PIECE_BYTES, left)) {
            writer().append(body, Math.min(PIECE_BYTES, left));
        }
    }

    @Override
    Reader bodySource() {
        return connection().reader();
    }

    @Override
    void awaitBody(Reader in) {
        final long leftNs = bodyTimeNs(bodyBytesRead()) - waitedNs;
        if (leftNs <= 0) {
            throw new HttpException(408, "The body comes too slowly");
        }
        // Set seldom: it takes a task of the loop.
        if (leftNs < readTimeoutNs / 8 * 7 || leftNs > readTimeoutNs * 2) {
            readTimeoutNs = leftNs;
            connection().readTimeout(Duration.ofNanos(leftNs));
        }
        final long startNs = clockNs();
        try {
            final byte unused = in.getByte(0);
        } catch (NotEnoughBytesException e) {
            throw new HttpException(400, "The connection has ended in the middle of a body");
        } catch (ReadTimeoutException e) {
            throw new HttpException(408, "The body comes too slowly");
        }
        waitedNs += clockNs() - startNs;
    }

    @Override
    boolean isAwaited(ServerResponse response) {
        return false;
    }

    @Override
    void requireDeferrable() {
        throw new IllegalStateException("A handler on a virtual thread can wait itself, and need not defer its answer");
    }

    @Override
    void requireBlocking(String what) {
        // It is.
    }

    @Override
    void deferredEnded() {
        // None is deferred.
    }

    @Override
    void endRequest() {
        waitedNs = 0;
    }

    @Override
    long clockNs() {
        return connection().loop().clockNs();
    }

    @Override
    void watch() {
        connection().loop().executeAlways(this::onTimer);
    }
}
