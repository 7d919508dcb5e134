// SPDX-License-Identifier: Apache-2.0
package io.hawser.http;

import io.hawser.buffer.Buffer;
import io.hawser.buffer.Reader;
import io.hawser.connection.Connection;
import org.jspecify.annotations.Nullable;

/** HTTP in the loop: the handler is called there, with the whole body, and must not block. The loop's thread. */
final class LoopHttp extends HttpConnection {
    /** So much is received ahead while an answer goes on. */
    private static final int AHEAD_BYTES = 64 * 1024;

    private @Nullable Buffer body;
    private boolean serving;
    private boolean paused;
    private boolean inputEnded;

    LoopHttp(ServerContext context, Connection connection) {
        super(context, connection);
    }

    /** Bytes have come, or there is room for answers, or one that was deferred has ended. */
    void goOn() {
        if (serving) {
            return;
        }
        serving = true;
        try {
            serve();
        } finally {
            serving = false;
        }
        if (isOver()) {
            return;
        }
        if (inputEnded
                && !isAwaiting()
                && (!isHeldBack() || connection().reader().readableBytes() == 0)) {
            close();
        } else if (paused != (isAwaiting() && connection().reader().readableBytes() > AHEAD_BYTES)) {
            // What would be read cannot be served before the answer has ended; but the peer's end is to be noticed.
            paused = !paused;
            if (paused) {
                connection().pause();
            } else {
                connection().resume();
            }
        }
    }

    /** The peer has sent its last request. */
    void onEnd() {
        inputEnded = true;
        // What it has sent before is still served.
        goOn();
    }

    @Override
    boolean isTimersThread() {
        return true;
    }

    @Override
    boolean isHeldBack() {
        return connection().pendingBytes() > connection().engine().limits().outboundHighBytes();
    }

    // ---- bodies

    @Override
    boolean collectsBodies() {
        return true;
    }

    @Override
    boolean collectBody(Exchange now, Reader reader) {
        Buffer collected = body;
        if (collected == null) {
            if (now.head().contentLength() > context().limits().bufferedBodyBytes()) {
                refuseBody(now, 413);
                return false;
            }
            collected = new Buffer(connection().loop().blocks());
            body = collected;
        }
        while (true) {
            final int result = now.body().next(reader);
            switch (result) {
                case BodyReader.DATA -> {
                    final long n = now.body().dataBytes(reader);
                    collected.append(reader, n);
                    now.body().consumed(n);
                }
                case BodyReader.END -> {
                    now.body().collected(collected.readableBytes());
                    return true;
                }
                case BodyReader.MORE -> {
                    now.request().sendContinue();
                    return false;
                }
                default -> {
                    refuseBody(now, result);
                    return false;
                }
            }
        }
    }

    @Override
    Reader bodySource() {
        final Buffer collected = body;
        return collected == null ? connection().reader() : collected;
    }

    @Override
    void awaitBody(Reader in) {
        throw new IllegalStateException("All of the body has been read before the handler was called");
    }

    // ---- long answers

    /** Whether so many bytes are no more than should wait, so that they can be copied at once. */
    private boolean isShort(long bytes) {
        return connection().pendingBytes() + bytes
                <= connection().engine().limits().outboundHighBytes();
    }

    @Override
    void sendBody(byte[] body) {
        if (isShort(body.length)) {
            writer().writeBytes(body);
        } else {
            promise(connection().sendLarge(body));
        }
    }

    @Override
    void sendBody(Reader body, long length) {
        if (isShort(length)) {
            writer().append(body, length);
        } else {
            promise(connection().sendLarge(body.slice(length)));
        }
    }

    // ---- answers that go on

    @Override
    boolean isAwaited(ServerResponse response) {
        return response.isDeferred() && !response.isEnded();
    }

    @Override
    void requireDeferrable() {
        // Here an answer may be given later.
    }

    @Override
    void requireBlocking(String what) {
        throw new IllegalStateException(what + " is for handlers on virtual threads");
    }

    @Override
    void deferredEnded() {
        if (!serving) {
            connection().loop().executeAlways(this::goOn);
        }
    }

    @Override
    void endRequest() {
        final Buffer collected = body;
        if (collected != null) {
            collected.close();
            body = null;
        }
    }

    @Override
    void onClose() {
        super.onClose();
        drop();
    }

    // ---- time

    @Override
    long clockNs() {
        return connection().loop().nowNs();
    }

    @Override
    void watch() {
        onTimer();
    }
}
