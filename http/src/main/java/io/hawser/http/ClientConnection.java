// SPDX-License-Identifier: Apache-2.0
package io.hawser.http;

import io.hawser.buffer.NotEnoughBytesException;
import io.hawser.buffer.Reader;
import io.hawser.connection.Connection;
import io.hawser.connection.ConnectionClosedException;
import io.hawser.connection.ReadTimeoutException;
import io.hawser.connection.WriteTimeoutException;
import io.hawser.loop.EventLoop;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ProtocolException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * A connection of a client, on which one exchange comes after the other.
 *
 * <p><b>Thread:</b> that of the exchange; between two of them that of the pool.
 */
final class ClientConnection {
    /** How long a server may take to say whether it wants a body, before it gets it. */
    private static final Duration CONTINUE_TIME = Duration.ofSeconds(1);

    private static final String[] OWN_FIELDS = {
        "Content-Length", "Transfer-Encoding", "Connection", "Keep-Alive", "Upgrade", "TE", "Trailer", "Expect"
    };

    private final Origin origin;
    private final Connection connection;
    private final ClientSettings settings;
    private final HeadWriter head = new HeadWriter();
    private final BodyReader body;
    private Duration readTimeout;
    private boolean reused;
    private long idleSinceNs;
    /** Whether a byte of the response has come. */
    private boolean answered;

    ClientConnection(Origin origin, Connection connection, ClientSettings settings) {
        this.origin = origin;
        this.connection = connection;
        this.settings = settings;
        this.body = new BodyReader(settings.limits());
        this.readTimeout = connection.readTimeout();
    }

    // ---- for the pool

    Origin origin() {
        return origin;
    }

    EventLoop loop() {
        return connection.loop();
    }

    long nowNs() {
        return connection.loop().clockNs();
    }

    void idleSince(long nowNs) {
        idleSinceNs = nowNs;
    }

    long idleSinceNs() {
        return idleSinceNs;
    }

    /** It is used for another exchange. */
    void reused() {
        reused = true;
    }

    /** Whether the server is there still, and has said nothing that nobody asked. */
    boolean isReusable() {
        return connection.isOpen() && connection.reader().readableBytes() == 0 && connection.isActive();
    }

    void close() {
        connection.close();
    }

    // ---- an exchange

    /**
     * Sends a request and reads the head of its response.
     *
     * @param deadlineNs when all must be over
     * @throws StaleConnectionException if the server had closed the connection before
     */
    ClientResponse exchange(ClientRequest request, ConnectionPool pool, long deadlineNs) throws IOException {
        answered = false;
        boolean done = false;
        try {
            final boolean sent = send(request, deadlineNs);
            final ResponseHead response = readFinal(deadlineNs);
            final long length = response.bodyLength(request.method());
            final boolean reusable = sent
                    && length != ResponseHead.UNTIL_CLOSE
                    && response.keepsAlive()
                    && !response.announcesForbiddenBody();
            final ClientResponse result =
                    new ClientResponse(request, response, this, pool, length, reusable, deadlineNs, settings);
            done = true;
            return result;
        } catch (EOFException | ConnectionClosedException e) {
            if (reused && !answered) {
                throw new StaleConnectionException(e);
            }
            throw e instanceof EOFException eof
                    ? eof
                    : new IOException("The connection to " + origin + " has ended", e);
        } catch (WriteTimeoutException e) {
            throw timeout("took nothing of the request for " + connection.writeTimeout(), e);
        } catch (UncheckedIOException e) {
            throw e.getCause();
        } finally {
            if (!done) {
                connection.abort();
            }
        }
    }

    /** Whether all of it was sent. */
    private boolean send(ClientRequest request, long deadlineNs) throws IOException {
        writeHead(request);
        final BodySource source = request.body();
        if (source == null) {
            connection.writer().flush();
            return true;
        }
        if (request.expectsContinue()) {
            connection.writer().flush();
            if (!mayContinue(deadlineNs)) {
                return false;
            }
        }
        final RequestBodyStream out = new RequestBodyStream(this, request.length());
        try {
            source.write(out);
            out.finish();
            return true;
        } catch (EarlyAnswerException _) {
            return false;
        } catch (ConnectionClosedException e) {
            // It may have answered before it went.
            if (connection.reader().readableBytes() > 0) {
                return false;
            }
            throw e;
        }
    }

    private void writeHead(ClientRequest request) {
        final Headers headers = request.headers();
        final String path = request.uri().getRawPath();
        final String query = request.uri().getRawQuery();
        head.clear();
        head.put(request.method()).put(' ');
        // What a URI has beyond ASCII is escaped as UTF-8.
        head.put(path == null || path.isEmpty() ? "/" : PercentCoding.toAscii(path));
        if (query != null) {
            head.put('?').put(PercentCoding.toAscii(query));
        }
        head.put(" HTTP/1.1\r\n");
        head.putField("Host", headers.first("Host").orElseGet(origin::authority));
        for (int i = 0; i < headers.size(); i++) {
            if (!isOwn(headers.name(i))) {
                head.putField(headers.name(i), headers.value(i));
            }
        }
        if (!headers.contains("User-Agent") && !settings.userAgent().isEmpty()) {
            head.putField("User-Agent", settings.userAgent());
        }
        if (settings.decompress() && !headers.contains("Accept-Encoding")) {
            head.putField("Accept-Encoding", "gzip, deflate");
        }
        if (request.body() != null) {
            if (request.length() < 0) {
                head.putField("Transfer-Encoding", "chunked");
            } else {
                head.putField("Content-Length", Long.toString(request.length()));
            }
            if (request.expectsContinue()) {
                head.putField("Expect", "100-continue");
            }
        } else if (request.method().equals("POST")
                || request.method().equals("PUT")
                || request.method().equals("PATCH")) {
            // RFC 9110, 8.6: these have a body, so that an empty one has to be told.
            head.putField("Content-Length", "0");
        }
        head.putLineEnd();
        head.writeTo(connection.writer());
    }

