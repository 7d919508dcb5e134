// SPDX-License-Identifier: Apache-2.0
package io.hawser.cli;

import io.hawser.connection.Address;
import io.hawser.connection.CloseCause;
import io.hawser.connection.Connection;
import io.hawser.connection.ConnectionHandler;
import io.hawser.connection.ConnectionOptions;
import io.hawser.connection.Engine;
import io.hawser.connection.Server;
import io.hawser.connection.ServerOptions;
import io.hawser.proxy.ProxyHeader;
import io.hawser.proxy.ProxyReceiver;
import io.hawser.proxy.ProxyVersion;
import io.hawser.tls.Tls;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Iterator;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Forwards connections to upstreams, byte by byte and without copying: both sides of a connection live on one loop, and the blocks that one has received
 * are sent by the other.
 *
 * <p><b>Thread:</b> any; what it does for a connection it does on that one's loop.
 */
final class Proxy implements ConnectionHandler {
    private static final int TOLERATED_FAILURES = 1;

    private final Engine engine;
    private final Upstreams upstreams;
    private final ConnectionOptions options;
    private final ConnectionOptions listening;
    private final Optional<Tls> tls;
    private final ProxyStats stats = new ProxyStats();
    private final Consumer<String> news;
    private final Optional<ProxyReceiver> receiver;
    private final Optional<ProxyVersion> version;

    /**
     * A proxy that does nothing yet.
     *
     * @param dialTimeout how long to try each upstream
     * @param front for those that it listens to; empty for none
     * @param back for upstreams whose address says {@code tls}
     * @param receiver of headers of clients that are proxies
     * @param version of the header that upstreams get
     * @param news is told of upstreams that fail and recover, a line each
     */
    Proxy(
            Engine engine,
            Upstreams upstreams,
            Duration dialTimeout,
            Duration idleTimeout,
            Optional<Tls> front,
            Optional<Tls> back,
            Optional<ProxyReceiver> receiver,
            Optional<ProxyVersion> version,
            Consumer<String> news) {
        this.receiver = receiver;
        this.version = version;
        this.engine = engine;
        this.upstreams = upstreams;
        // Each direction is held back by itself; if one stopped the other, two peers that both write first would wait
        // for ever.
        this.options = ConnectionOptions.DEFAULT
                .withReceiveWhileCongested(true)
                .withDialTimeout(dialTimeout)
                .withIdleTimeout(idleTimeout);
        this.listening = front.map(options::withTls).orElse(options);
        this.tls = back;
        this.news = news;
    }

    Server listen(Address address, boolean reusePort) throws IOException {
        return engine.listen(
                address,
                ServerOptions.DEFAULT
                        .withConnections(ProxyHeaders.receiving(listening, receiver))
                        .withReusePort(reusePort),
                this);
    }

    ProxyStats stats() {
        return stats;
    }

    // ---- of clients

    @Override
    public boolean prepare(Connection client) {
        stats.accepted();
        client.pause();
        client.attach(new ProxyLink(stats));
        return true;
    }

    @Override
    public void onOpen(Connection client) {
        final int source = client.remoteAddress()
                .map(peer -> peer instanceof InetSocketAddress inet
                        ? inet.getAddress().hashCode()
                        : peer.hashCode())
                .orElse(0);
        final ConnectionOptions outward = version.map(
                        v -> ProxyHeaders.sending(options, version, ProxyHeaders.of(client, v)))
                .orElse(options);
        dial(client, outward, upstreams.inOrder(source).iterator());
    }

    private void dial(Connection client, ConnectionOptions outward, Iterator<Upstream> candidates) {
        if (!candidates.hasNext()) {
            // As if the upstream itself had not been there.
            client.abort();
            return;
        }
        final Upstream upstream = candidates.next();
        final ProxyLink back = new ProxyLink(stats);
        final var unused = engine.dial(upstream.address(), optionsFor(upstream, outward), back, client.loop())
                .whenComplete((server, failure) -> {
                    if (failure != null) {
                        missed(upstream, failure);
                        client.loop().executeAlways(() -> retry(client, outward, candidates));
                    } else {
                        reached(upstream);
                        join(client, server, back, upstream);
                    }
                });
    }

    private ConnectionOptions optionsFor(Upstream upstream, ConnectionOptions outward) {
        return upstream.address().isTls() ? tls.map(outward::withTls).orElse(outward) : outward;
    }

    private void retry(Connection client, ConnectionOptions outward, Iterator<Upstream> candidates) {
        if (!link(client).isClosed()) {
            dial(client, outward, candidates);
        }
    }

    /** The loop's thread: a dial completes there. */
    private void join(Connection client, Connection server, ProxyLink back, Upstream upstream) {
        if (link(client).isClosed()) {
            server.abort();
            return;
        }
        upstream.connected();
        back.onClose(upstream::disconnected);
        back.connect(client);
        link(client).connect(server);
        client.resume();
    }

    private static ProxyLink link(Connection client) {
        return client.attachment(ProxyLink.class);
    }

    @Override
    public void onData(Connection client) {
        link(client).onData(client);
    }

    @Override
    public void onWritable(Connection client) {
        link(client).onWritable(client);
    }

    @Override
    public void onEnd(Connection client) {
        link(client).onEnd(client);
    }

    @Override
    public void onClose(Connection client, CloseCause cause) {
        link(client).onClose(client, cause);
    }

    // ---- of upstreams

    private void reached(Upstream upstream) {
        if (upstream.reached()) {
            news.accept(upstream + " is back");
        }
    }

    private void missed(Upstream upstream, Throwable failure) {
        if (upstream.missed(TOLERATED_FAILURES)) {
            news.accept(upstream + " is down: " + Failures.reason(failure));
        }
    }

    /** Tries each upstream now, by a connection that is closed at once. */
    void check() {
        final ConnectionHandler silent = _ -> {};
        final ConnectionOptions outward = ProxyHeaders.sending(options, version, ProxyHeader.ofProxyItself());
        for (Upstream upstream : upstreams.all()) {
            final var unused = engine.dial(upstream.address(), optionsFor(upstream, outward), silent)
                    .whenComplete((probe, failure) -> {
                        if (failure == null) {
                            probe.close();
                            reached(upstream);
                        } else {
                            missed(upstream, failure);
                        }
                    });
        }
    }
}
