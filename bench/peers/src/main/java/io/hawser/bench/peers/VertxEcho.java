// SPDX-License-Identifier: Apache-2.0
package io.hawser.bench.peers;

import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.datagram.DatagramPacket;
import io.vertx.core.datagram.DatagramSocket;
import io.vertx.core.datagram.DatagramSocketOptions;
import io.vertx.core.http.HttpServer;
import io.vertx.core.net.NetServer;
import io.vertx.core.net.NetServerOptions;
import io.vertx.core.net.NetSocket;

/** A verticle that sends back what comes. */
final class VertxEcho extends VerticleBase {
    private static final String HOST = Settings.anyPort().getAddress().getHostAddress();

    /** What Vert.x takes for a port of the system's choice that the instances of a deployment share. */
    private static final int SHARED_PORT = -1;

    private final Settings settings;
    private volatile int port;

    /** @param port where datagrams come to; 0 for one that the system chooses */
    VertxEcho(Settings settings, int port) {
        this.settings = settings;
        this.port = port;
    }

    /** Where it listens, once it is deployed. */
    int port() {
        return port;
    }

    @Override
    public Future<?> start() {
        final Future<Integer> listening = switch (settings.mode()) {
            case UDP -> datagrams();
            case HTTP, WS -> http();
            case ECHO, FRAMED, TLS -> streams();
        };
        return listening.onSuccess(bound -> port = bound);
    }

    private Future<Integer> streams() {
        return vertx.createNetServer(new NetServerOptions()
                        .setAcceptBacklog(Settings.BACKLOG)
                        .setTcpNoDelay(true))
                .connectHandler(settings.mode() == Mode.FRAMED ? VertxFrames::serve : VertxEcho::serve)
                .listen(settings.loops() > 1 ? SHARED_PORT : 0, HOST)
                .map(NetServer::actualPort);
    }

    private Future<Integer> http() {
        return VertxHttp.create(vertx, settings)
                .listen(settings.loops() > 1 ? SHARED_PORT : 0, HOST)
                .map(HttpServer::actualPort);
    }

    /** With back-pressure; ends the socket when the peer has ended its side, if Vert.x still has it then. */
    private static void serve(NetSocket socket) {
        final var unused = socket.pipeTo(socket);
    }

    private Future<Integer> datagrams() {
        final DatagramSocket socket =
                vertx.createDatagramSocket(new DatagramSocketOptions().setReusePort(settings.loops() > 1));
        return socket.handler(packet -> answer(socket, packet))
                .listen(port, HOST)
                .map(bound -> bound.localAddress().port());
    }

    private static void answer(DatagramSocket socket, DatagramPacket packet) {
        final var unused = socket.send(
                packet.data(), packet.sender().port(), packet.sender().hostAddress());
    }
}