    private static boolean isOwn(String name) {
        if (Chars.equalIgnoringCase(name, "Host")) {
            return true;
        }
        for (String own : OWN_FIELDS) {
            if (Chars.equalIgnoringCase(name, own)) {
                return true;
            }
        }
        return false;
    }

    /** Whether the server wants the body, or says nothing. What else it says stays to be read. */
    private boolean mayContinue(long deadlineNs) throws IOException {
        final long untilNs = Math.min(deadlineNs, nowNs() + CONTINUE_TIME.toNanos());
        final Reader reader = connection.reader();
        try {
            // The final answer has as many bytes, too.
            while (reader.readableBytes() < STATUS_KNOWN) {
                await(reader.readableBytes() + 1, untilNs);
            }
        } catch (SocketTimeoutException _) {
            return true;
        }
        if (reader.getByte(STATUS_AT) != '1') {
            return false;
        }
        final ResponseHead interim = readHead(deadlineNs);
        if (interim.status() == 100) {
            return true;
        }
        requireInterim(interim);
        return mayContinue(deadlineNs);
    }

    private static final int STATUS_AT = 9;
    private static final int STATUS_KNOWN = STATUS_AT + 1;

    /** Whether a final answer has come while the request is still being sent: then the rest of it is of no use. */
    boolean hasEarlyAnswer() {
        final Reader reader = connection.reader();
        return reader.readableBytes() >= STATUS_KNOWN && reader.getByte(STATUS_AT) != '1';
    }

    private ResponseHead readFinal(long deadlineNs) throws IOException {
        for (int interim = 0; interim <= settings.interimResponses(); interim++) {
            final ResponseHead response = readHead(deadlineNs);
            if (response.status() >= 200) {
                return response;
            }
            requireInterim(response);
        }
        throw new ProtocolException("More than " + settings.interimResponses() + " interim responses");
    }

    private static void requireInterim(ResponseHead response) throws ProtocolException {
        if (response.status() == 101) {
            throw new ProtocolException("The server changes the protocol without having been asked to");
        }
        if (response.headers().contains("Transfer-Encoding")
                || response.headers().contains("Content-Length")) {
            throw new ProtocolException("An interim response with a body");
        }
    }

    private ResponseHead readHead(long deadlineNs) throws IOException {
        final ResponseHead response = new ResponseHead(
                settings.limits().headerBytes(), settings.limits().headerCount());
        final Reader reader = connection.reader();
        final long untilNs =
                Math.min(deadlineNs, nowNs() + settings.responseTimeout().toNanos());
        while (true) {
            await(1, untilNs);
            answered = true;
            for (long left = reader.readableBytes(); left > 0; left--) {
                if (response.take(reader.readByte())) {
                    return response;
                }
            }
        }
    }

    // ---- for the body of a response

    BodyReader body() {
        return body;
    }

    Reader reader() {
        return connection.reader();
    }

    void write(byte[] source, int offset, int length) {
        connection.writer().writeBytes(source, offset, length);
    }

    void flush() {
        connection.writer().flush();
    }

    /** Waits for a byte of a body. */
    void awaitBody(long deadlineNs) throws IOException {
        await(1, Math.min(deadlineNs, nowNs() + settings.readTimeout().toNanos()));
    }

    /**
     * Waits until so many bytes are there.
     *
     * @throws EOFException if there will not be so many
     * @throws SocketTimeoutException if they have not come in time
     */
    private void await(long bytes, long untilNs) throws IOException {
        final Reader reader = connection.reader();
        if (reader.readableBytes() >= bytes) {
            return;
        }
        final long leftNs = untilNs - nowNs();
        if (leftNs <= 0) {
            throw timeout("said nothing in time", null);
        }
        // Rounded up to what a timer tells apart, so that it is not set for every wait.
        final Duration left = Duration.ofMillis((leftNs + 999_999) / 1_000_000);
        if (!left.equals(readTimeout)) {
            readTimeout = left;
            connection.readTimeout(left);
        }
        try {
            reader.getByte(bytes - 1);
        } catch (ReadTimeoutException e) {
            throw timeout("said nothing for " + left, e);
        } catch (NotEnoughBytesException _) {
            throw new EOFException(origin + " closed the connection in the middle of a response");
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    private SocketTimeoutException timeout(String what, @Nullable Throwable cause) {
        final SocketTimeoutException timeout = new SocketTimeoutException(origin + " " + what);
        if (cause != null) {
            timeout.initCause(cause);
        }
        return timeout;
    }

    @Override
    public String toString() {
        return connection.toString();
    }
}
