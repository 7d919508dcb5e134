// SPDX-License-Identifier: Apache-2.0
package io.hawser.transport;

import java.net.NetworkInterface;
import java.util.Optional;

/**
 * How a UDP socket behaves. Immutable; start from {@link #DEFAULT} or {@link #builder()}.
 *
 * <p>UDP has no back-pressure: what is not received in time is lost, and what is sent too fast, too. So every queue here is bounded, and
 * what does not fit is counted.
 */
public final class DatagramOptions {
    /** The longest payload that an IPv4 datagram can have, in bytes: 65,535 without the IP and UDP headers. */
    public static final int MAX_IPV4_PAYLOAD_BYTES = 65_507;
    /** The longest payload that an IPv6 datagram can have, in bytes: 65,535 without the UDP header. */
    public static final int MAX_IPV6_PAYLOAD_BYTES = 65_527;

    /** The defaults that the methods of {@link Builder} tell. */
    public static final DatagramOptions DEFAULT = builder().build();

    private final int maxDatagramBytes;
    private final int maxQueuedDatagrams;
    private final long maxQueuedBytes;
    private final int sendBufferBytes;
    private final int receiveBufferBytes;
    private final boolean reuseAddress;
    private final boolean reusePort;
    private final boolean v6Only;
    private final boolean broadcast;
    private final int multicastTtl;
    private final boolean multicastLoop;
    private final Optional<NetworkInterface> multicastInterface;
    private final boolean segmentation;
    private final boolean coalescing;

    private DatagramOptions(Builder builder) {
        maxDatagramBytes = builder.maxDatagramBytes;
        maxQueuedDatagrams = builder.maxQueuedDatagrams;
        maxQueuedBytes = builder.maxQueuedBytes;
        sendBufferBytes = builder.sendBufferBytes;
        receiveBufferBytes = builder.receiveBufferBytes;
        reuseAddress = builder.reuseAddress;
        reusePort = builder.reusePort;
        v6Only = builder.v6Only;
        broadcast = builder.broadcast;
        multicastTtl = builder.multicastTtl;
        multicastLoop = builder.multicastLoop;
        multicastInterface = builder.multicastInterface;
        segmentation = builder.segmentation;
        coalescing = builder.coalescing;
    }

    /** Options to be set up, at first as {@link #DEFAULT}. */
    public static Builder builder() {
        return new Builder();
    }

    /** Options to be set up, at first as these. */
    public Builder toBuilder() {
        final Builder builder = new Builder();
        builder.maxDatagramBytes = maxDatagramBytes;
        builder.maxQueuedDatagrams = maxQueuedDatagrams;
        builder.maxQueuedBytes = maxQueuedBytes;
        builder.sendBufferBytes = sendBufferBytes;
        builder.receiveBufferBytes = receiveBufferBytes;
        builder.reuseAddress = reuseAddress;
        builder.reusePort = reusePort;
        builder.v6Only = v6Only;
        builder.broadcast = broadcast;
        builder.multicastTtl = multicastTtl;
        builder.multicastLoop = multicastLoop;
        builder.multicastInterface = multicastInterface;
        builder.segmentation = segmentation;
        builder.coalescing = coalescing;
        return builder;
    }

    /** See {@link Builder#maxDatagramBytes}. */
    public int maxDatagramBytes() {
        return maxDatagramBytes;
    }

    /** See {@link Builder#maxQueued}. */
    public int maxQueuedDatagrams() {
        return maxQueuedDatagrams;
    }

    /** See {@link Builder#maxQueued}. */
    public long maxQueuedBytes() {
        return maxQueuedBytes;
    }

    /** See {@link Builder#sendBufferBytes}. */
    public int sendBufferBytes() {
        return sendBufferBytes;
    }

    /** See {@link Builder#receiveBufferBytes}. */
    public int receiveBufferBytes() {
        return receiveBufferBytes;
    }

    /** See {@link Builder#reuseAddress}. */
    public boolean reuseAddress() {
        return reuseAddress;
    }

    /** See {@link Builder#reusePort}. */
    public boolean reusePort() {
        return reusePort;
    }

    /** See {@link Builder#v6Only}. */
    public boolean v6Only() {
        return v6Only;
    }

    /** See {@link Builder#broadcast}. */
    public boolean broadcast() {
        return broadcast;
    }

    /** See {@link Builder#multicastTtl}. */
    public int multicastTtl() {
        return multicastTtl;
    }

    /** See {@link Builder#multicastLoop}. */
    public boolean multicastLoop() {
        return multicastLoop;
    }

    /** See {@link Builder#multicastInterface}. */
    public Optional<NetworkInterface> multicastInterface() {
        return multicastInterface;
    }

    /** See {@link Builder#segmentation}. */
    public boolean segmentation() {
        return segmentation;
    }

