// SPDX-License-Identifier: Apache-2.0
package io.hawser.bench.peers;

import io.vertx.core.DeploymentOptions;
import io.vertx.core.Vertx;
import io.vertx.core.VertxBuilder;
import io.vertx.core.VertxOptions;
import io.vertx.core.transport.Transport;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.stream.Stream;

/** Vert.x: one verticle instance for each event loop, over its native transport. */
final class VertxServer implements PeerServer {
    private final Vertx vertx;
    private final InetSocketAddress address;

    private VertxServer(Vertx vertx, InetSocketAddress address) {
        this.vertx = vertx;
        this.address = address;
    }

    /** @throws UnsupportedOperationException if the machine does not have the transport */
    static VertxServer start(Settings settings) {
        settings.transport().requireAvailable();
        final VertxBuilder builder = Vertx.builder()
                .with(new VertxOptions().setEventLoopPoolSize(settings.loops()).setPreferNativeTransport(true));
        final Transport transport = settings.transport().transport();
        final Vertx vertx = (transport == null ? builder : builder.withTransport(transport)).build();
        try {
            return new VertxServer(
                    vertx, settings.mode() == Mode.UDP ? datagrams(vertx, settings) : streams(vertx, settings));
        } catch (RuntimeException | Error e) {
            stop(vertx);
            throw e;
        }
    }

    /** The instances of one deployment share a listening socket, whose connections Vert.x deals out to them in turn. */
    private static InetSocketAddress streams(Vertx vertx, Settings settings) {
        final List<VertxEcho> verticles = Stream.generate(() -> new VertxEcho(settings, 0))
                .limit(settings.loops())
                .toList();
        vertx.deployVerticle(verticles.iterator()::next, new DeploymentOptions().setInstances(settings.loops()))
                .await();
        return Settings.at(verticles.getFirst().port());
    }

    /** Each instance has a socket of its own, and the kernel spreads the senders over them. */
    private static InetSocketAddress datagrams(Vertx vertx, Settings settings) {
        int port = 0;
        for (int i = 0; i < settings.loops(); i++) {
            final VertxEcho verticle = new VertxEcho(settings, port);
            vertx.deployVerticle(verticle).await();
            port = verticle.port();
        }
        return Settings.at(port);
    }

    @Override
    public InetSocketAddress address() {
        return address;
    }

    @Override
    public void close() {
        stop(vertx);
    }

    private static void stop(Vertx vertx) {
        try {
            vertx.close().toCompletionStage().toCompletableFuture().join();
        } catch (CompletionException e) {
            throw new IllegalStateException("Vert.x did not end: " + e.getCause(), e);
        }
    }
}
