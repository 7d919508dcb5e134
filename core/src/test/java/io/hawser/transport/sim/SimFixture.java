// SPDX-License-Identifier: Apache-2.0
package io.hawser.transport.sim;

import io.hawser.buffer.Block;
import io.hawser.buffer.BlockCache;
import io.hawser.buffer.BlockPool;
import io.hawser.buffer.Buffer;
import io.hawser.transport.AcceptSink;
import io.hawser.transport.AcceptedSocket;
import io.hawser.transport.ListenSocket;
import io.hawser.transport.SocketOptions;
import io.hawser.transport.StreamSink;
import io.hawser.transport.StreamSocket;
import io.hawser.transport.TransportConfig;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;

/** Two hosts with a transport each, and sinks that remember; without loops. */
final class SimFixture implements AutoCloseable {
    static final long SECOND_NS = 1_000_000_000L;
    static final InetSocketAddress SERVER = new InetSocketAddress("10.0.0.1", 7000);

    final SimNetwork network;
    final BlockPool pool = new BlockPool(4 << 20);
    final BlockCache blocks = pool.newCache();
    final SimHost here;
    final SimHost there;
    final SimTransport server;
    final SimTransport client;
    final Accepts accepts = new Accepts();

    SimFixture(long seed) {
        network = new SimNetwork(seed, SimTrace.hashing()).latencyNs(100_000, 100_000);
        blocks.bind();
        here = network.host("10.0.0.2");
        there = network.host("10.0.0.1");
        server = new SimTransportProvider(there).open(config());
        client = new SimTransportProvider(here).open(config());
        server.await(Long.MAX_VALUE);
        client.await(Long.MAX_VALUE);
    }

    private TransportConfig config() {
        return new TransportConfig(blocks, 1024, true, 8, 16);
    }

    ListenSocket listen() throws IOException {
        final ListenSocket listener = server.listen(SERVER, SocketOptions.DEFAULT, accepts);
        listener.accept(true);
        return listener;
    }

    Sink connect() throws IOException {
        final Sink sink = new Sink();
        sink.socket = client.connect(SERVER, SocketOptions.DEFAULT, sink);
        return sink;
    }

    /** A connection, of which both sides receive: the client's side. The other is the last of {@link Accepts#served}. */
    Sink connected() throws IOException {
        final Sink sink = connect();
        runFor(SECOND_NS / 100);
        sink.socket.receive(true);
        served().socket.receive(true);
        return sink;
    }

    Sink served() {
        return accepts.served.getLast();
    }

    /** Lets both transports take turns whenever they are ready. */
    void runFor(long durationNs) {
        final long untilNs = network.nowNs() + durationNs;
        while (network.nowNs() < untilNs) {
            network.runDue();
            boolean idle = true;
            for (SimTransport transport : List.of(server, client)) {
                if (transport.isReady()) {
                    transport.dispatch();
                    transport.await(Long.MAX_VALUE);
                    idle = false;
                }
            }
            network.advanceTo(idle ? Math.min(untilNs, network.nextEventNs()) : network.nowNs() + 100);
        }
    }

    Buffer bytes(int count) {
        final Buffer buffer = new Buffer(blocks);
        for (int i = 0; i < count; i++) {
            buffer.writeByte(i);
        }
        return buffer;
    }

    @Override
    public void close() {
        server.close();
        client.close();
        blocks.close();
        pool.close();
    }

    final class Accepts implements AcceptSink {
        final List<Sink> served = new ArrayList<>();
        final List<IOException> refusals = new ArrayList<>();
        final List<IOException> exhausted = new ArrayList<>();

        @Override
        public void accepted(AcceptedSocket socket) {
            final Sink sink = new Sink();
            try {
                sink.socket = server.attach(socket, SocketOptions.DEFAULT, sink);
                served.add(sink);
            } catch (IOException e) {
                refusals.add(e);
            }
        }

        @Override
        public void exhausted(IOException cause) {
            exhausted.add(cause);
        }
    }

    /** Writes down what it is told: C for connected, R, S, E for the end of the input, F, X for closed, D for detached. */
    static final class Sink implements StreamSink {
        final StringBuilder calls = new StringBuilder();
        final ByteArrayOutputStream received = new ByteArrayOutputStream();
        StreamSocket socket;
        IOException failure;
        AcceptedSocket detached;
        /** From which what was sent is taken off. */
        Buffer outbound;

        @Override
        public void connected() {
            calls.append('C');
        }

        @Override
        public void received(Block block) {
            calls.append('R');
            final byte[] bytes =
                    block.memory().asSlice(block.start(), block.readableBytes()).toArray(ValueLayout.JAVA_BYTE);
            received.write(bytes, 0, bytes.length);
            block.release();
        }

        @Override
        public void inputEnded() {
            calls.append('E');
        }

        @Override
        public void sent(long bytes) {
            calls.append('S');
            outbound.skip(bytes);
        }

        @Override
        public void failed(IOException cause) {
            calls.append('F');
            failure = cause;
        }

        @Override
        public void closed() {
            calls.append('X');
        }

        @Override
        public void detached(AcceptedSocket socket) {
            calls.append('D');
            detached = socket;
        }

        /** Sends all, however often it must be tried; what is pending is the caller's affair. */
        long send(Buffer buffer) throws IOException {
            outbound = buffer;
            final long taken = socket.send(buffer);
            if (taken > 0) {
                buffer.skip(taken);
            }
            return taken;
        }
    }
}
