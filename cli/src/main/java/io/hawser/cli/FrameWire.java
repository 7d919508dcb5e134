// SPDX-License-Identifier: Apache-2.0
package io.hawser.cli;

import io.hawser.buffer.Buffer;
import io.hawser.buffer.Reader;
import io.hawser.connection.CloseCause;
import io.hawser.session.EventListener;
import io.hawser.session.MalformedMessageException;
import io.hawser.session.MessageTooLongException;
import io.hawser.session.Session;
import org.jspecify.annotations.Nullable;

/** Each message as a frame, through a session. */
final class FrameWire implements EchoWire, EventListener<Reader> {
    private final EchoClient client;
    private final int size;
    private @Nullable Session<Reader> session;
    /** Where messages are made; each leaves it as it is sent. */
    private @Nullable Buffer body;

    FrameWire(EchoClient client, int size) {
        this.client = client;
        this.size = size;
    }

    private Session<Reader> session() {
        if (session == null) {
            throw new IllegalStateException("Not open");
        }
        return session;
    }

    @Override
    public void send(int position, int bytes) {
        final Buffer message = body;
        if (message == null) {
            throw new IllegalStateException("Not open");
        }
        Payload.write(message, position, bytes);
        session().send(message);
    }

    @Override
    public void close() {
        session().close();
    }

    @Override
    public void abort() {
        session().abort();
    }

    @Override
    public boolean onOpen(Session<Reader> opened) {
        session = opened;
        body = new Buffer(opened.loop().blocks());
        client.opened(opened.loop(), this);
        return true;
    }

    @Override
    public void onMessage(Session<Reader> open, Reader frame) {
        if (frame.readableBytes() == size) {
            client.received(frame);
        } else {
            client.fail(
                    "wrong length",
                    "a frame of " + frame.readableBytes() + " bytes came to connection " + client.index()
                            + ", and each sent has " + size);
        }
    }

    @Override
    public void onError(Session<Reader> failing, Throwable error) {
        // What happens to the connection is told with its close.
        if (error instanceof MalformedMessageException || error instanceof MessageTooLongException) {
            client.fail("wrong frames", Failures.describe(error));
        }
    }

    @Override
    public void onClose(Session<Reader> closed, CloseCause cause) {
        if (body != null) {
            body.close();
            body = null;
        }
        client.closed(cause);
    }
}
