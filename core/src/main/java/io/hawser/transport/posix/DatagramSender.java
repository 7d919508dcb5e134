// SPDX-License-Identifier: Apache-2.0
package io.hawser.transport.posix;

import io.hawser.buffer.Block;
import io.hawser.linux.CallState;
import io.hawser.linux.ControlMessageDescriptor;
import io.hawser.linux.Errno;
import io.hawser.linux.MessageVector;
import io.hawser.linux.Sockets;
import io.hawser.transport.DatagramQueue;
import io.hawser.transport.DatagramSink;
import java.io.IOException;
import java.net.PortUnreachableException;

/**
 * Sends the datagrams of one socket, many to a system call (sendmmsg(2)), and those of one length to one peer that stand in a row as one
 * message that the kernel cuts up (UDP_SEGMENT, udp(7)). The loop's thread only.
 *
 * <p>io_uring sends this way too: an operation for each datagram would copy a msghdr into a request, make a completion and have it looked
 * at, where sendmmsg makes one call for up to 64 messages. And since it ends at once, no memory is in flight afterwards.
 */
public final class DatagramSender {
    /** What every kernel with UDP_SEGMENT takes ({@code UDP_MAX_SEGMENTS}, {@code linux/udp.h}). */
    private static final int MAX_SEGMENTS = 64;
    /** How long a message of segments may be, with headers to spare. */
    private static final int MAX_SEGMENTED_BYTES = 65_000;

    private final CallState state;
    private final MessageVector vector;
    private final int[] datagrams;
    private final int fd;
    private final boolean connected;
    private final boolean ipv6;
    private final DatagramSink sink;
    /** The longest datagram that is sent as a segment; 0 if there are to be none. */
    private int maxSegmentBytes;

    private boolean closed;

    DatagramSender(
            CallState state,
            MessageVector vector,
            int fd,
            boolean connected,
            boolean ipv6,
            boolean segmentation,
            DatagramSink sink) {
        this.state = state;
        this.vector = vector;
        this.datagrams = new int[vector.maxMessages()];
        this.fd = fd;
        this.connected = connected;
        this.ipv6 = ipv6;
        this.maxSegmentBytes = segmentation ? MAX_SEGMENTED_BYTES : 0;
        this.sink = sink;
    }

    /**
     * Sends what is in the queue now, and takes out what was sent or can't be.
     *
     * @return false if the socket has no room: it is to be called again when it is writable
     */
    public boolean send(DatagramQueue queue) {
        int left = queue.size();
        boolean repeated = false;
        while (left > 0 && !closed) {
            final int messages = prepare(queue, left);
            final int result = Sockets.sendmmsg(state, fd, vector.address(), messages);
            if (result > 0) {
                int sent = 0;
                for (int i = 0; i < result; i++) {
                    sent += datagrams[i];
                }
                queue.sent(sent);
                left -= sent;
                repeated = false;
            } else if (result == -Errno.EAGAIN) {
                return false;
            } else if (result != -Errno.EINTR && !gaveUpSegments(-result, queue)) {
                final IOException error = error(-result, queue);
                // On a connected socket the error may be the answer to an earlier datagram; then this one has not been
                // tried.
                if (connected && isAnswer(-result) && !repeated) {
                    repeated = true;
                } else {
                    queue.failed();
                    left--;
                    repeated = false;
                }
                sink.failed(error);
            }
        }
        return true;
    }

    /** Fills the vector from the first {@code count} datagrams; the number of messages. */
    private int prepare(DatagramQueue queue, int count) {
        int next = 0;
        int messages = 0;
        while (next < count && messages < vector.maxMessages() && next < vector.maxIovecs()) {
            final int run = runLength(queue, next, Math.min(count, vector.maxIovecs()));
            for (int i = next; i < next + run; i++) {
                final Block payload = queue.payload(i);
                vector.iovec(i, payload.address() + payload.start(), payload.readableBytes());
            }
            vector.vectors(messages, next, run);
            final int nameLength = connected
                    ? 0
                    : PeerAddresses.write(vector.names(), vector.nameOffset(messages), queue.destination(next), ipv6);
            if (run > 1) {
                final int segmentBytes = queue.payload(next).readableBytes();
                ControlMessageDescriptor.writeSegment(vector.controls(), vector.controlOffset(messages), segmentBytes);
            }
            vector.lengths(messages, nameLength, run > 1 ? ControlMessageDescriptor.SPACE : 0);
            datagrams[messages++] = run;
            next += run;
        }
        return messages;
    }

    /** How many datagrams from {@code first} on can go as the segments of one message; the last of them may be shorter. */
    private int runLength(DatagramQueue queue, int first, int end) {
        final int segmentBytes = queue.payload(first).readableBytes();
        if (segmentBytes == 0 || segmentBytes > maxSegmentBytes) {
            return 1;
        }
        final int limit = Math.min(end, first + Math.min(MAX_SEGMENTS, MAX_SEGMENTED_BYTES / segmentBytes));
        int next = first + 1;
        while (next < limit) {
            final int bytes = queue.payload(next).readableBytes();
            if (bytes == 0 || bytes > segmentBytes || !isSamePeer(queue, first, next)) {
                break;
            }
            next++;
            if (bytes < segmentBytes) {
                break;
            }
        }
        return next - first;
    }

    private boolean isSamePeer(DatagramQueue queue, int first, int second) {
        return connected || queue.destination(first).equals(queue.destination(second));
    }

    /** If the first message has segments and those are at fault, they are not tried again. */
    private boolean gaveUpSegments(int errno, DatagramQueue queue) {
        if (datagrams[0] == 1) {
            return false;
        }
        switch (errno) {
            // Longer than the path's MTU: such datagrams must be sent as fragments, which segments cannot be.
            case Errno.EINVAL, Errno.EMSGSIZE ->
                maxSegmentBytes = queue.payload(0).readableBytes() - 1;
            // The card has no checksum offload.
            case Errno.EIO, Errno.EOPNOTSUPP -> maxSegmentBytes = 0;
            default -> {
                return false;
            }
        }
        return true;
    }

    private IOException error(int errno, DatagramQueue queue) {
        return connected ? failure(errno) : SocketErrors.transfer("send to " + queue.destination(0), errno);
    }

    private static boolean isAnswer(int errno) {
        return errno == Errno.ECONNREFUSED || errno == Errno.EHOSTUNREACH || errno == Errno.ENETUNREACH;
    }

    /** What a connected socket reports; {@code errno} is positive. */
    public static IOException failure(int errno) {
        return errno == Errno.ECONNREFUSED
                ? new PortUnreachableException(Errno.describe(errno))
                : SocketErrors.transfer("datagram", errno);
    }

    /** Ends a {@link #send} that is at work: the descriptor is gone. */
    public void close() {
        closed = true;
    }
}
