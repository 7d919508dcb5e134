// SPDX-License-Identifier: Apache-2.0
package io.hawser.http;

import io.hawser.buffer.Reader;
import io.hawser.buffer.Writer;
import io.hawser.connection.Connection;
import io.hawser.connection.ConnectionHandler;
import io.hawser.connection.FileSource;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;

/**
 * The answer to a request.
 *
 * <p>It is sent whole by one of the {@code send} methods, or streamed: through {@link #writer()} or {@link #outputStream()} until {@link #end()}. A
 * streamed one is sent in chunks, or has the length that the handler set as {@code Content-Length}; with HTTP/1.0 the end of the connection is its
 * end. The server sets {@code Date}, {@code Content-Length}, {@code Transfer-Encoding} and {@code Connection}; where a handler sets {@code Connection:
 * close}, the connection ends after the answer. To HEAD, and with 204 and 304, the body is left out.
 *
 * <p><b>Commit:</b> when the head is written, the status can no longer be set and no other answer be given: both fail with
 * {@link IllegalStateException}. Changes of the {@link #headers()} come to nothing then.
 *
 * <p><b>A peer that has gone</b> shows in {@link io.hawser.connection.ConnectionClosedException}, or in {@link IOException} from the stream.
 *
 * <p><b>Thread and lifetime:</b> those of {@link HttpHandler}.
 */
public interface Response {
    /** The status; 200 unless another one was set. */
    int status();

    /**
     * Sets the status.
     *
     * @param code 200 to 999
     * @throws IllegalArgumentException if it is none of those; interim ones go by {@link #inform} and {@link #upgrade}
     */
    Response status(int code);

    /** The header fields. {@code Transfer-Encoding} is the server's; what a handler sets of it is left out. */
    Headers headers();

    /**
     * Sets a header field, in place of all of that name.
     *
     * @throws IllegalArgumentException as {@link Headers#set}
     */
    default Response header(String name, String value) {
        headers().set(name, value);
        return this;
    }

    /** Whether the head has been written. */
    boolean isCommitted();

    /** Whether the whole answer has been written. */
    boolean isEnded();

    /** How many bytes of the body have been written, without chunk headers; those left out for HEAD count. */
    long bodyBytes();

    // ---- whole

    /** Sends the answer without a body. */
    void send();

    /** Sends the answer with {@code body} as UTF-8; without a Content-Type field, as {@code text/plain; charset=utf-8}. */
    void send(String body);

    /**
     * Sends the answer with {@code body}, of whatever length. It may be changed as soon as this returns, but for a long one of a handler in the loop:
     * that is copied piece by piece as the peer takes it, and must not be changed any more.
     */
    void send(byte[] body);

    /** Sends the answer with all that is readable in {@code body}, which is moved, not copied, of whatever length; a slice need not be closed after that. */
    void send(Reader body);

    /**
     * Sends a part of a file as the body; the kernel takes it from the file by itself where it can.
     *
     * @param file of {@link io.hawser.connection.Engine#openFile}; may be closed as soon as this returns
     * @param offset where it begins, 0 to the file's size
     * @param count how many bytes
     * @throws IOException if the file is shorter, or cannot be read
     */
    void sendFile(FileSource file, long offset, long count) throws IOException;

    /**
     * Sends a file as the body.
     *
     * @throws IOException if it cannot be read
     */
    void sendFile(Path file) throws IOException;

    // ---- streamed

    /** Where to write the body. What is written is sent when there is much of it, with {@link Writer#flush()}, and with {@link #end()}. */
    Writer writer();

    /** As {@link #writer()}, as a stream; its {@code close()} is {@link #end()}. */
    OutputStream outputStream();

    /** Fields to send behind the last chunk, set before {@link #end()}; left out where there are no chunks. */
    Headers trailers();

    /**
     * Ends the answer.
     *
     * @throws IllegalStateException if fewer bytes were written than the Content-Length says; the connection is reset
     */
    void end();

    // ---- other ways

    /**
     * Sends an interim answer, as 100 (Continue), 102 or 103 (Early Hints), before the final one; not to HTTP/1.0, which knows none.
     *
     * @param status 100 to 199, but not 101
     * @throws IllegalStateException if the answer is committed
     */
    void inform(int status, Headers headers);

    /**
     * Has the answer be given later, by a handler in the loop that returns before: until {@link #end()} or a {@code send} the connection waits, and
     * request and response stay the handler's. They are used on the loop's thread, where {@link Connection#execute} leads.
     *
     * @throws IllegalStateException if the handler is on a virtual thread, which can wait itself
     */
    void defer();

    /**
     * Ends HTTP on this connection with {@code 101 Switching Protocols}, or to CONNECT with 200, with the fields that were set; {@code Connection} and
     * {@code Upgrade} are set here. The connection is the caller's from now on, in the blocking style, until the handler returns; then it is closed.
     * What the peer has sent behind the request is the first that is read. Only on a virtual thread.
     *
     * @param protocol the new protocol, as the Upgrade field names it; not sent to CONNECT
     * @throws IllegalStateException if the answer is committed, the request body has not been read, or the handler is in the loop
     */
    Connection upgrade(String protocol);

    /**
     * As {@link #upgrade(String)}, but {@code handler} serves the connection from now on, in its loop, whatever the style of this server: its
     * {@code prepare} and {@code onOpen} are called soon, then {@code onData} with what the peer has sent behind the request.
     *
     * @throws IllegalStateException if the answer is committed, or the request body has not been read
     */
    void upgrade(String protocol, ConnectionHandler handler);
}
