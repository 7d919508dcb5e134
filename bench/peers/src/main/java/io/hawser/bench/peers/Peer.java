// SPDX-License-Identifier: Apache-2.0
package io.hawser.bench.peers;

import java.util.Arrays;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;

/** Whom Hawser is measured against: its name, what it can do, and how it is started. */
enum Peer {
    NETTY_NIO,
    NETTY_EPOLL,
    NETTY_URING,
    VERTX,
    UNDERTOW,
    JDK_NIO,
    JDK_THREADS;

    /** @throws IllegalArgumentException if there is none, with the names that there are */
    static Peer named(String name) {
        for (Peer peer : values()) {
            if (peer.toString().equals(name)) {
                return peer;
            }
        }
        throw new IllegalArgumentException("There is no peer '" + name + "'; there are "
                + String.join(", ", Arrays.stream(values()).map(Peer::toString).toList()));
    }

    /** What it can do. */
    Set<Mode> modes() {
        return switch (this) {
            case NETTY_NIO, NETTY_EPOLL, NETTY_URING -> EnumSet.allOf(Mode.class);
            case VERTX -> EnumSet.complementOf(EnumSet.of(Mode.TLS));
            case UNDERTOW -> EnumSet.of(Mode.HTTP);
            case JDK_NIO -> EnumSet.of(Mode.ECHO, Mode.FRAMED, Mode.UDP);
            case JDK_THREADS -> EnumSet.of(Mode.ECHO, Mode.FRAMED);
        };
    }

    /** The options that concern it in this mode, which it must have. */
    Set<String> options(Mode mode) {
        final Set<String> options = new TreeSet<>();
        options.add(this == JDK_THREADS ? "--platform" : "--loops");
        switch (this) {
            case NETTY_NIO, NETTY_EPOLL, NETTY_URING -> {
                options.addAll(Set.of("--allocator", "--consolidate"));
                if (mode == Mode.UDP) {
                    options.add("--datagram-bytes");
                }
                if (this == NETTY_EPOLL && mode == Mode.UDP) {
                    options.add("--gro");
                }
                if (this == NETTY_URING && mode != Mode.UDP) {
                    options.add("--buffer-ring");
                }
                if (mode == Mode.TLS) {
                    options.addAll(Set.of("--tls-provider", "--cert", "--key"));
                }
            }
            case VERTX -> options.add("--transport");
            case JDK_NIO -> {
                if (mode == Mode.UDP) {
                    options.add("--datagram-bytes");
                }
            }
            case UNDERTOW, JDK_THREADS -> {}
        }
        return options;
    }

    /**
     * Starts it at a port that the system chooses.
     *
     * @throws UnsupportedOperationException if the machine does not have what it needs, with the reason
     */
    PeerServer start(Settings settings) throws Exception {
        if (!modes().contains(settings.mode())) {
            throw new IllegalArgumentException(this + " has no mode " + settings.mode());
        }
        return switch (this) {
            case NETTY_NIO -> NettyServer.start(NettyTransport.NIO, settings);
            case NETTY_EPOLL -> NettyServer.start(NettyTransport.EPOLL, settings);
            case NETTY_URING -> NettyServer.start(NettyTransport.URING, settings);
            case VERTX -> VertxServer.start(settings);
            case UNDERTOW -> UndertowServer.start(settings);
            case JDK_NIO -> NioServer.start(settings);
            case JDK_THREADS -> ThreadsServer.start(settings);
        };
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
