// SPDX-License-Identifier: Apache-2.0
package io.hawser.bench.peers;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * How a peer is to run. What does not concern a peer is not read by it.
 *
 * @param mode what it does
 * @param loops threads with an event loop, at least 1; each accepts and serves where the peer can do so
 * @param allocator of Netty's buffers
 * @param consolidate whether each message is flushed and Netty's {@code FlushConsolidationHandler} merges the flushes
 * @param bufferRing whether Netty's io_uring receives into a buffer ring, where the kernel has it
 * @param gro whether Netty's epoll lets the kernel merge datagrams of one sender
 * @param datagramBytes the longest datagram that comes back whole, 1 to 65,507; a longer one is cut or dropped
 * @param transport of Vert.x
 * @param platformThreads whether a connection has a thread of the system instead of a virtual one
 * @param tls with what TLS is spoken; null in all modes but that one
 */
record Settings(
        Mode mode,
        int loops,
        Allocator allocator,
        boolean consolidate,
        boolean bufferRing,
        boolean gro,
        int datagramBytes,
        VertxTransport transport,
        boolean platformThreads,
        @Nullable Tls tls) {
    /** What waits to be accepted; the kernel bounds it by net.core.somaxconn. */
    static final int BACKLOG = 4096;

    /** The longest frame's body. A peer that announces a longer one is closed. */
    static final int MAX_FRAME = 16 << 20;

    /** The length before a frame. */
    static final int PREFIX = 4;

    static final int DATAGRAM_BYTES = 2048;
    static final int MAX_DATAGRAM = 65_507;

    /** The address that every peer listens at. */
    static InetSocketAddress anyPort() {
        return at(0);
    }

    static InetSocketAddress at(int port) {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
    }

    /** What a peer does when nothing else is asked for. */
    static Settings of(Mode mode) {
        return new Settings(
                mode, 1, Allocator.DEFAULT, false, true, false, DATAGRAM_BYTES, VertxTransport.NATIVE, false, null);
    }

    Settings withLoops(int count) {
        return new Settings(
                mode, count, allocator, consolidate, bufferRing, gro, datagramBytes, transport, platformThreads, tls);
    }

    Settings withAllocator(Allocator other) {
        return new Settings(
                mode, loops, other, consolidate, bufferRing, gro, datagramBytes, transport, platformThreads, tls);
    }

    Settings withConsolidation() {
        return new Settings(
                mode, loops, allocator, true, bufferRing, gro, datagramBytes, transport, platformThreads, tls);
    }

    Settings withoutBufferRing() {
        return new Settings(
                mode, loops, allocator, consolidate, false, gro, datagramBytes, transport, platformThreads, tls);
    }

    Settings withGro() {
        return new Settings(
                mode, loops, allocator, consolidate, bufferRing, true, datagramBytes, transport, platformThreads, tls);
    }

    Settings withTransport(VertxTransport other) {
        return new Settings(
                mode, loops, allocator, consolidate, bufferRing, gro, datagramBytes, other, platformThreads, tls);
    }

    Settings withPlatformThreads() {
        return new Settings(mode, loops, allocator, consolidate, bufferRing, gro, datagramBytes, transport, true, tls);
    }

    Settings withTls(Tls other) {
        return new Settings(
                mode, loops, allocator, consolidate, bufferRing, gro, datagramBytes, transport, platformThreads, other);
    }
}
