// SPDX-License-Identifier: Apache-2.0
package io.hawser.http;

import java.io.IOException;
import java.io.OutputStream;
import java.net.ProtocolException;
import java.nio.charset.StandardCharsets;
import java.util.Objects;

/** Sends the body of a request, in chunks or with a length. The thread of the exchange. */
final class RequestBodyStream extends OutputStream {
    private static final int PIECE_BYTES = 16 << 10;
    private static final byte[] LINE_END = {'\r', '\n'};
    private static final byte[] LAST_CHUNK = "0\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

    private final ClientConnection connection;
    private final boolean chunked;
    private final byte[] piece = new byte[PIECE_BYTES];
    private int length;
    /** That may still be written. */
    private long left;

    private boolean finished;

    /** @param bytes how many it will be; -1 for chunks */
    RequestBodyStream(ClientConnection connection, long bytes) {
        this.connection = connection;
        this.chunked = bytes < 0;
        this.left = chunked ? Long.MAX_VALUE : bytes;
    }

    @Override
    public void write(int b) throws IOException {
        write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] source, int offset, int bytes) throws IOException {
        Objects.checkFromIndexSize(offset, bytes, source.length);
        if (finished) {
            throw new IOException("The body has ended");
        }
        if (bytes > left) {
            throw new ProtocolException("The body is longer than was said");
        }
        int from = offset;
        int rest = bytes;
        while (rest > 0) {
            final int n = Math.min(rest, PIECE_BYTES - length);
            System.arraycopy(source, from, piece, length, n);
            length += n;
            left -= n;
            from += n;
            rest -= n;
            if (length == PIECE_BYTES) {
                sendPiece();
            }
        }
    }

    private void sendPiece() throws IOException {
        if (connection.hasEarlyAnswer()) {
            throw new EarlyAnswerException();
        }
        if (length == 0) {
            return;
        }
        if (chunked) {
            final byte[] size = (Integer.toHexString(length) + "\r\n").getBytes(StandardCharsets.US_ASCII);
            connection.write(size, 0, size.length);
            connection.write(piece, 0, length);
            connection.write(LINE_END, 0, LINE_END.length);
        } else {
            connection.write(piece, 0, length);
        }
        length = 0;
    }

    @Override
    public void flush() throws IOException {
        sendPiece();
        connection.flush();
    }

    @Override
    public void close() {
        // The end is the source's return.
    }

    void finish() throws IOException {
        if (!chunked && left > 0) {
            throw new ProtocolException("The body is " + left + " bytes shorter than was said");
        }
        sendPiece();
        if (chunked) {
            connection.write(LAST_CHUNK, 0, LAST_CHUNK.length);
        }
        connection.flush();
        finished = true;
    }
}
