// SPDX-License-Identifier: Apache-2.0
package io.hawser.transport.uring;

import io.hawser.buffer.Block;
import io.hawser.buffer.BlockCache;
import io.hawser.linux.ControlMessageDescriptor;
import io.hawser.linux.IoUring;
import io.hawser.linux.LinuxException;
import io.hawser.linux.MsgHdrDescriptor;
import io.hawser.linux.RecvMsgOutDescriptor;
import io.hawser.transport.DatagramOptions;
import java.lang.foreign.Arena;

/**
 * Blocks for the datagrams of all sockets that want the same size, and how the kernel lays a datagram out in one: a head, the sender's
 * address, control data, the payload.
 *
 * @param provided the blocks
 * @param blockBytes their size
 * @param controlBytes the room for control data
 * @param message the msghdr that tells the kernel of this layout
 */
record DatagramBlocks(ProvidedBlocks provided, int blockBytes, int controlBytes, MsgHdrDescriptor message) {
    /** Room for the sender's address: a {@code sockaddr_in6} of 28 bytes, and what aligns the control data. */
    private static final int NAME_BYTES = 32;

    private static final int COALESCED_BYTES = 65_535;
    /** How much memory may be provided: of large blocks there are fewer. */
    private static final int MAX_PROVIDED_BYTES = 4 << 20;

    private static final int MIN_BLOCKS = 8;
    /** A size of the pool's; the layout takes a part of each block, so that it pays to provide whole ones. */
    private static final int SMALLEST_BLOCK_BYTES = 1024;

    static int blockBytes(DatagramOptions options) {
        final int payload = options.coalescing() ? COALESCED_BYTES : options.maxDatagramBytes();
        final int needed = payloadOffset(controlBytes(options.coalescing())) + payload;
        int blockBytes = SMALLEST_BLOCK_BYTES;
        while (blockBytes < needed) {
            blockBytes *= 4;
        }
        return blockBytes;
    }

    private static int controlBytes(boolean coalescing) {
        return coalescing ? ControlMessageDescriptor.SPACE : 0;
    }

    private static int payloadOffset(int controlBytes) {
        return RecvMsgOutDescriptor.SIZE + NAME_BYTES + controlBytes;
    }

    /** @param readBlocks how many blocks to provide, a power of two, unless they are large */
    static DatagramBlocks provide(
            IoUring ring, BlockCache cache, int group, int blockBytes, int readBlocks, boolean coalescing, Arena arena)
            throws LinuxException {
        final int count = Math.min(readBlocks, Math.max(MIN_BLOCKS, MAX_PROVIDED_BYTES / blockBytes));
        final ProvidedBlocks provided = new ProvidedBlocks(ring, cache, group, blockBytes, count, arena);
        final MsgHdrDescriptor message = new MsgHdrDescriptor(arena.allocate(MsgHdrDescriptor.sizeOf(0), 8), 0);
        message.room(NAME_BYTES, controlBytes(coalescing));
        message.iovecs(0);
        return new DatagramBlocks(provided, blockBytes, controlBytes(coalescing), message);
    }

    boolean isFor(int wantedBytes, boolean coalescing) {
        return blockBytes == wantedBytes && controlBytes == controlBytes(coalescing);
    }

    /** Where in a block the sender's address stands. */
    int nameOffset() {
        return RecvMsgOutDescriptor.SIZE;
    }

    /** Where in a block the payload starts. */
    int payloadOffset() {
        return payloadOffset(controlBytes);
    }

    /** The length of the datagrams of which the message in {@code block} consists; 0 if it is one. */
    int segmentBytes(Block block) {
        return controlBytes == 0
                ? 0
                : ControlMessageDescriptor.readSegment(
                        block.memory(), payloadOffset(0), RecvMsgOutDescriptor.controlLength(block.memory()));
    }
}
