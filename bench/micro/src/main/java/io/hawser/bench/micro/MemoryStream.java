// SPDX-License-Identifier: Apache-2.0
package io.hawser.bench.micro;

import io.hawser.buffer.Block;
import io.hawser.buffer.Buffer;
import io.hawser.transport.StreamSink;
import io.hawser.transport.StreamSocket;
import io.hawser.transport.TransportConfig;
import java.lang.foreign.MemorySegment;
import java.net.SocketAddress;
import java.util.Optional;

/** A connection of {@link MemoryTransport}. */
final class MemoryStream implements StreamSocket {
    private static final MemorySegment NOTHING = MemorySegment.NULL;

    private final MemoryTransport transport;
    private final StreamSink sink;
    private MemorySegment arriving = NOTHING;
    private boolean ended;
    private boolean closed;
    private long sentBytes;

    MemoryStream(MemoryTransport transport, StreamSink sink) {
        this.transport = transport;
        this.sink = sink;
    }

    /** Has {@code bytes} arrive in one block. */
    void arrive(MemorySegment bytes) {
        arriving = bytes;
        transport.ready(this);
    }

    void deliver(TransportConfig config) {
        if (ended) {
            sink.inputEnded();
            return;
        }
        final MemorySegment bytes = arriving;
        final Block block = config.blocks().acquire(config.readBlockBytes());
        MemorySegment.copy(bytes, 0, block.memory(), 0, bytes.byteSize());
        block.received((int) bytes.byteSize());
        sink.received(block);
    }

    /** How many bytes were sent so far. */
    long sentBytes() {
        return sentBytes;
    }

    @Override
    public void receive(boolean on) {}

    @Override
    public long send(Buffer outbound) {
        final long bytes = outbound.readableBytes();
        sentBytes += bytes;
        return bytes;
    }

    @Override
    public void shutdownOutput() {
        // The peer does the same, so that nobody has to wait for the close.
        ended = true;
        transport.ready(this);
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            sink.closed();
        }
    }

    @Override
    public void abort() {
        close();
    }

    @Override
    public void detach() {
        throw new UnsupportedOperationException();
    }

    @Override
    public boolean isPeerPresent() {
        return !ended;
    }

    @Override
    public Optional<SocketAddress> localAddress() {
        return Optional.empty();
    }

    @Override
    public Optional<SocketAddress> remoteAddress() {
        return Optional.empty();
    }
}
