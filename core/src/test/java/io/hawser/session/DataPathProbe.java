// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

import com.sun.management.ThreadMXBean;
import io.hawser.buffer.Reader;
import io.hawser.connection.Address;
import io.hawser.connection.Connection;
import io.hawser.connection.Engine;
import io.hawser.connection.Server;
import io.hawser.connection.VirtualThreads;
import java.io.EOFException;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/**
 * Says what the thread of a loop allocates for a request, all the way from the socket to the handler and back: a line of name, bytes allocated in the leanest
 * of its rounds, and requests in a round. Run by {@link DataPathAllocationTest} without the checked mode, which allocates.
 */
final class DataPathProbe {
    private static final int CONNECTIONS = 4;
    private static final int IN_FLIGHT = 8;
    private static final int BODY_BYTES = 64;
    private static final int LENGTH_BYTES = 4;
    private static final int MAX_ROUNDS = 60;
    private static final int BURSTS = 500;

    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private final List<SocketChannel> peers = new ArrayList<>();
    private final ByteBuffer request;
    private final ByteBuffer answer;

    private DataPathProbe() {
        request = ByteBuffer.allocateDirect(IN_FLIGHT * (LENGTH_BYTES + BODY_BYTES));
        for (int i = 0; i < IN_FLIGHT; i++) {
            request.putInt(BODY_BYTES).put(new byte[BODY_BYTES]);
        }
        answer = ByteBuffer.allocateDirect(request.capacity());
    }

    /** The first argument is the transport, the others say what to measure; none says all. */
    public static void main(String[] arguments) throws Exception {
        final String transport = arguments[0];
        final Map<String, Listen> ways = Map.of(
                "raw",
                (engine, uri) ->
                        engine.listen(uri, connection -> connection.writer().append(connection.reader())),
                "frames",
                (engine, uri) -> engine.listen(
                        uri,
                        SessionHandler.of(
                                engine, Codecs.lengthField(LENGTH_BYTES).frames(), echo())),
                "blocking",
                (engine, uri) -> engine.serve(uri, DataPathProbe::serve),
                "loop-carried",
                (engine, uri) -> engine.serve(uri, DataPathProbe::serve));
        final List<String> all = List.of("raw", "frames", "blocking", "loop-carried");
        for (String way : arguments.length == 1 ? all : List.of(arguments).subList(1, arguments.length)) {
            measure(
                    way,
                    transport,
                    way.equals("loop-carried") ? VirtualThreads.LOOP : VirtualThreads.JDK,
                    ways.get(way));
        }
    }

    private static EventListener<Reader> echo() {
        return (session, frame) -> session.send(frame);
    }

    private static void serve(Connection connection) {
        final Reader reader = connection.reader();
        while (true) {
            reader.getByte(0);
            connection.writer().append(reader).flush();
        }
    }

    @FunctionalInterface
    private interface Listen {
        Server on(Engine engine, String uri) throws IOException;
    }

    private static void measure(String name, String transport, VirtualThreads carriers, Listen listen)
            throws Exception {
        try (Engine engine = Engine.builder()
                        .transport(transport)
                        .loops(1)
                        .virtualThreads(carriers)
                        .start();
                Server server = listen.on(engine, "tcp://127.0.0.1:0")) {
            final var probe = new DataPathProbe();
            try {
                probe.connect(server.address());
                System.out.println(transport + "-" + name + " " + leanestRound(probe, threadOf(engine)) + " "
                        + BURSTS * CONNECTIONS * IN_FLIGHT);
            } finally {
                probe.close();
            }
        }
    }

    private void connect(Address address) throws IOException {
        for (int i = 0; i < CONNECTIONS; i++) {
            peers.add(SocketChannel.open(new InetSocketAddress(address.host(), address.port())));
        }
    }

    private void close() throws IOException {
        for (SocketChannel peer : peers) {
            peer.close();
        }
    }

    /** Until it costs nothing, or for so long that it never will: first the compiler has to see what need not be made. */
    private static long leanestRound(DataPathProbe probe, long loopThread) throws IOException {
        long least = Long.MAX_VALUE;
        for (int i = 0; i < MAX_ROUNDS && least > 0; i++) {
            final long before = THREADS.getThreadAllocatedBytes(loopThread);
            probe.round();
            least = Math.min(least, THREADS.getThreadAllocatedBytes(loopThread) - before);
        }
        return least;
    }

    private static long threadOf(Engine engine) throws Exception {
        final CompletableFuture<Long> id = new CompletableFuture<>();
        engine.loops()
                .getFirst()
                .execute(() -> id.complete(Thread.currentThread().threadId()));
        return id.get();
    }

    private void round() throws IOException {
        for (int i = 0; i < BURSTS; i++) {
            for (int k = 0; k < peers.size(); k++) {
                request.clear();
                while (request.hasRemaining()) {
                    peers.get(k).write(request);
                }
            }
            for (int k = 0; k < peers.size(); k++) {
                answer.clear();
                while (answer.hasRemaining()) {
                    if (peers.get(k).read(answer) < 0) {
                        throw new EOFException("The engine closed a connection");
                    }
                }
            }
        }
    }
}
