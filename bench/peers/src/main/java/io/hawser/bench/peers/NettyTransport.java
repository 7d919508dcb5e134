// SPDX-License-Identifier: Apache-2.0
package io.hawser.bench.peers;

import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollDatagramChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.DatagramChannel;
import io.netty.channel.socket.ServerSocketChannel;
import io.netty.channel.socket.nio.NioDatagramChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.uring.IoUring;
import io.netty.channel.uring.IoUringAdaptiveBufferRingAllocator;
import io.netty.channel.uring.IoUringBufferRingConfig;
import io.netty.channel.uring.IoUringDatagramChannel;
import io.netty.channel.uring.IoUringIoHandler;
import io.netty.channel.uring.IoUringIoHandlerConfig;
import io.netty.channel.uring.IoUringServerSocketChannel;

/** The ways in which Netty talks to the kernel. */
enum NettyTransport {
    NIO(NioServerSocketChannel.class, NioDatagramChannel.class),
    EPOLL(EpollServerSocketChannel.class, EpollDatagramChannel.class),
    URING(IoUringServerSocketChannel.class, IoUringDatagramChannel.class);

    /** The buffer group of the ring; there is one for each loop. */
    static final short BUFFER_GROUP = 0;

    private static final short RING_BUFFERS = 1024;
    private static final int RING_BATCH = 64;

    private final Class<? extends ServerSocketChannel> server;
    private final Class<? extends DatagramChannel> datagrams;

    NettyTransport(Class<? extends ServerSocketChannel> server, Class<? extends DatagramChannel> datagrams) {
        this.server = server;
        this.datagrams = datagrams;
    }

    Class<? extends ServerSocketChannel> server() {
        return server;
    }

    Class<? extends DatagramChannel> datagrams() {
        return datagrams;
    }

    /** @throws UnsupportedOperationException with Netty's reason, if the machine does not have it */
    void requireAvailable() {
        final Throwable cause = switch (this) {
            case NIO -> null;
            case EPOLL -> Epoll.unavailabilityCause();
            case URING -> IoUring.unavailabilityCause();
        };
        if (cause != null) {
            throw new UnsupportedOperationException("Netty has no " + name() + " here: " + cause, cause);
        }
    }

    /** Whether streams are to receive into a buffer ring. */
    boolean usesBufferRing(Settings settings) {
        return this == URING
                && settings.bufferRing()
                && settings.mode() != Mode.UDP
                && IoUring.isRegisterBufferRingSupported();
    }

    IoHandlerFactory handler(Settings settings, ByteBufAllocator allocator) {
        return switch (this) {
            case NIO -> NioIoHandler.newFactory();
            case EPOLL -> EpollIoHandler.newFactory();
            case URING -> IoUringIoHandler.newFactory(uring(settings, allocator));
        };
    }

    private IoUringIoHandlerConfig uring(Settings settings, ByteBufAllocator allocator) {
        final IoUringIoHandlerConfig config = new IoUringIoHandlerConfig();
        if (usesBufferRing(settings)) {
            // Incremental use and allocation one by one are the builder's defaults, and so are the sizes of the
            // allocator's.
            config.setBufferRingConfig(IoUringBufferRingConfig.builder()
                    .bufferGroupId(BUFFER_GROUP)
                    .bufferRingSize(RING_BUFFERS)
                    .batchSize(RING_BATCH)
                    .allocator(new IoUringAdaptiveBufferRingAllocator(allocator))
                    .build());
        }
        return config;
    }
}
