// SPDX-License-Identifier: Apache-2.0
package io.hawser.http;

import io.hawser.buffer.Reader;
import io.hawser.connection.FileSource;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.function.Consumer;

/**
 * Writes a line for each request that another handler has answered.
 *
 * <p>What a client sends cannot break out of its line: everything but visible ASCII is escaped, and so are quotes and backslashes.
 *
 * <p>Lines are written on a thread of their own, never where requests are served. If that is too slow, lines are dropped rather than requests held up;
 * {@link #dropped()} counts them, and the log says so. {@link #close()} writes those that wait.
 *
 * <p>The address is that of the connection, which behind a proxy is the proxy's unless it speaks the PROXY protocol; what {@code X-Forwarded-For} claims is not looked at.
 *
 * <p><b>Thread:</b> any, as the handler that it wraps.
 */
public final class AccessLog implements HttpHandler, AutoCloseable {
    private static final int MOST_LINES = 16_384;
    private static final int INTERNAL_ERROR = 500;

    /** How a line looks. */
    public enum Format {
        /** That of the first web servers: {@code host - - [time] "request" status bytes}. */
        COMMON,
        /** As {@link #COMMON}, with {@code "referer" "user agent"}. */
        COMBINED,
        /** An object with time, remote, method, target, version, host, status, bytes, duration in microseconds, referer and user agent. */
        JSON
    }

    private final HttpHandler handler;
    private final Format format;
    private final LineSink sink;
    private final InstantSource clock;

    private AccessLog(HttpHandler handler, Format format, Consumer<String> target, InstantSource clock) {
        this.handler = handler;
        this.format = format;
        this.sink = new LineSink(target, MOST_LINES);
        this.clock = clock;
    }

    /** Logs what {@code handler} answers, in the combined format, to {@code logger} with level INFO. */
    public static AccessLog of(HttpHandler handler, System.Logger logger) {
        return of(handler, Format.COMBINED, line -> logger.log(System.Logger.Level.INFO, line));
    }

    /**
     * Logs what {@code handler} answers.
     *
     * @param target gets the lines, without their ends, one after the other on a thread of its own; it may block
     */
    public static AccessLog of(HttpHandler handler, Format format, Consumer<String> target) {
        return of(handler, format, target, InstantSource.system());
    }

    static AccessLog of(HttpHandler handler, Format format, Consumer<String> target, InstantSource clock) {
        return new AccessLog(handler, format, target, clock);
    }

    /** How many lines were dropped, for lack of room or after the close. */
    public long dropped() {
        return sink.dropped();
    }

    @Override
    public void handle(Request request, Response response) throws Exception {
        final Entry entry = new Entry(request, clock.instant());
        final Logged logged = new Logged(response, entry);
        boolean done = false;
        try {
            handler.handle(request, logged);
            done = true;
            if (!logged.deferred) {
                log(entry, response.status(), response.bodyBytes());
            }
        } catch (HttpException e) {
            done = true;
            log(entry, response.isCommitted() ? response.status() : e.status(), response.bodyBytes());
            throw e;
        } finally {
            if (!done) {
                log(entry, response.isCommitted() ? response.status() : INTERNAL_ERROR, response.bodyBytes());
            }
        }
    }

    private void log(Entry entry, int status, long bytes) {
        if (!entry.logged) {
            entry.logged = true;
            final Instant now = clock.instant();
            sink.offer(AccessLine.of(format, entry, status, bytes, Duration.between(entry.begun, now)));
        }
    }

    /** Writes the lines that wait, for a few seconds at most; those that come later are dropped. */
    @Override
    public void close() {
        sink.close();
    }

    @Override
    public String toString() {
        return "logged " + handler;
    }

    /** What of a request goes into a line: taken when it comes, since it lives no longer than its answer. */
    static final class Entry {
        final Instant begun;
        final String remote;
        final String method;
        final String target;
        final String version;
        final String host;
        final String referer;
        final String userAgent;
        private boolean logged;

        Entry(Request request, Instant begun) {
            this.begun = begun;
            this.remote = request.remoteAddress().map(Entry::address).orElse("-");
            this.method = request.method();
            this.target = request.target();
            this.version = request.version().toString();
            this.host = request.host();
            this.referer = request.headers().first("Referer").orElse("");
            this.userAgent = request.headers().first("User-Agent").orElse("");
        }

        private static String address(SocketAddress address) {
            if (address instanceof InetSocketAddress inet && inet.getAddress() != null) {
                return inet.getAddress().getHostAddress();
            }
            return "-";
        }
    }

    /** Sees when an answer ends that is given after its handler has returned. */
    private final class Logged extends ForwardingResponse {
        private final Entry entry;
        private boolean deferred;

        Logged(Response target, Entry entry) {
            super(target);
            this.entry = entry;
        }

        @Override
        public void defer() {
            super.defer();
            deferred = true;
        }

        private void ended() {
            if (deferred) {
                log(entry, status(), bodyBytes());
            }
        }

        @Override
        public void send() {
            super.send();
            ended();
        }

        @Override
        public void send(String body) {
            super.send(body);
            ended();
        }

        @Override
        public void send(byte[] body) {
            super.send(body);
            ended();
        }

        @Override
        public void send(Reader body) {
            super.send(body);
            ended();
        }

        @Override
        public void sendFile(FileSource file, long offset, long count) throws IOException {
            super.sendFile(file, offset, count);
            ended();
        }

        @Override
        public void sendFile(Path file) throws IOException {
            super.sendFile(file);
            ended();
        }

        @Override
        public void end() {
            super.end();
            ended();
        }
    }
}
