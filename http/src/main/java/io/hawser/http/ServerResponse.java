// SPDX-License-Identifier: Apache-2.0
package io.hawser.http;

import io.hawser.buffer.Buffer;
import io.hawser.buffer.Reader;
import io.hawser.buffer.Writer;
import io.hawser.buffer.WriterHook;
import io.hawser.connection.Connection;
import io.hawser.connection.ConnectionHandler;
import io.hawser.connection.FileSource;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The answer that is being given.
 *
 * <p>A streamed body is collected in {@link #staged}; what is there leaves as one chunk. A body that is ended before it has left in part is sent whole.
 */
final class ServerResponse implements Response, WriterHook {
    private static final byte[] TEXT_TYPE = ascii("Content-Type: text/plain; charset=utf-8\r\n");
    private static final byte[] LENGTH = ascii("Content-Length: ");
    private static final byte[] CHUNKED = ascii("Transfer-Encoding: chunked\r\n");
    private static final byte[] CLOSE = ascii("Connection: close\r\n");
    private static final byte[] KEEP_ALIVE = ascii("Connection: keep-alive\r\n");
    private static final byte[] RETRY = ascii("Retry-After: 1\r\n");
    private static final byte[] LAST_CHUNK = ascii("0\r\n");

    /** A text of which no more than this is copied behind the head. */
    private static final int SMALL_TEXT = 4 * 1024;
    /** A streamed body leaves in chunks of about so many bytes. */
    private static final int CHUNK_BYTES = 16 * 1024;

    /** No length is known: the body comes in chunks, or ends with the connection. */
    private static final long STREAMED = -1;
    /** What a handler says of a length that it does not send, to HEAD, say. */
    private static final long AS_SET = -2;

    private @Nullable Exchange exchange;
    private final Headers headers = new Headers();
    private final HeadWriter out;
    private @Nullable Headers trailers;
    private @Nullable Buffer staged;
    private @Nullable OutputStream stream;
    private int status;
    private boolean committed;
    private boolean ended;
    private boolean deferred;
    private boolean upgraded;
    private boolean keepsAlive;
    private boolean withoutBody;
    private boolean chunked;
    /** What the head says; -1 if it says none. */
    private long declared;

    private long bodyBytes;

    ServerResponse(Exchange exchange) {
        this.exchange = exchange;
        this.out = exchange.out();
        headers.takeRoom(exchange.room());
    }

    private Exchange exchange() {
        return Exchange.requireLive(exchange);
    }

    /** Nobody is to use it any more. */
    void over() {
        release();
        exchange().room().takeRoom(headers);
        exchange = null;
        committed = true;
        ended = true;
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    void begin() {
        headers.clear();
        out.clear();
        trailers = null;
        stream = null;
        status = 200;
        committed = false;
        ended = false;
        deferred = false;
        upgraded = false;
        keepsAlive = false;
        withoutBody = false;
        chunked = false;
        declared = 0;
        bodyBytes = 0;
    }

    /** Gives back what the answer holds. */
    void release() {
        final Buffer made = staged;
        if (made != null) {
            made.close();
            staged = null;
        }
    }

    // ---- the head

    @Override
    public int status() {
        return status;
    }

    @Override
    public Response status(int code) {
        requireUncommitted();
        if (code < 200 || code > 999) {
            throw new IllegalArgumentException("No status of an answer: " + code);
        }
        status = code;
        return this;
    }

    @Override
    public Headers headers() {
        return headers;
    }

    @Override
    public boolean isCommitted() {
        return committed;
    }

    @Override
    public boolean isEnded() {
        return ended;
    }

    @Override
    public long bodyBytes() {
        return bodyBytes;
    }

    boolean isDeferred() {
        return deferred;
    }

    boolean isUpgraded() {
        return upgraded;
    }

    /** Whether the connection may be used again after this; once the answer is committed. */
    boolean keepsAlive() {
        return keepsAlive;
    }

    private void requireUncommitted() {
        if (committed) {
            throw new IllegalStateException("The answer is committed: its head has been written");
        }
    }

    /** Puts the head together, for a body of {@code length} bytes, or one that is streamed. */
    private void commit(long length) {
        requireUncommitted();
        final RequestHead head = exchange().head();
        final HttpConnection connection = exchange().connection();
        if (head.method().equals("CONNECT") && status < 300) {
            throw new IllegalStateException("CONNECT succeeds by upgrade()");
        }
        withoutBody = status == 204 || status == 304 || head.method().equals("HEAD");
        boolean keep = head.keepsAlive() && connection.mayKeepAlive();
        out.put(Statuses.line(status));
        long set = -1;
        boolean dated = false;
        for (int i = 0; i < headers.size(); i++) {
            final String name = headers.name(i);
            final String value = headers.value(i);
            switch (name.length()) {
                case 4 -> dated |= Chars.equalIgnoringCase(name, "Date");
                case 10 -> {
                    if (Chars.equalIgnoringCase(name, "Connection")) {
                        keep &= !Lists.contains(value, "close");
                        continue;
                    }
                }
                case 14 -> {
                    if (Chars.equalIgnoringCase(name, "Content-Length")) {
                        set = parseLength(value);
                        continue;
                    }
                }
                case 17 -> {
                    if (Chars.equalIgnoringCase(name, "Transfer-Encoding")) {
                        continue;
                    }
                }
                default -> {
                    // Others are the handler's affair.
                }
            }
            out.putField(name, value);
        }
        if (!dated) {
            out.put(connection.dateLine());
        }
        out.put(connection.context().serverLine());
        declared = length < 0 ? set : length;
        if (status == 204) {
            declared = 0;
        } else if (declared >= 0 && (status != 304 || set >= 0)) {
            out.put(LENGTH).putNumber(withoutBody && set >= 0 ? set : declared).putLineEnd();
        } else if (length == STREAMED && status != 304) {
            chunked = head.version() != HttpVersion.HTTP_1_0;
            keep &= chunked;
            if (chunked) {
                out.put(CHUNKED);
            }
        }
        chunked &= !withoutBody;
        final ServerRequest request = exchange().request();
        // A peer that waits for 100 may send the body, or not: nobody can tell what comes next.
        keep &= request.isReadable(connection.context().limits().drainBytes());
        if (!keep) {
            out.put(CLOSE);
        } else if (head.version() == HttpVersion.HTTP_1_0) {
            out.put(KEEP_ALIVE);
        }
        keepsAlive = keep;
        committed = true;
    }

    private static long parseLength(String value) {
        try {
            final long length = Long.parseLong(value);
            if (length >= 0) {
                return length;
            }
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("No Content-Length: " + Quoted.of(value), e);
        }
        throw new IllegalArgumentException("No Content-Length: " + Quoted.of(value));
    }

    private Writer writer0() {
        return exchange().connection().writer();
    }

    // ---- whole

    @Override
    public void send() {
        final boolean asSet =
                (exchange().head().method().equals("HEAD") || status == 304) && headers.contains("Content-Length");
        commit(asSet ? AS_SET : 0);
        out.putLineEnd().writeTo(writer0());
        ended();
    }

    @Override
    public void send(String body) {
        requireUncommitted();
        final int length = body.length();
        if (length <= SMALL_TEXT && isAscii(body)) {
            commitText(length);
            if (!withoutBody) {
                out.put(body);
            }
            bodyBytes = length;
            out.writeTo(writer0());
            ended();
        } else {
            final byte[] utf8 = body.getBytes(StandardCharsets.UTF_8);
            commitText(utf8.length);
            finish(utf8);
        }
    }

    private void commitText(long length) {
        final boolean typed = headers.contains("Content-Type");
        commit(length);
        if (!typed) {
            out.put(TEXT_TYPE);
        }
        out.putLineEnd();
    }

    private static boolean isAscii(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) >= 0x80) {
                return false;
            }
        }
        return true;
    }

    @Override
    public void send(byte[] body) {
        commit(body.length);
        out.putLineEnd();
        finish(body);
    }

    private void finish(byte[] body) {
        if (!withoutBody) {
            if (body.length <= SMALL_TEXT) {
                out.put(body).writeTo(writer0());
            } else {
                out.writeTo(writer0());
                exchange().connection().sendBody(body);
            }
        } else {
            out.writeTo(writer0());
        }
        bodyBytes = body.length;
        ended();
    }

    @Override
    public void send(Reader body) {
        final long length = body.readableBytes();
        commit(length);
        out.putLineEnd().writeTo(writer0());
        bodyBytes = length;
        if (withoutBody) {
            body.skip(length);
        } else {
            exchange().connection().sendBody(body, length);
        }
        ended();
    }

    /** Moves a part of the body to the connection. */
    private void move(Reader body, long length) {
        bodyBytes += length;
        if (withoutBody) {
            body.skip(length);
        } else {
            writer0().append(body, length);
        }
    }

    @Override
    public void sendFile(Path file) throws IOException {
        requireUncommitted();
        try (FileSource source = exchange().connection().connection().engine().openFile(file)) {
            sendFile(source, 0, source.size());
        }
    }

    @Override
    public void sendFile(FileSource file, long offset, long count) throws IOException {
        requirePart(file.size(), offset, count);
        commit(count);
        out.putLineEnd().writeTo(writer0());
        bodyBytes = count;
        if (!withoutBody) {
            final HttpConnection connection = exchange().connection();
            connection.promise(connection.connection().sendFile(file, offset, count));
        }
        ended();
    }

    private static void requirePart(long size, long offset, long count) throws IOException {
        if (offset < 0 || count < 0) {
            throw new IllegalArgumentException("No part of a file: " + count + " bytes from " + offset + " on");
        }
        if (size - offset < count) {
            throw new IOException("The file has " + size + " bytes, not " + count + " from " + offset + " on");
        }
    }

    /** Answers with an error, without a body. The connection ends with it if the request is not to be relied on. */
    void fail(int code) {
        headers.clear();
        out.clear();
        release();
        stream = null;
        status = code;
        if (exchange().head().method().equals("CONNECT") || code == 400 || code == 408 || code == 413) {
            headers.set("Connection", "close");
        }
        send();
    }

    /** The answer to what is no request, or not served, or has taken too long: nothing is known of it. */
    static byte[] refusal(ServerContext context, int code) {
        final HeadWriter out = new HeadWriter();
        out.put(Statuses.line(code)).put(DateField.now()).put(context.serverLine());
        if (code == 503) {
            out.put(RETRY);
        }
        return out.put(LENGTH).putNumber(0).putLineEnd().put(CLOSE).putLineEnd().toBytes();
    }

    // ---- streamed

    @Override
    public Writer writer() {
        if (ended) {
            throw new IllegalStateException("The answer has ended");
        }
        return staged();
    }

    private Buffer staged() {
        Buffer made = staged;
        if (made == null) {
            made = new Buffer(exchange().connection().connection().loop().blocks());
            made.setBound(CHUNK_BYTES);
            made.setWriterHook(this);
            staged = made;
        }
        return made;
    }

    @Override
    public OutputStream outputStream() {
        OutputStream made = stream;
        if (made == null) {
            made = new ResponseStream(this, writer().outputStream());
            stream = made;
        }
        return made;
    }

    @Override
    public Headers trailers() {
        Headers made = trailers;
        if (made == null) {
            made = new Headers();
            trailers = made;
        }
        return made;
    }

    @Override
    public void dirty() {
        // It leaves when there is much of it, or when it is flushed.
    }

    @Override
    public void full(Buffer buffer, long bytes) {
        emit();
    }

    @Override
    public void flush() {
        if (!ended) {
            emit();
            writer0().flush();
        }
    }

    /** Writes what is staged to the connection. */
    private void emit() {
        final Buffer made = staged();
        made.clean();
        if (!committed) {
            commit(STREAMED);
            out.putLineEnd().writeTo(writer0());
        }
        final long bytes = made.readableBytes();
        if (bytes == 0) {
            return;
        }
        if (declared >= 0 && !withoutBody && bodyBytes + bytes > declared) {
            made.skip(bytes);
            throw new IllegalStateException("More than the " + declared + " bytes of the Content-Length");
        }
        if (chunked) {
            out.putHex(bytes).putLineEnd().writeTo(writer0());
        }
        move(made, bytes);
        if (chunked) {
            out.putLineEnd().writeTo(writer0());
        }
    }

    @Override
    public void end() {
        if (ended) {
            return;
        }
        final Buffer made = staged;
        if (!committed) {
            if (made == null) {
                send();
                return;
            }
            made.clean();
            if (trailers == null && !headers.contains("Content-Length")) {
                send(made);
                return;
            }
        }
        emit();
        if (declared >= 0 && !withoutBody && bodyBytes < declared) {
            exchange().connection().abort();
            throw new IllegalStateException(bodyBytes + " bytes were written; the Content-Length is " + declared);
        }
        if (chunked) {
            out.put(LAST_CHUNK);
            final Headers last = trailers;
            if (last != null) {
                last.forEach(out::putField);
            }
            out.putLineEnd().writeTo(writer0());
        }
        ended();
    }

    private void ended() {
        ended = true;
        release();
        if (deferred) {
            exchange().connection().deferredEnded();
        }
    }

    // ---- other ways

    @Override
    public void inform(int code, Headers fields) {
        requireUncommitted();
        if (code < 100 || code > 199 || code == 101) {
            throw new IllegalArgumentException("No status of an interim answer: " + code);
        }
        if (exchange().head().version() == HttpVersion.HTTP_1_0) {
            return;
        }
        if (code == 100) {
            exchange().request().sendContinue();
            return;
        }
        out.put(Statuses.line(code));
        fields.forEach(out::putField);
        out.putLineEnd().writeTo(writer0());
        writer0().flush();
    }

    @Override
    public void defer() {
        requireUncommitted();
        exchange().connection().requireDeferrable();
        deferred = true;
    }

    @Override
    public Connection upgrade(String protocol) {
        exchange().connection().requireBlocking("upgrade() without a handler");
        writeUpgrade(protocol);
        return exchange().connection().takeOver();
    }

    @Override
    public void upgrade(String protocol, ConnectionHandler handler) {
        Objects.requireNonNull(handler, "handler");
        writeUpgrade(protocol);
        exchange().connection().handOver(handler);
    }

    private void writeUpgrade(String protocol) {
        requireUncommitted();
        if (!exchange().body().isOver()) {
            throw new IllegalStateException("The body of the request has not been read to its end");
        }
        if (exchange().head().method().equals("CONNECT")) {
            out.put(Statuses.line(status));
        } else {
            headers.set("Upgrade", protocol);
            headers.set("Connection", "Upgrade");
            status = 101;
            out.put(Statuses.line(101));
        }
        headers.remove("Content-Length").remove("Transfer-Encoding");
        committed = true;
        upgraded = true;
        ended = true;
        release();
        headers.forEach(out::putField);
        out.putLineEnd().writeTo(writer0());
        writer0().flush();
    }
}