    /** See {@link Builder#coalescing}. */
    public boolean coalescing() {
        return coalescing;
    }

    /** Sets up options. Not thread-safe. */
    public static final class Builder {
        private int maxDatagramBytes = 2048;
        private int maxQueuedDatagrams = 4096;
        private long maxQueuedBytes = 4L << 20;
        private int sendBufferBytes;
        private int receiveBufferBytes;
        private boolean reuseAddress;
        private boolean reusePort;
        private boolean v6Only;
        private boolean broadcast;
        private int multicastTtl = 1;
        private boolean multicastLoop = true;
        private Optional<NetworkInterface> multicastInterface = Optional.empty();
        private boolean segmentation = true;
        private boolean coalescing;

        private Builder() {}

        /**
         * The longest payload that is received whole, in bytes, 1 to 65,527; default 2,048, over what fits into one Ethernet frame. A longer
         * datagram arrives cut, and says so. Blocks of this size wait for datagrams, so it is what each received one takes in memory.
         */
        public Builder maxDatagramBytes(int bytes) {
            maxDatagramBytes = range("maxDatagramBytes", bytes, 1, MAX_IPV6_PAYLOAD_BYTES);
            return this;
        }

        /**
         * How many datagrams, and how many bytes, may wait to be sent; more are refused. Default 4,096 and 4 MiB. One of any length fits
         * into an empty queue.
         */
        public Builder maxQueued(int datagrams, long bytes) {
            if (bytes < 1) {
                throw new IllegalArgumentException("maxQueued must be at least 1 byte: " + bytes);
            }
            maxQueuedDatagrams = range("maxQueued", datagrams, 1, 1 << 20);
            maxQueuedBytes = bytes;
            return this;
        }

        /** SO_SNDBUF in bytes, or 0, the default, for the system's; the kernel caps it (net.core.wmem_max). */
        public Builder sendBufferBytes(int bytes) {
            sendBufferBytes = range("sendBufferBytes", bytes, 0, Integer.MAX_VALUE);
            return this;
        }

        /**
         * SO_RCVBUF in bytes, or 0, the default, for the system's (some 200 KiB on Linux); the kernel caps it (net.core.rmem_max). It is what
         * can come in one burst without loss.
         */
        public Builder receiveBufferBytes(int bytes) {
            receiveBufferBytes = range("receiveBufferBytes", bytes, 0, Integer.MAX_VALUE);
            return this;
        }

        /** SO_REUSEADDR: several sockets on one port, for receivers of one multicast group; default off (socket(7)). */
        public Builder reuseAddress(boolean on) {
            reuseAddress = on;
            return this;
        }

        /** SO_REUSEPORT: a server has a socket on each loop, and the kernel spreads the senders among them; default off. */
        public Builder reusePort(boolean on) {
            reusePort = on;
            return this;
        }

        /** IPV6_V6ONLY when bound to an IPv6 address: no IPv4 peers; default off. */
        public Builder v6Only(boolean on) {
            v6Only = on;
            return this;
        }

        /** SO_BROADCAST: may send to a broadcast address; default off. */
        public Builder broadcast(boolean on) {
            broadcast = on;
            return this;
        }

        /** How many networks a multicast datagram may cross (IP_MULTICAST_TTL, IPV6_MULTICAST_HOPS), 0 to 255; default 1. */
        public Builder multicastTtl(int networks) {
            multicastTtl = range("multicastTtl", networks, 0, 255);
            return this;
        }

        /** Whether members on this machine get what it sends to their group (IP_MULTICAST_LOOP); default on. */
        public Builder multicastLoop(boolean on) {
            multicastLoop = on;
            return this;
        }

        /** The interface by which multicast datagrams leave (IP_MULTICAST_IF); default that of the route. */
        public Builder multicastInterface(NetworkInterface networkInterface) {
            multicastInterface = Optional.of(networkInterface);
            return this;
        }

        /**
         * Whether datagrams of one length to one peer that wait in a row are handed to the kernel as one, which cuts it up again
         * (UDP_SEGMENT, udp(7)), where the kernel and the network card can. Peers notice nothing. Default on; NIO cannot.
         */
        public Builder segmentation(boolean on) {
            segmentation = on;
            return this;
        }

        /**
         * Whether the kernel may hand over datagrams of one peer in one piece, which the transport cuts up again (UDP_GRO, udp(7)). It saves
         * work when few peers send much, and takes a block of 64 KiB for each receive, of 256 KiB on io_uring. Default off; NIO cannot.
         */
        public Builder coalescing(boolean on) {
            coalescing = on;
            return this;
        }

        /** The options. */
        public DatagramOptions build() {
            return new DatagramOptions(this);
        }

        private static int range(String name, int value, int min, int max) {
            if (value < min || value > max) {
                throw new IllegalArgumentException(name + " must be " + min + " to " + max + ": " + value);
            }
            return value;
        }
    }
}
