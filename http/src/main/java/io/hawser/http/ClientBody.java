// SPDX-License-Identifier: Apache-2.0
package io.hawser.http;

import io.hawser.buffer.Reader;
import io.hawser.connection.ConnectionClosedException;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.ProtocolException;
import java.util.Objects;

/** The body of a response as it comes. At its end the connection goes back to the pool. The thread of the exchange. */
final class ClientBody extends InputStream {
    private final ClientConnection connection;
    private final ConnectionPool pool;
    private final boolean untilClose;
    private final boolean reusable;
    private final long deadlineNs;
    private Headers trailers = new Headers();
    private boolean over;
    private boolean closed;

    ClientBody(ClientConnection connection, ConnectionPool pool, long length, boolean reusable, long deadlineNs) {
        this.connection = connection;
        this.pool = pool;
        this.untilClose = length == ResponseHead.UNTIL_CLOSE;
        this.reusable = reusable;
        this.deadlineNs = deadlineNs;
        if (!untilClose) {
            connection.body().begin(length, Long.MAX_VALUE);
            if (length == 0) {
                finish();
            }
        }
    }

    @Override
    public int read() throws IOException {
        final byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, target.length);
        if (over || length == 0) {
            return over ? -1 : 0;
        }
        if (closed) {
            throw new IOException("The response is closed");
        }
        boolean done = false;
        try {
            final int n = untilClose ? readToEnd(target, offset, length) : readFramed(target, offset, length);
            done = true;
            return n;
        } catch (ConnectionClosedException e) {
            throw new IOException("The connection to " + connection.origin() + " ended in the middle of a response", e);
        } finally {
            if (!done) {
                close();
            }
        }
    }

    private int readFramed(byte[] target, int offset, int length) throws IOException {
        final Reader reader = connection.reader();
        final BodyReader body = connection.body();
        while (true) {
            final int result = body.next(reader);
            if (result == BodyReader.END) {
                finish();
                return -1;
            }
            if (result == BodyReader.DATA) {
                final int n = (int) Math.min(length, body.dataBytes(reader));
                reader.readBytes(target, offset, n);
                body.consumed(n);
                if (body.isOver()) {
                    finish();
                }
                return n;
            }
            if (result != BodyReader.MORE) {
                throw new ProtocolException("The chunks of the response are malformed");
            }
            connection.awaitBody(deadlineNs);
        }
    }

    private int readToEnd(byte[] target, int offset, int length) throws IOException {
        final Reader reader = connection.reader();
        try {
            connection.awaitBody(deadlineNs);
        } catch (EOFException _) {
            finish();
            return -1;
        }
        final int n = (int) Math.min(length, reader.readableBytes());
        reader.readBytes(target, offset, n);
        return n;
    }

    @Override
    public int available() {
        return over || closed
                ? 0
                : (int) Math.min(Integer.MAX_VALUE, connection.reader().readableBytes());
    }

    private void finish() {
        over = true;
        if (!untilClose) {
            trailers = connection.body().trailers().copy();
        }
        // What stands behind the response belongs to none that was asked for.
        pool.release(connection, reusable && connection.reader().readableBytes() == 0);
    }

    boolean isOver() {
        return over;
    }

    Headers trailers() {
        return trailers;
    }

    /** Gives up what has not been read, and the connection with it. */
    @Override
    public void close() {
        if (!over && !closed) {
            closed = true;
            pool.release(connection, false);
        }
    }
}
