// SPDX-License-Identifier: Apache-2.0
package io.hawser.bench.peers;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioChannelOption;
import io.netty.channel.unix.UnixChannelOption;
import io.netty.channel.uring.IoUringChannelOption;
import io.netty.handler.flush.FlushConsolidationHandler;
import io.netty.handler.ssl.SslContext;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardSocketOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Netty, set up as its guide and the Javadoc of its options say. */
final class NettyServer implements PeerServer {
    /** Datagrams that one recvmmsg of epoll, or one turn of io_uring, may bring. */
    private static final int DATAGRAMS_PER_READ = 64;

    /** With GRO each of them may be as long as many datagrams. */
    private static final int MERGED_PER_READ = 16;

    private final EventLoopGroup group;
    private final List<Channel> bound;

    /** @param bound what listens, not empty */
    private NettyServer(EventLoopGroup group, List<Channel> bound) {
        this.group = group;
        this.bound = bound;
    }

    /** @throws UnsupportedOperationException if the machine does not have the transport */
    static NettyServer start(NettyTransport transport, Settings settings) {
        transport.requireAvailable();
        final ByteBufAllocator allocator = settings.allocator().create();
        // One group that accepts and serves: with one loop there is one thread.
        final EventLoopGroup group =
                new MultiThreadIoEventLoopGroup(settings.loops(), transport.handler(settings, allocator));
        try {
            final List<Channel> bound = settings.mode() == Mode.UDP
                    ? datagrams(transport, settings, group, allocator)
                    : streams(transport, settings, group, allocator);
            return new NettyServer(group, bound);
        } catch (RuntimeException | Error e) {
            stop(group);
            throw e;
        }
    }

    private static List<Channel> streams(
            NettyTransport transport, Settings settings, EventLoopGroup group, ByteBufAllocator allocator) {
        final Tls how = settings.tls();
        final SslContext tls = how == null ? null : how.context();
        final ServerBootstrap bootstrap = new ServerBootstrap()
                .group(group)
                .channel(transport.server())
                .option(ChannelOption.SO_BACKLOG, Settings.BACKLOG)
                .option(ChannelOption.SO_REUSEADDR, true)
                .option(ChannelOption.ALLOCATOR, allocator)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childOption(ChannelOption.ALLOW_HALF_CLOSURE, true)
                .childOption(ChannelOption.ALLOCATOR, allocator)
                .childHandler(new ChannelInitializer<SocketChannel>() {
                    @Override
                    protected void initChannel(SocketChannel channel) {
                        NettyPipeline.populate(channel, settings, tls);
                    }
                });
        if (transport.usesBufferRing(settings)) {
            bootstrap.childOption(IoUringChannelOption.IO_URING_BUFFER_GROUP_ID, NettyTransport.BUFFER_GROUP);
        }
        return List.of(bootstrap.bind(Settings.anyPort()).syncUninterruptibly().channel());
    }

    private static List<Channel> datagrams(
            NettyTransport transport, Settings settings, EventLoopGroup group, ByteBufAllocator allocator) {
        final int slot = settings.gro() ? Settings.MAX_DATAGRAM : settings.datagramBytes();
        // NIO receives one at a time whatever the buffer, so a longer one would only cost.
        final int slots = transport == NettyTransport.NIO ? 1 : settings.gro() ? MERGED_PER_READ : DATAGRAMS_PER_READ;
        final Bootstrap bootstrap = new Bootstrap()
                .group(group)
                .channel(transport.datagrams())
                .option(ChannelOption.ALLOCATOR, allocator)
                .option(ChannelOption.RECVBUF_ALLOCATOR, recvBuffer(slot * slots))
                .handler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        if (settings.consolidate()) {
                            channel.pipeline()
                                    .addLast(new FlushConsolidationHandler(
                                            FlushConsolidationHandler.DEFAULT_EXPLICIT_FLUSH_AFTER_FLUSHES, true));
                        }
                        channel.pipeline().addLast(new NettyDatagramEcho(settings.consolidate()));
                    }
                });
        switch (transport) {
            case NIO -> {}
            case EPOLL ->
                bootstrap
                        .option(EpollChannelOption.MAX_DATAGRAM_PAYLOAD_SIZE, slot)
                        .option(EpollChannelOption.UDP_GRO, settings.gro());
            case URING -> bootstrap.option(IoUringChannelOption.MAX_DATAGRAM_PAYLOAD_SIZE, slot);
        }
        if (settings.loops() > 1) {
            final ChannelOption<Boolean> reusePort = transport == NettyTransport.NIO
                    ? NioChannelOption.of(StandardSocketOptions.SO_REUSEPORT)
                    : UnixChannelOption.SO_REUSEPORT;
            bootstrap.option(reusePort, true);
        }
        // A socket for each loop: the kernel spreads the senders over them.
        final List<Channel> bound = new ArrayList<>();
        for (int i = 0; i < settings.loops(); i++) {
            final SocketAddress address =
                    i == 0 ? Settings.anyPort() : bound.getFirst().localAddress();
            bound.add(bootstrap.bind(address).syncUninterruptibly().channel());
        }
        return bound;
    }

    private static FixedRecvByteBufAllocator recvBuffer(int bytes) {
        final FixedRecvByteBufAllocator allocator = new FixedRecvByteBufAllocator(bytes);
        // As many reads a turn as a stream has; the default for datagrams is one.
        allocator.maxMessagesPerRead(16);
        return allocator;
    }

    @Override
    public InetSocketAddress address() {
        return (InetSocketAddress) bound.getFirst().localAddress();
    }

    @Override
    public void close() {
        // The end of the group does not wait for all of its channels.
        bound.forEach(channel -> channel.close().awaitUninterruptibly());
        stop(group);
    }

    private static void stop(EventLoopGroup group) {
        group.shutdownGracefully(0, 5, TimeUnit.SECONDS).awaitUninterruptibly();
    }
}
