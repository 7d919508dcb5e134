// SPDX-License-Identifier: Apache-2.0
package io.hawser.buffer;

import com.sun.management.ThreadMXBean;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;

/**
 * Says for each cycle that a connection does all the time what it allocates and costs: a line of name, bytes allocated
 * in the leanest of its rounds, operations in a round, and nanoseconds per operation in the fastest. Run by {@link
 * AllocationTest} without the checked mode, which allocates.
 */
final class AllocationProbe {
    private static final int WARM_UP_ROUNDS = 5;
    private static final int ROUNDS = 5;
    private static final int OPERATIONS = 300_000;
    private static final int MESSAGE_BYTES = 64;

    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private final BlockCache cache;
    private final Buffer inbound;
    private final Buffer outbound;
    private final byte[] array = new byte[MESSAGE_BYTES];

    /** Results go here, so that the compiler cannot leave out what makes them. */
    private long sink;

    private AllocationProbe(BlockCache cache) {
        this.cache = cache;
        this.inbound = new Buffer(cache);
        this.outbound = new Buffer(cache);
    }

    public static void main(String[] args) {
        if (Checked.ON) {
            throw new IllegalStateException("In checked mode everything allocates");
        }
        try (var pool = new BlockPool(64 << 20);
                BlockCache cache = pool.newCache()) {
            cache.bind();
            final var probe = new AllocationProbe(cache);
            probe.measure("numbers", probe::numbers);
            probe.measure("echo", probe::echo);
            probe.measure("copies", probe::copies);
            probe.measure("next", probe::next);
            probe.measure("slice-whole", probe::sliceOfAWholeBlock);
            probe.measure("slice-part", probe::sliceOfPartOfABlock);
            probe.measure("proxy", probe::proxy);
            if (pool.usedBytes() != 0 || probe.sink == 42) {
                throw new IllegalStateException(pool.usedBytes() + " bytes are in use");
            }
        }
    }

    private void measure(String name, Runnable operation) {
        for (int i = 0; i < WARM_UP_ROUNDS; i++) {
            round(operation);
        }
        long leastBytes = Long.MAX_VALUE;
        long leastNs = Long.MAX_VALUE;
        for (int i = 0; i < ROUNDS; i++) {
            final long bytes = THREADS.getCurrentThreadAllocatedBytes();
            final long startNs = System.nanoTime();
            round(operation);
            leastNs = Math.min(leastNs, System.nanoTime() - startNs);
            leastBytes = Math.min(leastBytes, THREADS.getCurrentThreadAllocatedBytes() - bytes);
        }
        System.out.println(name + " " + leastBytes + " " + OPERATIONS + " " + (double) leastNs / OPERATIONS);
    }

    private static void round(Runnable operation) {
        for (int i = 0; i < OPERATIONS; i++) {
            operation.run();
        }
    }

    private void numbers() {
        outbound.writeByte(1)
                .writeShort(2)
                .writeMedium(3)
                .writeInt(4)
                .writeLong(5)
                .writeIntLE(6)
                .writeDouble(7);
        sink += outbound.getInt(2)
                + outbound.readByte()
                + outbound.readShort()
                + outbound.readUnsignedMedium()
                + outbound.readInt()
                + outbound.readLong()
                + outbound.readIntLE()
                + (long) outbound.readDouble();
        outbound.trim();
    }

    /** A message arrives as the transport brings it. */
    private void arrive() {
        final Block block = cache.acquire(MESSAGE_BYTES);
        block.memory().set(ValueLayout.JAVA_INT_UNALIGNED, 0, (int) sink);
        block.received(MESSAGE_BYTES);
        inbound.appendBlock(block);
    }

    /** What is written leaves as the transport sends it. */
    private void leave() {
        long sent = 0;
        for (Block block = outbound.head(); block != null; block = block.next()) {
            sink += block.address() + block.start();
            sent += block.readableBytes();
        }
        outbound.skip(sent);
        outbound.trim();
        outbound.clean();
    }

    private void echo() {
        arrive();
        outbound.append(inbound);
        inbound.trim();
        leave();
    }

    private void copies() {
        arrive();
        inbound.readBytes(array, 0, MESSAGE_BYTES);
        inbound.trim();
        outbound.writeBytes(array, 0, MESSAGE_BYTES);
        leave();
    }

    private void next() {
        arrive();
        final MemorySegment memory = inbound.next(MESSAGE_BYTES);
        sink += memory.get(ValueLayout.JAVA_BYTE, 3);
        inbound.trim();
    }

    private void sliceOfAWholeBlock() {
        arrive();
        final Slice slice = inbound.slice(MESSAGE_BYTES);
        sink += slice.getByte(3);
        slice.close();
        inbound.trim();
    }

    private void sliceOfPartOfABlock() {
        arrive();
        final Slice slice = inbound.slice(MESSAGE_BYTES / 2);
        sink += slice.getByte(3);
        slice.close();
        inbound.skip(MESSAGE_BYTES / 2).release();
        inbound.trim();
    }

    /** A frame with a new header and the old body. */
    private void proxy() {
        arrive();
        inbound.skip(4);
        outbound.writeInt(MESSAGE_BYTES - 4).append(inbound, MESSAGE_BYTES - 4);
        inbound.trim();
        leave();
    }
}
