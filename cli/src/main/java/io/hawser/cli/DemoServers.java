// SPDX-License-Identifier: Apache-2.0
package io.hawser.cli;

import io.hawser.connection.Address;
import io.hawser.connection.ConnectionOptions;
import io.hawser.connection.Engine;
import io.hawser.connection.ServerOptions;
import io.hawser.http.HttpServer;
import io.hawser.loop.LoopStats;
import io.hawser.session.SessionHandler;
import io.hawser.tls.Tls;
import io.hawser.transport.DatagramOptions;
import io.hawser.transport.TransportUnavailableException;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** The echo servers of a demo on one transport. One thread. */
final class DemoServers implements AutoCloseable {
    private static final Duration CLOSE_TIME = Duration.ofMillis(500);

    /** Every client may send a datagram in the same moment. */
    private static final DatagramOptions DATAGRAMS =
            DatagramOptions.builder().receiveBufferBytes(4 << 20).build();

    /** Of the framed servers, and their clients. */
    static final NamedFraming FRAMING = NamedFraming.of("length4");

    private final Engine engine;
    private final List<DemoServer> servers = new ArrayList<>();
    private final List<Counters> last;

    /** How a loop stood when it was last looked at. */
    private record Counters(long timeNs, long bytesIn, long bytesOut, long turns) {
        static Counters of(LoopStats stats) {
            return new Counters(System.nanoTime(), stats.bytesIn(), stats.bytesOut(), stats.turns());
        }
    }

    private DemoServers(Engine engine) {
        this.engine = engine;
        this.last = new ArrayList<>(
                engine.loops().stream().map(loop -> Counters.of(loop.stats())).toList());
    }

    /** @throws TransportUnavailableException if the transport cannot run here */
    static DemoServers start(String transport, int loops) throws IOException {
        return new DemoServers(Engine.builder()
                .name(transport)
                .transport(transport)
                .loops(loops)
                .start());
    }

    /** Serves echo at {@code address} as well. */
    void listen(Address address, DemoServer.Style style) throws IOException {
        final Address bound = switch (style) {
            case LOOP ->
                engine.listen(address, ServerOptions.DEFAULT, new EchoHandler()).address();
            case FRAMED ->
                engine.listen(
                                address,
                                ServerOptions.DEFAULT,
                                SessionHandler.of(engine, FRAMING.framing().frames(), new FrameEcho()))
                        .address();
            case BLOCKING ->
                engine.serve(address, ServerOptions.DEFAULT, BlockingEcho::serve)
                        .address();
            case HTTPS, WSS -> throw new IllegalArgumentException(style + " goes with serveWeb()");
            case DATAGRAM ->
                engine.bind(address, DATAGRAMS, (_, datagram) -> datagram.reply(datagram.reader()))
                        .address();
        };
        servers.add(new DemoServer(engine.transport(), engine.loops().size(), bound, style));
    }

    /** Serves echo over TLS as well. */
    void listen(Address address, Tls tls) throws IOException {
        final Address bound = engine.listen(
                        address,
                        ServerOptions.DEFAULT.withConnections(ConnectionOptions.DEFAULT.withTls(tls)),
                        new EchoHandler())
                .address();
        servers.add(new DemoServer(engine.transport(), engine.loops().size(), bound, DemoServer.Style.LOOP));
    }

    /** Serves https and wss as well; where the room is. */
    String serveWeb(Tls tls) throws IOException {
        final HttpServer web = DemoWeb.serve(engine, tls);
        for (DemoServer.Style style : List.of(DemoServer.Style.HTTPS, DemoServer.Style.WSS)) {
            servers.add(new DemoServer(engine.transport(), engine.loops().size(), web.address(), style));
        }
        return web.uri() + "/";
    }

    List<DemoServer> servers() {
        return servers;
    }

    Engine engine() {
        return engine;
    }

    /** What the loops did since the last call. */
    List<DemoSample.Loop> look() {
        final List<DemoSample.Loop> all = new ArrayList<>();
        for (int i = 0; i < last.size(); i++) {
            final Counters before = last.get(i);
            final Counters now = Counters.of(engine.loops().get(i).stats());
            last.set(i, now);
            final double seconds = Math.max(1, now.timeNs() - before.timeNs()) / 1e9;
            all.add(new DemoSample.Loop(
                    engine.loops().get(i).name(),
                    engine.connectionCount(i),
                    (now.bytesIn() - before.bytesIn()) / seconds,
                    (now.bytesOut() - before.bytesOut()) / seconds,
                    (now.turns() - before.turns()) / seconds));
        }
        return all;
    }

    @Override
    public void close() {
        engine.closeAsync(CLOSE_TIME).join();
    }
}
