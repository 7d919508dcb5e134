// SPDX-License-Identifier: Apache-2.0
package io.hawser.bench.micro;

import io.hawser.buffer.Reader;
import io.hawser.session.EventListener;
import io.hawser.session.Session;
import io.hawser.session.SessionHandler;
import io.netty.buffer.AdaptiveByteBufAllocator;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.embedded.EmbeddedChannel;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * 16 messages of 64 bytes that arrive in one block: decoded and given to a listener, and, in {@code echo}, sent back by it,
 * in {@code objects} as an object that is made of eight numbers and makes them again. An operation is one
 * message. Of Hawser it is a whole turn of the loop, with connection and session; of Netty a pipeline in an {@code EmbeddedChannel}.
 */
@State(Scope.Thread)
public class CodecBenchmark {
    private static final int MESSAGES = 16;
    private static final int BODY_BYTES = 64;

    /** How messages are told apart. */
    @Param
    public Frames frames;

    // ---- Hawser

    private SteppedEngine engine;
    private MemorySegment arriving;
    private MemoryStream decoded;
    private MemoryStream echoed;
    private MemoryStream objects;
    private long sum;

    // ---- Netty

    private final ByteBufAllocator allocator = new AdaptiveByteBufAllocator(true);
    private byte[] received;
    private EmbeddedChannel decoding;
    private EmbeddedChannel echoing;
    private EmbeddedChannel nettyObjects;

    /** On the loop's thread. */
    @Setup(Level.Trial)
    public void open() throws IOException {
        received = frames.stream(MESSAGES, BODY_BYTES);
        arriving = Arena.ofAuto().allocate(received.length).copyFrom(MemorySegment.ofArray(received));
        engine = new SteppedEngine();
        final EventListener<Reader> looking = (_, message) -> sum += message.getByte(0);
        decoded = engine.connect(e -> SessionHandler.of(e, frames.hawser().frames(), looking));
        final EventListener<Reader> answering = (session, message) -> session.send(message);
        echoed = engine.connect(e -> SessionHandler.of(e, frames.hawser().frames(), answering));
        final EventListener<Quote> quoting = Session::send;
        objects = engine.connect(e -> SessionHandler.of(e, frames.hawser().of(Quote.CODEC), quoting));

        decoding = new EmbeddedChannel(frames.decoder(), new Looking());
        echoing = new EmbeddedChannel(frames.decoder(), frames.encoder(), new Answering());
        nettyObjects = new EmbeddedChannel(
                frames.decoder(), frames.encoder(), Quote.nettyDecoder(), Quote.nettyEncoder(), new Answering());
        for (EmbeddedChannel channel : new EmbeddedChannel[] {decoding, echoing, nettyObjects}) {
            channel.config().setAllocator(allocator);
        }
    }

    /** All that came has gone back, and no memory is left. */
    @TearDown(Level.Trial)
    public void close() {
        decoding.finishAndReleaseAll();
        echoing.finishAndReleaseAll();
        nettyObjects.finishAndReleaseAll();
        if (echoed.sentBytes() % received.length != 0) {
            throw new IllegalStateException(
                    "Sent " + echoed.sentBytes() + " bytes, which is no whole number of blocks");
        }
        engine.close();
    }

    /** Hawser. */
    @Benchmark
    @OperationsPerInvocation(MESSAGES)
    public long decodeByHawser() {
        decoded.arrive(arriving);
        engine.turn();
        return sum;
    }

    /** Netty. */
    @Benchmark
    @OperationsPerInvocation(MESSAGES)
    public long decodeByNetty() {
        decoding.writeInbound(NettyBuffers.received(allocator, received));
        return sum;
    }

    /** Hawser. */
    @Benchmark
    @OperationsPerInvocation(MESSAGES)
    public long echoByHawser() {
        final long before = echoed.sentBytes();
        echoed.arrive(arriving);
        engine.turn();
        return checked(echoed.sentBytes() - before);
    }

    /** Netty. */
    @Benchmark
    @OperationsPerInvocation(MESSAGES)
    public long echoByNetty() {
        echoing.writeInbound(NettyBuffers.received(allocator, received));
        return checked(takeAll(echoing));
    }

    /** Hawser, whose codec does not tell the length of a message beforehand. */
    @Benchmark
    @OperationsPerInvocation(MESSAGES)
    public long objectsByHawser() {
        final long before = objects.sentBytes();
        objects.arrive(arriving);
        engine.turn();
        return checked(objects.sentBytes() - before);
    }

    /** Netty. */
    @Benchmark
    @OperationsPerInvocation(MESSAGES)
    public long objectsByNetty() {
        nettyObjects.writeInbound(NettyBuffers.received(allocator, received));
        return checked(takeAll(nettyObjects));
    }

    private static long takeAll(EmbeddedChannel channel) {
        long bytes = 0;
        for (ByteBuf part = channel.readOutbound(); part != null; part = channel.readOutbound()) {
            bytes += part.readableBytes();
            part.release();
        }
        return bytes;
    }

    private long checked(long bytes) {
        if (bytes != received.length) {
            throw new IllegalStateException("Sent " + bytes + " bytes, not " + received.length);
        }
        return bytes;
    }

    private final class Looking extends ChannelInboundHandlerAdapter {
        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            final ByteBuf body = (ByteBuf) message;
            sum += body.getByte(body.readerIndex());
            body.release();
        }
    }

    private static final class Answering extends ChannelInboundHandlerAdapter {
        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            context.write(message, context.voidPromise());
        }

        @Override
        public void channelReadComplete(ChannelHandlerContext context) {
            context.flush();
        }
    }
}
