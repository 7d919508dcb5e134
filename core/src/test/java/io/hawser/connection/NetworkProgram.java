// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import io.hawser.transport.DatagramOptions;
import io.hawser.transport.SocketOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicInteger;

/** What {@link OwnNetworkTest} has done in its network: the first argument says what. One line for each transport. */
final class NetworkProgram {
    private static final String SERVER = "tcp://127.0.0.1:5000";

    private final TestTransport transport;
    private final String[] arguments;

    private NetworkProgram(TestTransport transport, String[] arguments) {
        this.transport = transport;
        this.arguments = arguments;
    }

    public static void main(String[] args) throws Exception {
        if (args[0].equals("half-open")) {
            halfOpen();
            return;
        }
        for (TestTransport transport : TestTransport.values()) {
            if (transport.isAvailable()) {
                System.out.println(transport + ": " + new NetworkProgram(transport, args).run());
            } else {
                System.out.println(transport + " is not available");
            }
        }
    }

    private String run() throws Exception {
        return switch (arguments[0]) {
            case "ports" -> ports();
            case "datagrams" -> datagrams(Integer.parseInt(arguments[1]), Integer.parseInt(arguments[2]));
            default -> throw new IllegalArgumentException(arguments[0]);
        };
    }

    // ---- ports

    /** Dials until there is no port left, then goes on with what there is, and once more when there is one again. */
    private String ports() throws Exception {
        try (Engine engine = transport.builder().start();
                Server server = engine.listen(SERVER, Recorder.echo())) {
            // Not before: the exchange by which a transport proves itself takes ports, too.
            ephemeralPorts("40000 40003");
            final List<Connection> dialled = new ArrayList<>();
            final Recorder handler = new Recorder();
            String failure = "";
            while (failure.isEmpty()) {
                try {
                    dialled.add(EngineFixture.await(engine.dial(server.address().toString(), handler)));
                } catch (ExecutionException e) {
                    failure = (e.getCause() instanceof IOException ? "IOException " : "") + mentions(e.getCause());
                }
            }
            final int count = dialled.size();
            final Connection last = dialled.removeLast();
            EngineFixture.await(last.send("ahoy".getBytes(java.nio.charset.StandardCharsets.UTF_8)));
            final String answer = handler.awaitText(4);
            // Without TIME_WAIT.
            last.abort();
            EngineFixture.until("the port is free", () -> engine.connectionCount() == 2 * (count - 1));
            dialled.add(EngineFixture.await(engine.dial(server.address().toString(), handler)));
            dialled.forEach(Connection::abort);
            EngineFixture.until("all are gone", () -> engine.connectionCount() == 0);
            ephemeralPorts("32768 60999");
            return count + " dialled, then " + failure + ", " + answer + ", again";
        }
    }

    private static void ephemeralPorts(String range) throws IOException {
        Files.writeString(Path.of("/proc/sys/net/ipv4/ip_local_port_range"), range);
    }

    private static String mentions(Throwable failure) {
        final String message = String.valueOf(failure.getMessage());
        return message.contains("EADDRNOTAVAIL") || message.contains("Cannot assign requested address")
                ? "without an address"
                : failure.toString();
    }

    // ---- a peer that is gone without a word

    /** All at once, since it takes some seconds until the kernel gives a peer up. */
    private static void halfOpen() throws Exception {
        final var keepAlive = ConnectionOptions.DEFAULT.withSocket(SocketOptions.DEFAULT.with(o -> o.keepAlive(true)
                .keepAliveIdleSeconds(1)
                .keepAliveIntervalSeconds(1)
                .keepAliveCount(1)));
        final List<String> names = new ArrayList<>();
        final List<Engine> engines = new ArrayList<>();
        final List<Recorder> handlers = new ArrayList<>();
        for (TestTransport transport : TestTransport.values()) {
            if (!transport.isAvailable()) {
                continue;
            }
            final Engine engine = transport.builder().start();
            final Recorder handler = new Recorder();
            final Server server = engine.listen(
                    Address.parse("tcp://127.0.0.1:0"), ServerOptions.DEFAULT.withConnections(keepAlive), handler);
            // Never closed: it ends with the process, and nothing of that passes.
            final Peer peer = Peer.connect(server.address());
            peer.send("x");
            handler.awaitBytes(1);
            names.add(transport.toString());
            engines.add(engine);
            handlers.add(handler);
        }
        final int down = new ProcessBuilder("ip", "link", "set", "lo", "down")
                .inheritIO()
                .start()
                .waitFor();
        for (int i = 0; i < engines.size(); i++) {
            System.out.println(
                    names.get(i) + ": " + handlers.get(i).awaitClose().kind() + " after "
                            + handlers.get(i).events() + ", " + down);
        }
        for (Engine engine : engines) {
            engine.close();
        }
        System.exit(0);
    }

