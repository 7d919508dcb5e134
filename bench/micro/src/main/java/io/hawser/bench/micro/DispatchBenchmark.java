// SPDX-License-Identifier: Apache-2.0
package io.hawser.bench.micro;

import io.hawser.buffer.Reader;
import io.hawser.connection.Connection;
import io.hawser.connection.ConnectionHandler;
import io.netty.buffer.AdaptiveByteBufAllocator;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.embedded.EmbeddedChannel;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.function.Supplier;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * 64 bytes arrive on each of four connections, whose handlers read them, in one turn. The handlers do all the same, but are of one class or of
 * four: what the calls cost that the compiler cannot see through. An operation is one connection's.
 */
@State(Scope.Thread)
public class DispatchBenchmark {
    private static final int CONNECTIONS = 4;
    private static final int BYTES = 64;

    /** How many classes of handlers. */
    @Param({"1", "4"})
    public int types;

    private final byte[] received = new byte[BYTES];
    private final MemorySegment arriving = Arena.ofAuto().allocate(BYTES);
    private final MemoryStream[] streams = new MemoryStream[CONNECTIONS];
    private SteppedEngine engine;

    private final ByteBufAllocator allocator = new AdaptiveByteBufAllocator(true);
    private final EmbeddedChannel[] channels = new EmbeddedChannel[CONNECTIONS];

    private static long sum;

    /** On the loop's thread. */
    @Setup(Level.Trial)
    public void open() throws IOException {
        final List<Supplier<ConnectionHandler>> handlers = List.of(First::new, Second::new, Third::new, Fourth::new);
        final List<Supplier<ChannelInboundHandlerAdapter>> nettyHandlers =
                List.of(NettyFirst::new, NettySecond::new, NettyThird::new, NettyFourth::new);
        engine = new SteppedEngine();
        for (int i = 0; i < CONNECTIONS; i++) {
            final ConnectionHandler handler = handlers.get(i % types).get();
            streams[i] = engine.connect(_ -> handler);
            channels[i] = new EmbeddedChannel(nettyHandlers.get(i % types).get());
        }
    }

    /** No memory may be left. */
    @TearDown(Level.Trial)
    public void close() {
        engine.close();
        for (EmbeddedChannel channel : channels) {
            channel.finishAndReleaseAll();
        }
    }

    /** Hawser. */
    @Benchmark
    @OperationsPerInvocation(CONNECTIONS)
    public long receiveByHawser() {
        for (MemoryStream stream : streams) {
            stream.arrive(arriving);
        }
        engine.turn();
        return sum;
    }

    /** Netty. */
    @Benchmark
    @OperationsPerInvocation(CONNECTIONS)
    public long receiveByNetty() {
        for (EmbeddedChannel channel : channels) {
            channel.writeInbound(NettyBuffers.received(allocator, received));
        }
        return sum;
    }

    private static void read(Connection connection) {
        final Reader reader = connection.reader();
        sum += reader.getByte(0);
        reader.skip(reader.readableBytes());
    }

    private static void read(Object message) {
        final ByteBuf buffer = (ByteBuf) message;
        sum += buffer.getByte(0);
        buffer.release();
    }

    private static final class First implements ConnectionHandler {
        @Override
        public void onData(Connection connection) {
            read(connection);
        }
    }

    private static final class Second implements ConnectionHandler {
        @Override
        public void onData(Connection connection) {
            read(connection);
        }
    }

    private static final class Third implements ConnectionHandler {
        @Override
        public void onData(Connection connection) {
            read(connection);
        }
    }

    private static final class Fourth implements ConnectionHandler {
        @Override
        public void onData(Connection connection) {
            read(connection);
        }
    }

    private static final class NettyFirst extends ChannelInboundHandlerAdapter {
        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            read(message);
        }
    }

    private static final class NettySecond extends ChannelInboundHandlerAdapter {
        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            read(message);
        }
    }

    private static final class NettyThird extends ChannelInboundHandlerAdapter {
        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            read(message);
        }
    }

    private static final class NettyFourth extends ChannelInboundHandlerAdapter {
        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            read(message);
        }
    }
}
