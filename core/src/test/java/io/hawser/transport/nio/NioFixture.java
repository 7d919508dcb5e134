// SPDX-License-Identifier: Apache-2.0
package io.hawser.transport.nio;

import static org.assertj.core.api.Assertions.assertThat;

import io.hawser.buffer.Block;
import io.hawser.buffer.BlockCache;
import io.hawser.buffer.BlockPool;
import io.hawser.buffer.Buffer;
import io.hawser.transport.ListenSocket;
import io.hawser.transport.SocketOptions;
import io.hawser.transport.StreamSocket;
import io.hawser.transport.TransportConfig;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** A transport that the test's own thread drives, and blocking sockets of the JDK as its peers. */
final class NioFixture implements AutoCloseable {
    static final int READ_BLOCK_BYTES = 1024;

    private static final int MAX_TURNS = 1000;
    private static final long TURN_NS = 10_000_000;
    private static final long POOL_BYTES = 64 << 20;

    /** What the transport receives into. */
    private final BlockPool pool = new BlockPool(1 << 20);

    /** What the tests send from. */
    private final BlockPool outboundPool = new BlockPool(POOL_BYTES);

    private final BlockCache cache = pool.newCache();
    private final List<Buffer> outbound = new ArrayList<>();
    private final RecordingAcceptSink acceptSink = new RecordingAcceptSink();
    private @Nullable ListenSocket listener;

    final NioTransport transport;

    NioFixture() throws IOException {
        cache.bind();
        TransportConfig defaults = TransportConfig.of(cache);
        transport = (NioTransport) new NioTransportProvider()
                .open(new TransportConfig(
                        cache,
                        READ_BLOCK_BYTES,
                        defaults.edgeTriggered(),
                        defaults.readBlocks(),
                        defaults.submissionEntries()));
    }

    /** In checked mode, fails if a block was lost. */
    @Override
    public void close() {
        outbound.forEach(Buffer::close);
        transport.close();
        cache.close();
        pool.close();
        outboundPool.close();
    }

    // ---- turns

    /** A number of turns that do not wait; the completions in all of them. */
    int turns(int count) {
        int taken = 0;
        for (int i = 0; i < count; i++) {
            transport.await(0);
            taken += transport.dispatch();
        }
        return taken;
    }

    /** Turns until the condition holds, and fails if it does not after very many. */
    void until(BooleanSupplier condition) {
        for (int i = 0; i < MAX_TURNS && !condition.getAsBoolean(); i++) {
            transport.await(TURN_NS);
            transport.dispatch();
        }
        assertThat(condition.getAsBoolean())
                .as("reached within %d turns", MAX_TURNS)
                .isTrue();
    }

    // ---- sockets

    static SocketAddress anyPort() {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    }

    ListenSocket listen(RecordingAcceptSink sink) throws IOException {
        return transport.listen(anyPort(), SocketOptions.DEFAULT, sink);
    }

    ServerSocketChannel rawServer() throws IOException {
        return ServerSocketChannel.open().bind(anyPort());
    }

    /** An address that nobody listens on. */
    SocketAddress freeAddress() throws IOException {
        try (ServerSocketChannel server = rawServer()) {
            return server.getLocalAddress();
        }
    }

    SocketAddress listenAddress() throws IOException {
        return listener().localAddress();
    }

    private ListenSocket listener() throws IOException {
        ListenSocket open = listener;
        if (open == null) {
            open = listen(acceptSink);
            open.accept(true);
            listener = open;
        }
        return open;
    }

    /** A blocking socket that is connected to this transport; {@link #attach} takes the other end. */
    SocketChannel connectRaw() throws IOException {
        return SocketChannel.open(listenAddress());
    }

    /** The transport's end of the last {@link #connectRaw()}. */
    StreamSocket attach(RecordingSink sink) throws IOException {
        until(() -> !acceptSink.accepted.isEmpty());
        return transport.attach(acceptSink.accepted.remove(), SocketOptions.DEFAULT, sink);
    }

    static void write(SocketChannel channel, String text) throws IOException {
        channel.write(ByteBuffer.wrap(text.getBytes(StandardCharsets.ISO_8859_1)));
    }

    /** Reads up to {@code count} bytes, fewer only at the end of the stream. */
    static String read(SocketChannel channel, int count) throws IOException {
        return new String(readBytes(channel, count), StandardCharsets.ISO_8859_1);
    }

    static byte[] readBytes(SocketChannel channel, int count) throws IOException {
        ByteBuffer target = ByteBuffer.allocate(count);
        while (target.hasRemaining() && channel.read(target) >= 0) {
            // Reads on.
        }
        return Arrays.copyOf(target.array(), target.position());
    }

    /** Closes with RST. */
    static void reset(SocketChannel channel) throws IOException {
        channel.setOption(StandardSocketOptions.SO_LINGER, 0);
        channel.close();
    }

    // ---- blocks

    /** The size of the blocks that are received into. */
    int blockCapacity() {
        Block block = cache.acquire(READ_BLOCK_BYTES);
        try {
            return block.capacity();
        } finally {
            block.release();
        }
    }

    long blocksInUse() {
        return pool.usedBytes() / READ_BLOCK_BYTES;
    }

    /** Leaves none for the transport. */
    List<Block> takeAllBlocks() {
        List<Block> taken = new ArrayList<>();
        for (Block block = cache.tryAcquire(READ_BLOCK_BYTES);
                block != null;
                block = cache.tryAcquire(READ_BLOCK_BYTES)) {
            taken.add(block);
        }
        return taken;
    }

    Buffer buffer(String text) {
        return buffer(text.getBytes(StandardCharsets.ISO_8859_1), Integer.MAX_VALUE);
    }

    /** A buffer of {@code bytes}, in blocks of at most {@code blockBytes}. */
    Buffer buffer(byte[] bytes, int blockBytes) {
        Buffer buffer = new Buffer(outboundPool);
        outbound.add(buffer);
        int offset = 0;
        while (offset < bytes.length) {
            int length = Math.min(blockBytes, bytes.length - offset);
            Block block = outboundPool.acquire(length);
            block.byteBuffer(0, length).put(bytes, offset, length);
            block.received(length);
            buffer.appendBlock(block);
            offset += length;
        }
        return buffer;
    }

    static int blocks(Buffer buffer) {
        int count = 0;
        for (Block block = buffer.head(); block != null; block = block.next()) {
            count++;
        }
        return count;
    }

    /** Removes what was sent. */
    static void skip(Buffer buffer, long sent) {
        buffer.skip(sent);
        buffer.release();
    }
}