    // ---- datagrams

    /** Sends so many from one engine to another as fast as they are taken, in a queue of 50. */
    private String datagrams(int count, int bytes) throws Exception {
        final Receiver receiver = new Receiver(count, bytes);
        final Sender sender = new Sender(count, bytes);
        final var receiving = DatagramOptions.builder()
                .maxDatagramBytes(bytes)
                .receiveBufferBytes(4 << 20)
                .build();
        final var sending = DatagramOptions.builder()
                .sendBufferBytes(8 * 1024)
                .maxQueued(50, 1 << 20)
                .build();
        try (Engine to = transport.builder().start();
                Engine from = transport.builder().start();
                DatagramServer server = to.bind(Address.parse("udp://127.0.0.1:0"), receiving, receiver)) {
            final DatagramEndpoint endpoint =
                    EngineFixture.await(from.connectDatagram(server.address(), sending, sender));
            EngineFixture.await(receiver.done);
            final DatagramStats stats = EngineFixture.await(endpoint.stats());
            return stats.sent() + " sent, " + stats.failed() + " failed, " + sender.errors + " errors, "
                    + (sender.writable.get() > 0 ? "waited" : "never waited") + ", "
                    + receiver.wrong.map(what -> "received " + what).orElse("received all in order");
        }
    }

    private static final class Sender implements DatagramHandler {
        private final int count;
        private final byte[] payload;
        private int sent;
        private final AtomicInteger writable = new AtomicInteger();
        private final AtomicInteger errors = new AtomicInteger();

        Sender(int count, int bytes) {
            this.count = count;
            this.payload = new byte[bytes];
        }

        @Override
        public void onOpen(DatagramEndpoint endpoint) {
            endpoint.execute(() -> pour(endpoint));
        }

        private void pour(DatagramEndpoint endpoint) {
            while (sent < count) {
                payload[0] = (byte) sent;
                payload[payload.length - 1] = (byte) sent;
                if (!endpoint.send(payload)) {
                    return;
                }
                sent++;
            }
        }

        @Override
        public void onWritable(DatagramEndpoint endpoint) {
            writable.incrementAndGet();
            pour(endpoint);
        }

        @Override
        public void onDatagram(DatagramEndpoint endpoint, Datagram datagram) {
            throw new IllegalStateException("Nobody answers");
        }

        @Override
        public void onError(DatagramEndpoint endpoint, Throwable error) {
            errors.incrementAndGet();
        }
    }

    private static final class Receiver implements DatagramHandler {
        private final int count;
        private final int bytes;
        private final CompletableFuture<Void> done = new CompletableFuture<>();
        private int received;
        private volatile Optional<String> wrong = Optional.empty();

        Receiver(int count, int bytes) {
            this.count = count;
            this.bytes = bytes;
        }

        @Override
        public void onDatagram(DatagramEndpoint endpoint, Datagram datagram) {
            final byte[] payload = datagram.reader().readBytes(datagram.length());
            if (datagram.length() != bytes || payload[0] != (byte) received || payload[bytes - 1] != (byte) received) {
                wrong = Optional.of("another one than " + received + ", of " + datagram.length() + " bytes");
                done.complete(null);
            }
            if (++received == count) {
                done.complete(null);
            }
        }
    }
}
