// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioSocketChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Clients of another make, which write and read at the same time, get their bytes back. */
@ParameterizedClass
@EnumSource(TestTransport.class)
final class NettyClientTest {
    @RegisterExtension
    final EngineFixture engines;

    private EventLoopGroup group;
    private Server server;

    NettyClientTest(TestTransport transport) {
        engines = new EngineFixture(transport);
    }

    @BeforeEach
    void start() throws Exception {
        server = engines.listen(engines.engine(b -> b.loops(2)), Family.TCP, Recorder.echo());
        group = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
        engines.closing(() -> group.shutdownGracefully(0, 10, TimeUnit.SECONDS).sync());
    }

    @Test
    void shouldEchoTenMebibytesInOddChunks() throws Exception {
        final Payload payload = Payload.random(1, 10 << 20);

        payload.assertEqualTo(EngineFixture.await(exchange(payload)));
    }

    @Test
    void shouldServeAThousandConnections() throws Exception {
        final List<Payload> payloads = new ArrayList<>();
        final List<CompletableFuture<byte[]>> answers = new ArrayList<>();
        for (int i = 0; i < 1000; i++) {
            final Payload payload = Payload.random(i, 1 + i * 7);
            payloads.add(payload);
            answers.add(exchange(payload));
        }

        for (int i = 0; i < 1000; i++) {
            payloads.get(i).assertEqualTo(EngineFixture.await(answers.get(i)));
        }
        assertThat(server.engine().connectionCount()).isEqualTo(1000);
    }

    /** What comes back of {@code payload} on a connection of its own, which stays open. */
    private CompletableFuture<byte[]> exchange(Payload payload) {
        final CompletableFuture<byte[]> answer = new CompletableFuture<>();
        final var unused = new Bootstrap()
                .group(group)
                .channel(NioSocketChannel.class)
                .handler(new Exchange(payload, answer))
                .connect(Loopback.v4(server.address().port()))
                .addListener(connected -> {
                    if (!connected.isSuccess()) {
                        answer.completeExceptionally(connected.cause());
                    }
                });
        return answer;
    }

    /** Sends a payload in odd chunks, as fast as Netty takes them, and gathers what comes. */
    private static final class Exchange extends SimpleChannelInboundHandler<ByteBuf> {
        private static final int MAX_CHUNK_BYTES = 100_003;

        private final Payload payload;
        private final CompletableFuture<byte[]> answer;
        private final byte[] received;
        private final Random random;
        private int sentBytes;
        private int receivedBytes;

        Exchange(Payload payload, CompletableFuture<byte[]> answer) {
            this.payload = payload;
            this.answer = answer;
            this.received = new byte[payload.size()];
            this.random = new Random(payload.seed());
        }

        @Override
        public void channelActive(ChannelHandlerContext context) {
            sendSome(context);
        }

        @Override
        public void channelWritabilityChanged(ChannelHandlerContext context) {
            sendSome(context);
        }

        private void sendSome(ChannelHandlerContext context) {
            while (sentBytes < payload.size() && context.channel().isWritable()) {
                final int chunk = Math.min(1 + random.nextInt(MAX_CHUNK_BYTES), payload.size() - sentBytes);
                final ByteBuf bytes = Unpooled.wrappedBuffer(payload.bytes(), sentBytes, chunk);
                sentBytes += chunk;
                final var unused = context.writeAndFlush(bytes);
            }
        }

        @Override
        protected void channelRead0(ChannelHandlerContext context, ByteBuf bytes) {
            final int count = bytes.readableBytes();
            bytes.readBytes(received, receivedBytes, count);
            receivedBytes += count;
            if (receivedBytes == received.length) {
                answer.complete(received);
            }
        }

        @Override
        public void channelInactive(ChannelHandlerContext context) {
            answer.completeExceptionally(new AssertionError("The connection ended after " + receivedBytes + " bytes"));
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            answer.completeExceptionally(cause);
        }
    }
}
