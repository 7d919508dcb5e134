// SPDX-License-Identifier: Apache-2.0
package io.hawser.http;

import io.hawser.connection.Connection;
import io.hawser.connection.ConnectionOptions;
import io.hawser.connection.Engine;
import io.hawser.tls.Tls;
import java.io.IOException;
import java.net.ProtocolException;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Sends requests over HTTP/1.1, and keeps connections for the next ones.
 *
 * <pre>{@code
 * try (var client = HttpClient.of(engine);
 *         var response = client.send(ClientRequest.get("http://127.0.0.1:8080/items/1"))) {
 *     System.out.println(response.status() + " " + response.string(1 << 20));
 * }
 * }</pre>
 *
 * <p><b>Connections</b> are kept by origin: scheme, host and port. One is used again only after its response was read to the end, if nothing came
 * behind it, and if the server is there still. A request that finds its kept connection closed all the same is sent a second time, on a new one, if its
 * method is idempotent (RFC 9110, 9.2.2) and its body can be written again.
 *
 * <p><b>What is not done:</b> cookies are not kept, and {@code CONNECT} and {@code Upgrade} are not sent.
 *
 * <p><b>Failures</b> are {@link IOException}s: {@link java.net.SocketTimeoutException} for all timeouts, {@link ProtocolException} for a response that is not
 * strictly HTTP/1.1, {@link java.io.EOFException} for one that ends early.
 *
 * <p><b>Thread:</b> any but those of loops, since it waits; virtual ones are fine. {@link #sendAsync} may be called anywhere.
 */
public final class HttpClient implements AutoCloseable {
    private static final Set<String> IDEMPOTENT = Set.of("GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE");

    private final Engine engine;
    private final ConnectionOptions options;
    private final ClientSettings settings;
    private final int redirects;
    private final Duration callTimeout;
    private final ConnectionPool pool;
    private final @Nullable Tls given;
    private volatile @Nullable Tls speaking;

    private HttpClient(Builder builder) {
        this.engine = builder.engine;
        this.options = ConnectionOptions.DEFAULT
                .withDialTimeout(builder.connectTimeout)
                .withReadTimeout(builder.responseTimeout)
                .withWriteTimeout(builder.readTimeout)
                .withReceiveWhileCongested(true);
        this.settings = new ClientSettings(
                builder.limits,
                builder.responseTimeout,
                builder.readTimeout,
                builder.interimResponses,
                builder.userAgent,
                builder.decompress,
                builder.inflatedBytes,
                builder.inflationRatio);
        this.redirects = builder.redirects;
        this.callTimeout = builder.callTimeout;
        this.given = builder.tls;
        this.pool = new ConnectionPool(
                this::dial, builder.connectionsPerOrigin, builder.idleTimeout, builder.connectTimeout);
    }

    /** A client with the defaults, over the connections of {@code engine}. */
    public static HttpClient of(Engine engine) {
        return builder(engine).build();
    }

    /** For options. */
    public static Builder builder(Engine engine) {
        return new Builder(engine);
    }

    private ClientConnection dial(Origin origin) throws IOException {
        final Connection connection = engine.dial(origin.address(), origin.secure() ? options.withTls(tls()) : options);
        return new ClientConnection(origin, connection, settings);
    }

    /** Who never sends to https need not have any roots. */
    private Tls tls() throws IOException {
        Tls known = speaking;
        if (known == null) {
            known = given == null
                    ? Tls.client().applicationProtocols(Http.PROTOCOL).build()
                    : given.speaking(Http.PROTOCOL);
            speaking = known;
        }
        return known;
    }

    /**
     * Sends {@code request} and waits for the head of its response, whatever its status.
     *
     * @throws IOException if there is none; see above
     * @throws IllegalStateException if called on the thread of a loop
     */
    public ClientResponse send(ClientRequest request) throws IOException {
        final long deadlineNs = callTimeout.isZero()
                ? Long.MAX_VALUE
                : engine.loops().getFirst().clockNs() + callTimeout.toNanos();
        ClientRequest next = request;
        for (int followed = 0; ; followed++) {
            final ClientResponse response = exchange(next, deadlineNs);
            final Optional<ClientRequest> redirected =
                    redirects == 0 ? Optional.empty() : Redirects.next(next, response.status(), response.headers());
            if (redirected.isEmpty()) {
                return response;
            }
            if (followed == redirects) {
                response.close();
                throw new ProtocolException(request + " was redirected more than " + redirects + " times");
            }
            response.discard();
            next = redirected.get();
        }
    }

    private ClientResponse exchange(ClientRequest request, long deadlineNs) throws IOException {
        final Origin origin = Origin.of(request.uri());
        try {
            return exchange(request, origin, false, deadlineNs);
        } catch (StaleConnectionException e) {
            if (!IDEMPOTENT.contains(request.method()) || !request.isRepeatable()) {
                throw e;
            }
            return exchange(request, origin, true, deadlineNs);
        }
    }

    private ClientResponse exchange(ClientRequest request, Origin origin, boolean fresh, long deadlineNs)
            throws IOException {
        final ClientConnection connection = pool.acquire(origin, fresh);
        boolean done = false;
        try {
            final ClientResponse response = connection.exchange(request, pool, deadlineNs);
            done = true;
            return response;
        } finally {
            if (!done) {
                pool.release(connection, false);
            }
        }
    }

    /**
     * As {@link #send}, on a virtual thread of its own.
     *
     * @return completes on that thread; to cancel it ends the exchange. A response that comes nevertheless is closed
     */
    public CompletableFuture<ClientResponse> sendAsync(ClientRequest request) {
        final AtomicReference<Thread> sender = new AtomicReference<>();
        final CompletableFuture<ClientResponse> result = new CompletableFuture<>() {
            @Override
            public boolean cancel(boolean mayInterrupt) {
                final boolean cancelled = super.cancel(mayInterrupt);
                final Thread thread = sender.get();
                if (cancelled && thread != null) {
                    thread.interrupt();
                }
                return cancelled;
            }
        };
        final Thread thread = Thread.ofVirtual().name("hawser-http-client").unstarted(() -> {
            try {
                final ClientResponse response = send(request);
                if (!result.complete(response)) {
                    response.close();
                }
            } catch (IOException | RuntimeException e) {
                result.completeExceptionally(e);
            }
        });
        sender.set(thread);
        thread.start();
        return result;
    }

    /** How many connections it has, in use or kept. */
    public int connections() {
        return pool.size();
    }

    /** Closes the connections that are kept; those in use are closed when their responses end. Sending fails from now on. The engine goes on. */
    @Override
    public void close() {
        pool.close();
    }

    /** Options of a {@link HttpClient}. <b>Thread:</b> one at a time. */
    public static final class Builder {
        private final Engine engine;
        private HttpLimits limits = HttpLimits.DEFAULT;
        private Duration connectTimeout = Duration.ofSeconds(10);
        private Duration responseTimeout = Duration.ofSeconds(30);
        private Duration readTimeout = Duration.ofSeconds(30);
        private Duration callTimeout = Duration.ZERO;
        private Duration idleTimeout = Duration.ofSeconds(30);
        private int connectionsPerOrigin = 64;
        private int interimResponses = 16;
        private int redirects;
        private String userAgent = "";
        private boolean decompress;
        private @Nullable Tls tls;
        private long inflatedBytes = 64L << 20;
        private int inflationRatio = 200;

        private Builder(Engine engine) {
            this.engine = engine;
        }

        /** The bounds on the length of heads and trailers and the number of fields; the others are those of servers. */
        public Builder limits(HttpLimits value) {
            limits = value;
            return this;
        }

        /**
         * What is spoken with {@code https}: a {@link Tls#client()}; by ALPN it asks for {@code http/1.1}, whatever its
         * {@link Tls.Builder#applicationProtocols}. By default one that trusts whom the system trusts.
         *
         * @throws IllegalArgumentException if it is a server's
         */
        public Builder tls(Tls value) {
            if (!value.isClient()) {
                throw new IllegalArgumentException("The TLS of a server");
            }
            tls = value;
            return this;
        }

        /** How long a dial may take, and how long to wait for a connection where all of an origin are in use. Positive; default 10 s. */
        public Builder connectTimeout(Duration value) {
            connectTimeout = positive("connectTimeout", value);
            return this;
        }

        /** How long the head of a response may take, from when the request was sent. Positive; default 30 s. */
        public Builder responseTimeout(Duration value) {
            responseTimeout = positive("responseTimeout", value);
            return this;
        }

        /** How long a server may send nothing of a body, or take nothing of one. Positive; default 30 s. */
        public Builder readTimeout(Duration value) {
            readTimeout = positive("readTimeout", value);
            return this;
        }

        /** How long a request may take in all, redirections and the body of the response included; zero, the default, for no bound. */
        public Builder callTimeout(Duration value) {
            if (value.isNegative()) {
                throw new IllegalArgumentException("callTimeout must not be negative: " + value);
            }
            callTimeout = value;
            return this;
        }

        /** How long a connection is kept that nobody uses. Positive; default 30 s. */
        public Builder idleTimeout(Duration value) {
            idleTimeout = positive("idleTimeout", value);
            return this;
        }

        /** How many connections there may be to one origin; who needs another one waits. Positive; default 64. */
        public Builder connectionsPerOrigin(int value) {
            if (value < 1) {
                throw new IllegalArgumentException("connectionsPerOrigin must be positive: " + value);
            }
            connectionsPerOrigin = value;
            return this;
        }

        /** How many interim responses (100 to 199) may come before the final one. Not negative; default 16. */
        public Builder interimResponses(int value) {
            if (value < 0) {
                throw new IllegalArgumentException("interimResponses must not be negative: " + value);
            }
            interimResponses = value;
            return this;
        }

        /**
         * How many redirections are followed one after the other; over it the request fails. After 303, and after 301 and 302 to POST, the method becomes GET. To
         * another origin go no {@code Authorization}, {@code Proxy-Authorization} and {@code Cookie}. None is followed from https to http, nor with
         * a body that cannot be written again: such a response is the result. Default 0: all are.
         */
        public Builder redirects(int most) {
            if (most < 0) {
                throw new IllegalArgumentException("redirects must not be negative: " + most);
            }
            redirects = most;
            return this;
        }

        /**
         * The User-Agent field of requests that have none; empty, the default, for none.
         *
         * @throws IllegalArgumentException as {@link Headers#set}
         */
        public Builder userAgent(String value) {
            Headers.of("User-Agent", value);
            userAgent = value;
            return this;
        }

        /** Whether to ask for gzip and deflate, and inflate them. Default off. */
        public Builder decompress(boolean on) {
            decompress = on;
            return this;
        }

        /**
         * The bounds on what compressed responses become: so many bytes, and so many times what was received (of more than 64 KiB). Both positive; default
         * 64 MiB and 200.
         */
        public Builder inflationLimits(long bytes, int ratio) {
            if (bytes < 1 || ratio < 1) {
                throw new IllegalArgumentException("Limits must be positive");
            }
            inflatedBytes = bytes;
            inflationRatio = ratio;
            return this;
        }

        private static Duration positive(String name, Duration value) {
            if (!value.isPositive()) {
                throw new IllegalArgumentException(name + " must be positive: " + value);
            }
            return value;
        }

        /** A client with these options. */
        public HttpClient build() {
            return new HttpClient(this);
        }
    }
}
