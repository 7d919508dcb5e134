// SPDX-License-Identifier: Apache-2.0
package io.hawser.transport;

import io.hawser.buffer.Block;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Datagrams that wait to be sent, each with its destination; bounded in number and in bytes. A ring that grows up to the bound and
 * allocates nothing once it has grown. The loop's thread only.
 */
public final class DatagramQueue {
    private static final int INITIAL_SLOTS = 16;

    private final int maxDatagrams;
    private final long maxBytes;
    private @Nullable Block[] payloads = new Block[INITIAL_SLOTS];
    private PeerAddress[] destinations = addresses(INITIAL_SLOTS);
    private int head;
    private int size;
    private long bytes;
    private long sent;
    private long sentBytes;
    private long failed;

    /** @param maxDatagrams and {@code maxBytes}: how much may wait; at least 1 */
    public DatagramQueue(int maxDatagrams, long maxBytes) {
        if (maxDatagrams < 1 || maxBytes < 1) {
            throw new IllegalArgumentException("The bounds must be positive: " + maxDatagrams + ", " + maxBytes);
        }
        this.maxDatagrams = maxDatagrams;
        this.maxBytes = maxBytes;
    }

    private static PeerAddress[] addresses(int count) {
        final PeerAddress[] addresses = new PeerAddress[count];
        Arrays.setAll(addresses, _ -> new PeerAddress());
        return addresses;
    }

    /** Whether a datagram of {@code length} bytes can be added; into an empty queue goes one of any length. */
    public boolean hasRoom(int length) {
        return size == 0 || (size < maxDatagrams && bytes + length <= maxBytes);
    }

    /**
     * Adds a datagram, which may be empty; there must be room. The block is the queue's now.
     *
     * @param destination is copied; a connected port does not look at it
     */
    public void add(Block payload, PeerAddress destination) {
        if (!hasRoom(payload.readableBytes())) {
            throw new IllegalStateException("The queue is full");
        }
        if (size == payloads.length) {
            grow();
        }
        final int slot = slot(size);
        payloads[slot] = payload;
        destinations[slot].set(destination);
        size++;
        bytes += payload.readableBytes();
    }

    private void grow() {
        final int capacity = 2 * payloads.length;
        final @Nullable Block[] newPayloads = new Block[capacity];
        final PeerAddress[] newDestinations = addresses(capacity);
        for (int i = 0; i < size; i++) {
            newPayloads[i] = payloads[slot(i)];
            newDestinations[i] = destinations[slot(i)];
        }
        payloads = newPayloads;
        destinations = newDestinations;
        head = 0;
    }

    private int slot(int index) {
        return (head + index) & (payloads.length - 1);
    }

    /** How many datagrams wait. */
    public int size() {
        return size;
    }

    /** How many bytes they have. */
    public long bytes() {
        return bytes;
    }

    /** Whether none waits. */
    public boolean isEmpty() {
        return size == 0;
    }

    /** Whether at least half of either bound is taken. */
    public boolean isHalfFull() {
        return size >= (maxDatagrams + 1) / 2 || bytes >= (maxBytes + 1) / 2;
    }

    // ---- for transports

    /** The payload of datagram {@code index}, counted from the oldest; it stays the queue's. */
    public Block payload(int index) {
        return Objects.requireNonNull(payloads[slot(Objects.checkIndex(index, size))]);
    }

    /** Where datagram {@code index} goes; of no meaning on a connected port. */
    public PeerAddress destination(int index) {
        return destinations[slot(Objects.checkIndex(index, size))];
    }

    /** The oldest {@code count} datagrams have been sent: takes them out. */
    public void sent(int count) {
        for (int i = 0; i < count; i++) {
            sentBytes += payload(0).readableBytes();
            remove();
        }
        sent += count;
    }

    /** The oldest datagram cannot be sent: takes it out. */
    public void failed() {
        remove();
        failed++;
    }

    private void remove() {
        final Block payload = payload(0);
        payloads[head] = null;
        head = slot(1);
        size--;
        bytes -= payload.readableBytes();
        payload.release();
    }

    /** Takes all out that wait, as {@link #failed()}. */
    public void clear() {
        while (size > 0) {
            failed();
        }
    }

    // ---- counters

    /** How many datagrams the kernel has taken. */
    public long sentCount() {
        return sent;
    }

    /** How many bytes they had. */
    public long sentBytes() {
        return sentBytes;
    }

    /** How many datagrams were taken out unsent. */
    public long failedCount() {
        return failed;
    }
}
