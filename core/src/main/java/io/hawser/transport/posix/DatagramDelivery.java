// SPDX-License-Identifier: Apache-2.0
package io.hawser.transport.posix;

import io.hawser.buffer.Block;
import io.hawser.transport.DatagramSink;
import io.hawser.transport.PeerAddress;

/** Hands what one socket has received to its sink, one datagram at a time. The loop's thread only. */
public final class DatagramDelivery {
    private final DatagramSink sink;
    private final int maxDatagramBytes;
    private boolean closed;

    /** @param maxDatagramBytes longer datagrams are cut */
    public DatagramDelivery(DatagramSink sink, int maxDatagramBytes) {
        this.sink = sink;
        this.maxDatagramBytes = maxDatagramBytes;
    }

    /**
     * Delivers {@code length} bytes of {@code block}, which belongs to the sinks from now on.
     *
     * @param from where they start
     * @param segmentBytes the length of the datagrams of which they consist, the last may be shorter (UDP_GRO, udp(7)); 0 for one
     * @param truncated whether the kernel has cut the last one
     */
    public void deliver(Block block, int from, int length, int segmentBytes, PeerAddress sender, boolean truncated) {
        final int end = from + length;
        int at = from;
        if (segmentBytes > 0) {
            while (end - at > segmentBytes && !closed) {
                deliverOne(block.view(at, at + Math.min(segmentBytes, maxDatagramBytes)), segmentBytes, sender, false);
                at += segmentBytes;
            }
        }
        if (closed) {
            block.release();
            return;
        }
        block.received(at, Math.min(end, at + maxDatagramBytes));
        deliverOne(block, end - at, sender, truncated);
    }

    private void deliverOne(Block payload, int length, PeerAddress sender, boolean truncated) {
        sink.received(payload, sender, truncated || length > maxDatagramBytes);
    }

    /** Delivers no more; what was received is given back. */
    public void close() {
        closed = true;
    }
}
