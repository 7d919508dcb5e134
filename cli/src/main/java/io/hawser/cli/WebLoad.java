// SPDX-License-Identifier: Apache-2.0
package io.hawser.cli;

import io.hawser.connection.ConnectionOptions;
import io.hawser.connection.Engine;
import io.hawser.http.ClientRequest;
import io.hawser.http.HttpClient;
import io.hawser.session.CallFailedException;
import io.hawser.session.Correlation;
import io.hawser.session.SendFailedException;
import io.hawser.session.SessionClient;
import io.hawser.tls.Tls;
import io.hawser.websocket.WebSocket;
import io.hawser.websocket.WebSocketMessage;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.HdrHistogram.Histogram;

/**
 * A load over https or wss: as many visitors as connections, each on a virtual thread, who ask, check every byte of the answer, and wait until they
 * ask again. As the rate is modest, so are the means: they share one histogram. What {@link Load} says of threads is for the visitors, too.
 */
final class WebLoad implements Load {
    private static final Duration CLOSE_TIME = Duration.ofMillis(500);
    private static final Duration PATIENCE = Duration.ofSeconds(5);
    private static final long MAX_LATENCY_NS = TimeUnit.MINUTES.toNanos(1);

    private final LoadSpec spec;
    private final Engine engine;
    private final Asking asking;
    private final AutoCloseable client;
    private final LoadErrors errors = new LoadErrors();
    private final CountDownLatch over = new CountDownLatch(1);
    private final CountDownLatch gone;

    // Guarded by this.
    private final Histogram latencies = new Histogram(MAX_LATENCY_NS, 3);
    private long verifiedMessages;
    private long verifiedBytes;

    private volatile long startNs;
    private volatile long finishedNs;

    /** How a visitor asks. Any number of threads. */
    private interface Asking {
        /** Asks once and waits for the answer; how many bytes have come back right. */
        int ask() throws IOException;
    }

    private WebLoad(LoadSpec spec, Engine engine, Asking asking, AutoCloseable client) {
        this.spec = spec;
        this.engine = engine;
        this.asking = asking;
        this.client = client;
        this.gone = new CountDownLatch(spec.connections());
    }

    /**
     * Gets one page again and again.
     *
     * @param builder of an engine that ends with this
     * @param page what has to come
     */
    static WebLoad pages(Engine.Builder builder, LoadSpec spec, Tls tls, String uri, byte[] page) throws IOException {
        final Engine engine = builder.start();
        final HttpClient client = HttpClient.builder(engine)
                .tls(tls)
                .callTimeout(PATIENCE)
                .connectionsPerOrigin(spec.connections())
                .build();
        return new WebLoad(spec, engine, () -> get(client, uri, page), client);
    }

    private static int get(HttpClient client, String uri, byte[] page) throws IOException {
        try (var response = client.send(ClientRequest.get(uri))) {
            if (response.status() != 200) {
                throw new IOException("status " + response.status());
            }
            if (!Arrays.equals(response.bytes(page.length + 1), page)) {
                throw new IOException("another page came back");
            }
            return page.length;
        }
    }

    /**
     * Has messages sent back by WebSockets.
     *
     * @param builder of an engine that ends with this
     */
    static WebLoad messages(Engine.Builder builder, LoadSpec spec, Tls tls, String uri) throws IOException {
        final Engine engine = builder.start();
        final String text = "x".repeat(spec.size());
        boolean started = false;
        try {
            final var client = WebSocket.client(uri)
                    .engine(engine)
                    .options(ConnectionOptions.DEFAULT.withTls(tls))
                    .sessions(spec.connections())
                    .correlation(Correlation.inOrder())
                    .listener((_, _) -> {})
                    .start();
            started = true;
            return new WebLoad(spec, engine, () -> exchange(client, text), client);
        } finally {
            if (!started) {
                engine.close();
            }
        }
    }

    private static int exchange(SessionClient<WebSocketMessage> client, String text) throws IOException {
        final WebSocketMessage answer = client.call(WebSocketMessage.text(text), PATIENCE);
        if (!(answer instanceof WebSocketMessage.Text same) || !same.text().equals(text)) {
            throw new IOException("another message came back");
        }
        return text.length();
    }

    @Override
    public void start() {
        startNs = System.nanoTime();
        IntStream.range(0, spec.connections())
                .forEach(i -> Thread.ofVirtual().name("hawser-visitor-" + i).start(() -> visit(i)));
    }

    private void visit(int number) {
        final long periodNs = (long) (spec.connections() * 1e9 / spec.rate());
        try {
            // Not all at once.
            boolean ended = over.await(periodNs * number / spec.connections(), TimeUnit.NANOSECONDS);
            while (!ended) {
                final long askedNs = System.nanoTime();
                count(asking.ask(), askedNs, System.nanoTime());
                ended = over.await(periodNs - (System.nanoTime() - askedNs), TimeUnit.NANOSECONDS);
            }
        } catch (IOException | SendFailedException | CallFailedException e) {
            errors.add("failed", Failures.reason(e));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            gone.countDown();
        }
    }

    private synchronized void count(int bytes, long askedNs, long answeredNs) {
        verifiedMessages++;
        verifiedBytes += bytes;
        if (askedNs - startNs >= spec.warmupNs()) {
            latencies.recordValue(Math.min(answeredNs - askedNs, MAX_LATENCY_NS));
        }
    }

    @Override
    public long remainingNs() {
        return gone.getCount() == 0 ? 0 : Math.max(0, startNs + spec.allNs() - System.nanoTime());
    }

    @Override
    public synchronized LoadSample sample() {
        final long nowNs = finishedNs == 0 ? System.nanoTime() : finishedNs;
        return new LoadSample(
                nowNs,
                startNs == 0 ? 0 : Math.max(0, nowNs - startNs - spec.warmupNs()),
                engine.connectionCount(),
                verifiedMessages,
                verifiedBytes,
                0,
                0,
                DatagramCounts.NONE,
                latencies.copy());
    }

    @Override
    public LoadResult finish() throws InterruptedException {
        finishedNs = System.nanoTime();
        over.countDown();
        if (!gone.await(PATIENCE.toNanos(), TimeUnit.NANOSECONDS)) {
            errors.add("failed", "an answer never came");
        }
        return new LoadResult(spec, engine.transport(), engine.loops().size(), sample(), errors.kinds());
    }

    @Override
    public void close() {
        over.countDown();
        try {
            client.close();
        } catch (Exception e) {
            throw new IllegalStateException("A client does not close", e);
        }
        engine.closeAsync(CLOSE_TIME).join();
    }
}
