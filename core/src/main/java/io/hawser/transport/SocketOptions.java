// SPDX-License-Identifier: Apache-2.0
package io.hawser.transport;

import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;

/**
 * Options of sockets, set before bind, connect or first use. Immutable; start from {@link #DEFAULT} and change with the
 * {@code with…} methods, or many at once with {@link #with}. Values are checked when they are given; what a transport or a kernel does not
 * have is an error where the socket is made, and never left out silently. Options of TCP are for TCP sockets alone.
 */
public final class SocketOptions {
    /** Of {@link #lingerSeconds()}: off. */
    public static final int NO_LINGER = -1;

    /** No-delay and reuse-address on, a backlog of 4,096, all else as the kernel has it. */
    public static final SocketOptions DEFAULT = new SocketOptions(new Builder());

    private static final int MAX_KEEP_ALIVE_SECONDS = 32_767;
    private static final int MAX_KEEP_ALIVE_COUNT = 127;
    private static final int MAX_LINGER_SECONDS = 65_535;
    /** IFNAMSIZ without the end ({@code linux/if.h}). */
    private static final int MAX_DEVICE_BYTES = 15;

    private final boolean noDelay;
    private final boolean keepAlive;
    private final int keepAliveIdleSeconds;
    private final int keepAliveIntervalSeconds;
    private final int keepAliveCount;
    private final int lingerSeconds;
    private final boolean reuseAddress;
    private final boolean reusePort;
    private final int backlog;
    private final int sendBufferBytes;
    private final int receiveBufferBytes;
    private final boolean v6Only;
    private final String device;
    private final int fastOpenQueue;
    private final boolean fastOpenConnect;
    private final int userTimeoutMs;

    private SocketOptions(Builder from) {
        noDelay = from.noDelay;
        keepAlive = from.keepAlive;
        keepAliveIdleSeconds = from.keepAliveIdleSeconds;
        keepAliveIntervalSeconds = from.keepAliveIntervalSeconds;
        keepAliveCount = from.keepAliveCount;
        lingerSeconds = from.lingerSeconds;
        reuseAddress = from.reuseAddress;
        reusePort = from.reusePort;
        backlog = from.backlog;
        sendBufferBytes = from.sendBufferBytes;
        receiveBufferBytes = from.receiveBufferBytes;
        v6Only = from.v6Only;
        device = from.device;
        fastOpenQueue = from.fastOpenQueue;
        fastOpenConnect = from.fastOpenConnect;
        userTimeoutMs = from.userTimeoutMs;
    }

    /** TCP_NODELAY: small messages leave at once (tcp(7)); default on. */
    public boolean noDelay() {
        return noDelay;
    }

    /** SO_KEEPALIVE: the kernel probes idle peers (socket(7)); default off. */
    public boolean keepAlive() {
        return keepAlive;
    }

    /**
     * TCP_KEEPIDLE: silence in seconds before the first probe, 1 to 32,767; 0, the default, leaves it to the kernel.
     * Without effect while keep-alive is off.
     */
    public int keepAliveIdleSeconds() {
        return keepAliveIdleSeconds;
    }

    /**
     * TCP_KEEPINTVL: seconds between probes, 1 to 32,767; 0, the default, leaves it to the kernel. Without effect while
     * keep-alive is off.
     */
    public int keepAliveIntervalSeconds() {
        return keepAliveIntervalSeconds;
    }

    /**
     * TCP_KEEPCNT: unanswered probes after which the connection is broken, 1 to 127; 0, the default, leaves it to the
     * kernel. Without effect while keep-alive is off.
     */
    public int keepAliveCount() {
        return keepAliveCount;
    }

    /**
     * SO_LINGER (socket(7)): 0 resets at the close; up to 65,535 lets the closing of the descriptor wait so long for what
     * is unsent, and with it the loop, so {@code ConnectionOptions.closeTimeout} is the better means; {@link #NO_LINGER},
     * the default, is off.
     */
    public int lingerSeconds() {
        return lingerSeconds;
    }

    /** SO_REUSEADDR on listeners: bind although old connections linger in TIME_WAIT; default on. */
    public boolean reuseAddress() {
        return reuseAddress;
    }

    /** SO_REUSEPORT on listeners: several sockets on one address, the kernel spreads connections; default off. */
    public boolean reusePort() {
        return reusePort;
    }

