// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

/**
 * The bounds of an engine: every count and every size that a peer can drive is checked against one of these, before memory is taken or
 * work is done. {@link Engine#limitCounters()} tells how often each was hit. Immutable; start from {@link #DEFAULT} and change with the {@code with…} methods.
 *
 * @param connections how many connections an engine holds, accepted, dialled and adopted; more are closed as soon as they are accepted.
 *     UDP endpoints do not count: no peer can open one, and each is bounded by its {@link io.hawser.transport.DatagramOptions}; a program
 *     that opens one for each of its peers has to count them itself. Default 100,000
 * @param bufferMemoryBytes the native memory of all buffers of an engine; over it, receiving pauses and writes fail. Default 1 GiB
 * @param inboundBytes what a connection may have received and its handler not read when it returns; over it the connection is closed
 *     with {@link CloseCause.Kind#LIMIT}, or if it is paused, receives no more until less is left. Default 4 MiB
 * @param outboundBytes what may be written to a connection and not taken by the kernel yet; over it the {@link OverflowPolicy} says
 *     what happens. Default 16 MiB
 * @param outboundHighBytes over so many pending bytes the engine stops receiving from the connection, so that who does not read does
 *     not cause more to be written, unless {@link ConnectionOptions#receiveWhileCongested} asks for more. Default 256 KiB
 * @param outboundLowBytes at so many it receives again and calls {@link ConnectionHandler#onWritable}. Default 64 KiB
 * @param connectionsPerSource how many connections that were accepted from one source address are held at once; more are closed as soon as
 *     they are accepted. An IPv4 peer counts as such on an IPv6 listener, too; an IPv6 peer counts with its /64 network, of which one host
 *     usually has all. Unix peers are not counted. Behind a {@link io.hawser.proxy.ProxyReceiver} a connection counts as its client's from its
 *     PROXY header on, and as the proxy's until then. Default none, {@link Integer#MAX_VALUE}, since proxies share an address
 * @param acceptsPerSecond how many connections one server accepts in a second on average, with bursts of as many as come in a second; over
 *     it accepting pauses, and peers wait in the backlog. Default 50,000
 * @param handshakes how many handshakes of TLS that peers have begun may be under way in the engine at once, whatever server they are with; who
 *     comes beyond that is closed. Each takes some 100 KiB, and time of a processor. Those of dialled connections do not count, since it is the program
 *     that begins them. Default 1,000
 * @param tasksPerLoop how many tasks of {@link Connection#execute} and of a loop's {@code execute} may wait. Default 65,536
 * @param messageBytes how many bytes a message of a session may have, where its endpoint says nothing else; a longer one is refused when its
 *     header announces it, and the session is closed. Default 1 MiB
 */
public record Limits(
        int connections,
        long bufferMemoryBytes,
        long inboundBytes,
        long outboundBytes,
        long outboundHighBytes,
        long outboundLowBytes,
        int connectionsPerSource,
        int acceptsPerSecond,
        int handshakes,
        int tasksPerLoop,
        int messageBytes) {
    /** The defaults as given above. */
    public static final Limits DEFAULT = new Limits(
            100_000,
            1L << 30,
            4L << 20,
            16L << 20,
            256L << 10,
            64L << 10,
            Integer.MAX_VALUE,
            50_000,
            1_000,
            65_536,
            1 << 20);

    /** Checks the ranges: all are positive, low ≤ high ≤ outbound. */
    public Limits {
        if (connections < 1
                || bufferMemoryBytes < 1
                || inboundBytes < 1
                || outboundLowBytes < 1
                || connectionsPerSource < 1
                || acceptsPerSecond < 1
                || handshakes < 1
                || tasksPerLoop < 1
                || messageBytes < 1) {
            throw new IllegalArgumentException("Limits must be positive");
        }
        if (outboundLowBytes > outboundHighBytes || outboundHighBytes > outboundBytes) {
            throw new IllegalArgumentException("The outbound limits must rise: low " + outboundLowBytes + ", high "
                    + outboundHighBytes + ", bound " + outboundBytes);
        }
    }

    /** As this, with another number of connections. */
    public Limits withConnections(int count) {
        return new Limits(
                count,
                bufferMemoryBytes,
                inboundBytes,
                outboundBytes,
                outboundHighBytes,
                outboundLowBytes,
                connectionsPerSource,
                acceptsPerSecond,
                handshakes,
                tasksPerLoop,
                messageBytes);
    }

    /** As this, with another cap on the memory of all buffers. */
    public Limits withBufferMemoryBytes(long bytes) {
        return new Limits(
                connections,
                bytes,
                inboundBytes,
                outboundBytes,
                outboundHighBytes,
                outboundLowBytes,
                connectionsPerSource,
                acceptsPerSecond,
                handshakes,
                tasksPerLoop,
                messageBytes);
    }

    /** As this, with another bound on unread bytes. */
    public Limits withInboundBytes(long bytes) {
        return new Limits(
                connections,
                bufferMemoryBytes,
                bytes,
                outboundBytes,
                outboundHighBytes,
                outboundLowBytes,
                connectionsPerSource,
                acceptsPerSecond,
                handshakes,
                tasksPerLoop,
                messageBytes);
    }

    /** As this, with other bounds on unsent bytes; {@code low <= high <= bound}. */
    public Limits withOutboundBytes(long bound, long high, long low) {
        return new Limits(
                connections,
                bufferMemoryBytes,
                inboundBytes,
                bound,
                high,
                low,
                connectionsPerSource,
                acceptsPerSecond,
                handshakes,
                tasksPerLoop,
                messageBytes);
    }

    /** As this, with another number of connections from one source address. */
    public Limits withConnectionsPerSource(int count) {
        return new Limits(
                connections,
                bufferMemoryBytes,
                inboundBytes,
                outboundBytes,
                outboundHighBytes,
                outboundLowBytes,
                count,
                acceptsPerSecond,
                handshakes,
                tasksPerLoop,
                messageBytes);
    }

    /** As this, with another rate of accepted connections for each server. */
    public Limits withAcceptsPerSecond(int rate) {
        return new Limits(
                connections,
                bufferMemoryBytes,
                inboundBytes,
                outboundBytes,
                outboundHighBytes,
                outboundLowBytes,
                connectionsPerSource,
                rate,
                handshakes,
                tasksPerLoop,
                messageBytes);
    }

    /** As this, with another number of handshakes that peers have begun. */
    public Limits withHandshakes(int count) {
        return new Limits(
                connections,
                bufferMemoryBytes,
                inboundBytes,
                outboundBytes,
                outboundHighBytes,
                outboundLowBytes,
                connectionsPerSource,
                acceptsPerSecond,
                count,
                tasksPerLoop,
                messageBytes);
    }

    /** As this, with another bound on waiting tasks. */
    public Limits withTasksPerLoop(int tasks) {
        return new Limits(
                connections,
                bufferMemoryBytes,
                inboundBytes,
                outboundBytes,
                outboundHighBytes,
                outboundLowBytes,
                connectionsPerSource,
                acceptsPerSecond,
                handshakes,
                tasks,
                messageBytes);
    }

    /** As this, with another bound on the bytes of a message. */
    public Limits withMessageBytes(int bytes) {
        return new Limits(
                connections,
                bufferMemoryBytes,
                inboundBytes,
                outboundBytes,
                outboundHighBytes,
                outboundLowBytes,
                connectionsPerSource,
                acceptsPerSecond,
                handshakes,
                tasksPerLoop,
                bytes);
    }
}
