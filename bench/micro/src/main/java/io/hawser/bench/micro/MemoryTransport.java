// SPDX-License-Identifier: Apache-2.0
package io.hawser.bench.micro;

import io.hawser.transport.AcceptSink;
import io.hawser.transport.AcceptedSocket;
import io.hawser.transport.ListenSocket;
import io.hawser.transport.SocketOptions;
import io.hawser.transport.StreamSink;
import io.hawser.transport.StreamSocket;
import io.hawser.transport.Transport;
import io.hawser.transport.TransportConfig;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A transport without a kernel: what is to arrive is copied into a block, what is sent is counted and gone. So what is measured above it is
 * Hawser's own. One thread.
 */
final class MemoryTransport implements Transport {
    private final TransportConfig config;
    private final ArrayDeque<MemoryStream> ready = new ArrayDeque<>();
    private final List<MemoryStream> streams = new ArrayList<>();
    private final ArrayDeque<AcceptSink> arriving = new ArrayDeque<>();
    private final List<AcceptSink> listeners = new ArrayList<>();

    MemoryTransport(TransportConfig config) {
        this.config = config;
    }

    /** The connections, in the order in which they were made. */
    List<MemoryStream> streams() {
        return streams;
    }

    /** Has a connection arrive at the listening socket {@code index}, counted from 0. */
    void connect(int index) {
        arriving.add(listeners.get(index));
    }

    /** What {@code stream} has been given arrives in the next dispatch. */
    void ready(MemoryStream stream) {
        ready.add(stream);
    }

    @Override
    public String name() {
        return "memory";
    }

    @Override
    public int dispatch() {
        int count = 0;
        for (AcceptSink sink = arriving.poll(); sink != null; sink = arriving.poll()) {
            sink.accepted(new MemoryAccepted());
            count++;
        }
        for (MemoryStream stream = ready.poll(); stream != null; stream = ready.poll()) {
            stream.deliver(config);
            count++;
        }
        return count;
    }

    @Override
    public void await(long timeoutNs) {
        // Who steps the loop does not want to wait.
    }

    @Override
    public void wakeup() {}

    @Override
    public ListenSocket listen(SocketAddress address, SocketOptions options, AcceptSink sink) {
        listeners.add(sink);
        return new MemoryListener(new InetSocketAddress("127.0.0.1", listeners.size()));
    }

    @Override
    public StreamSocket attach(AcceptedSocket accepted, SocketOptions options, StreamSink sink) {
        final MemoryStream stream = new MemoryStream(this, sink);
        streams.add(stream);
        return stream;
    }

    @Override
    public StreamSocket connect(SocketAddress remote, SocketOptions options, StreamSink sink) throws IOException {
        throw new IOException("Nobody to connect to in memory");
    }

    @Override
    public void close() {}

    private record MemoryListener(SocketAddress localAddress) implements ListenSocket {
        @Override
        public void accept(boolean on) {}

        @Override
        public void pause(Runnable paused) {
            paused.run();
        }

        @Override
        public void close() {}
    }

    private record MemoryAccepted() implements AcceptedSocket {
        @Override
        public Optional<SocketAddress> remoteAddress() {
            return Optional.empty();
        }

        @Override
        public void close() {}
    }
}