    /** listen(2)'s queue of connections not accepted yet, at least 1; the kernel caps it (net.core.somaxconn). Default 4,096. */
    public int backlog() {
        return backlog;
    }

    /** SO_SNDBUF in bytes; 0, the default, leaves it to the kernel's auto-tuning. */
    public int sendBufferBytes() {
        return sendBufferBytes;
    }

    /** SO_RCVBUF in bytes; 0, the default, leaves it to the kernel's auto-tuning. */
    public int receiveBufferBytes() {
        return receiveBufferBytes;
    }

    /** IPV6_V6ONLY on listeners of an IPv6 address: no IPv4 peers; default off. */
    public boolean v6Only() {
        return v6Only;
    }

    /**
     * SO_BINDTODEVICE: the network interface that alone is used, at most 15 bytes; empty, the default, for any. The system
     * may want a privilege for it.
     */
    public String device() {
        return device;
    }

    /**
     * TCP_FASTOPEN on listeners: how many connections may have sent data with their SYN and wait (RFC 7413); 0, the
     * default, is off. net.ipv4.tcp_fastopen must allow it.
     */
    public int fastOpenQueue() {
        return fastOpenQueue;
    }

    /**
     * TCP_FASTOPEN_CONNECT on dialled sockets: the SYN goes with the first data where the peer has given a cookie before;
     * then a peer that is not there shows at the first write. Default off.
     */
    public boolean fastOpenConnect() {
        return fastOpenConnect;
    }

    /**
     * TCP_USER_TIMEOUT: milliseconds that sent data may stay unacknowledged before the kernel breaks the connection
     * (tcp(7)); 0, the default, leaves it to the kernel.
     */
    public int userTimeoutMs() {
        return userTimeoutMs;
    }

    /**
     * As this, with whatever {@code changes} sets.
     *
     * @throws IllegalArgumentException if a value is out of its range
     */
    public SocketOptions with(Consumer<Builder> changes) {
        final Builder builder = new Builder(this);
        changes.accept(builder);
        return new SocketOptions(builder);
    }

    /** As this, with another {@link #noDelay()}. */
    public SocketOptions withNoDelay(boolean value) {
        return with(builder -> builder.noDelay(value));
    }

    /** As this, with another {@link #keepAlive()}. */
    public SocketOptions withKeepAlive(boolean value) {
        return with(builder -> builder.keepAlive(value));
    }

    /** As this, with another {@link #reuseAddress()}. */
    public SocketOptions withReuseAddress(boolean value) {
        return with(builder -> builder.reuseAddress(value));
    }

    /** As this, with another {@link #reusePort()}. */
    public SocketOptions withReusePort(boolean value) {
        return with(builder -> builder.reusePort(value));
    }

    /** As this, with another {@link #backlog()}. */
    public SocketOptions withBacklog(int value) {
        return with(builder -> builder.backlog(value));
    }

    /** As this, with another {@link #sendBufferBytes()}. */
    public SocketOptions withSendBufferBytes(int value) {
        return with(builder -> builder.sendBufferBytes(value));
    }

    /** As this, with another {@link #receiveBufferBytes()}. */
    public SocketOptions withReceiveBufferBytes(int value) {
        return with(builder -> builder.receiveBufferBytes(value));
    }

    /** As this, with another {@link #v6Only()}. */
    public SocketOptions withV6Only(boolean value) {
        return with(builder -> builder.v6Only(value));
    }

    /** Takes values, each checked at once. Not thread-safe. */
    public static final class Builder {
        private boolean noDelay = true;
        private boolean keepAlive = false;
        private int keepAliveIdleSeconds = 0;
        private int keepAliveIntervalSeconds = 0;
        private int keepAliveCount = 0;
        private int lingerSeconds = NO_LINGER;
        private boolean reuseAddress = true;
        private boolean reusePort = false;
        private int backlog = 4096;
        private int sendBufferBytes = 0;
        private int receiveBufferBytes = 0;
        private boolean v6Only = false;
        private String device = "";
        private int fastOpenQueue = 0;
        private boolean fastOpenConnect = false;
        private int userTimeoutMs = 0;

        private Builder() {}

        private Builder(SocketOptions from) {
            noDelay = from.noDelay;
            keepAlive = from.keepAlive;
            keepAliveIdleSeconds = from.keepAliveIdleSeconds;
            keepAliveIntervalSeconds = from.keepAliveIntervalSeconds;
            keepAliveCount = from.keepAliveCount;
            lingerSeconds = from.lingerSeconds;
            reuseAddress = from.reuseAddress;
            reusePort = from.reusePort;
            backlog = from.backlog;
            sendBufferBytes = from.sendBufferBytes;
            receiveBufferBytes = from.receiveBufferBytes;
            v6Only = from.v6Only;
            device = from.device;
            fastOpenQueue = from.fastOpenQueue;
            fastOpenConnect = from.fastOpenConnect;
            userTimeoutMs = from.userTimeoutMs;
        }

        /** {@link SocketOptions#noDelay()}. */
        public Builder noDelay(boolean value) {
            noDelay = value;
            return this;
        }

        /** {@link SocketOptions#keepAlive()}. */
        public Builder keepAlive(boolean value) {
            keepAlive = value;
            return this;
        }

        /** {@link SocketOptions#keepAliveIdleSeconds()}. */
        public Builder keepAliveIdleSeconds(int value) {
            keepAliveIdleSeconds = requireRange("keepAliveIdleSeconds", value, 0, MAX_KEEP_ALIVE_SECONDS);
            return this;
        }

        /** {@link SocketOptions#keepAliveIntervalSeconds()}. */
        public Builder keepAliveIntervalSeconds(int value) {
            keepAliveIntervalSeconds = requireRange("keepAliveIntervalSeconds", value, 0, MAX_KEEP_ALIVE_SECONDS);
            return this;
        }

        /** {@link SocketOptions#keepAliveCount()}. */
        public Builder keepAliveCount(int value) {
            keepAliveCount = requireRange("keepAliveCount", value, 0, MAX_KEEP_ALIVE_COUNT);
            return this;
        }

        /** {@link SocketOptions#lingerSeconds()}. */
        public Builder lingerSeconds(int value) {
            lingerSeconds = requireRange("lingerSeconds", value, NO_LINGER, MAX_LINGER_SECONDS);
            return this;
        }

        /** {@link SocketOptions#reuseAddress()}. */
        public Builder reuseAddress(boolean value) {
            reuseAddress = value;
            return this;
        }

        /** {@link SocketOptions#reusePort()}. */
        public Builder reusePort(boolean value) {
            reusePort = value;
            return this;
        }

        /** {@link SocketOptions#backlog()}. */
        public Builder backlog(int value) {
            backlog = requireRange("backlog", value, 1, Integer.MAX_VALUE);
            return this;
        }

        /** {@link SocketOptions#sendBufferBytes()}. */
        public Builder sendBufferBytes(int value) {
            sendBufferBytes = requireRange("sendBufferBytes", value, 0, Integer.MAX_VALUE);
            return this;
        }

        /** {@link SocketOptions#receiveBufferBytes()}. */
        public Builder receiveBufferBytes(int value) {
            receiveBufferBytes = requireRange("receiveBufferBytes", value, 0, Integer.MAX_VALUE);
            return this;
        }

        /** {@link SocketOptions#v6Only()}. */
        public Builder v6Only(boolean value) {
            v6Only = value;
            return this;
        }

        /** {@link SocketOptions#device()}. */
        public Builder device(String value) {
            final int bytes = value.getBytes(StandardCharsets.UTF_8).length;
            if (bytes > MAX_DEVICE_BYTES || value.indexOf('\0') >= 0 || value.indexOf('/') >= 0) {
                throw new IllegalArgumentException("device must be the name of a network interface, at most "
                        + MAX_DEVICE_BYTES + " bytes: '" + value + "'");
            }
            device = value;
            return this;
        }

        /** {@link SocketOptions#fastOpenQueue()}. */
        public Builder fastOpenQueue(int value) {
            fastOpenQueue = requireRange("fastOpenQueue", value, 0, Integer.MAX_VALUE);
            return this;
        }

        /** {@link SocketOptions#fastOpenConnect()}. */
        public Builder fastOpenConnect(boolean value) {
            fastOpenConnect = value;
            return this;
        }

        /** {@link SocketOptions#userTimeoutMs()}. */
        public Builder userTimeoutMs(int value) {
            userTimeoutMs = requireRange("userTimeoutMs", value, 0, Integer.MAX_VALUE);
            return this;
        }

        private static int requireRange(String name, int value, int min, int max) {
            if (value < min || value > max) {
                throw new IllegalArgumentException(name + " must be "
                        + (max == Integer.MAX_VALUE ? "at least " + min : min + " to " + max) + ": " + value);
            }
            return value;
        }
    }
}
