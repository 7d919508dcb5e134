// SPDX-License-Identifier: Apache-2.0
package io.hawser.transport.epoll;

import io.hawser.buffer.Block;
import io.hawser.buffer.BlockCache;
import io.hawser.linux.CallState;
import io.hawser.linux.ControlMessageDescriptor;
import io.hawser.linux.InetSockAddrDescriptor;
import io.hawser.linux.MessageVector;
import io.hawser.linux.Sockets;
import java.lang.foreign.Arena;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Receives many datagrams with one system call (recvmmsg(2)); one for all sockets of a loop, which take turns. The blocks into which
 * nothing was received wait for the next call. The loop's thread only.
 */
final class DatagramReceiver {
    /** What {@link #receive} returns when there is no memory; no errno is so large. */
    static final int NO_BLOCK = Integer.MIN_VALUE;

    private static final int MAX_MESSAGES = 32;
    /** How much memory may wait for datagrams: of large ones fewer are received at once. */
    private static final int MAX_WAITING_BYTES = 512 * 1024;

    private static final int MIN_MESSAGES = 4;

    private final CallState calls;
    private final BlockCache cache;
    private final MessageVector vector;
    private final @Nullable Block[] blocks = new Block[MAX_MESSAGES];
    private int bytes;
    private int controlBytes;

    DatagramReceiver(CallState calls, BlockCache cache, Arena arena) {
        this.calls = calls;
        this.cache = cache;
        this.vector = new MessageVector(arena, MAX_MESSAGES, MAX_MESSAGES);
        for (int i = 0; i < MAX_MESSAGES; i++) {
            vector.vectors(i, i, 1);
        }
    }

    /**
     * Receives as many datagrams as there are and fit.
     *
     * @param wantedBytes the room for each
     * @param coalescing whether one may be several, as {@link #segmentBytes} tells
     * @return how many; {@link #NO_BLOCK}; or a negated errno
     */
    int receive(int fd, int wantedBytes, boolean coalescing) {
        final int control = coalescing ? ControlMessageDescriptor.SPACE : 0;
        if (wantedBytes != bytes || control != controlBytes) {
            release();
            bytes = wantedBytes;
            controlBytes = control;
        }
        final int room = fill(Math.clamp(MAX_WAITING_BYTES / wantedBytes, MIN_MESSAGES, MAX_MESSAGES));
        return room == 0 ? NO_BLOCK : Sockets.recvmmsg(calls, fd, vector.address(), room);
    }

    /** How many datagrams a call for so many bytes asks for at most. */
    private int fill(int wanted) {
        for (int i = 0; i < wanted; i++) {
            if (blocks[i] == null) {
                Block block = cache.tryAcquire(bytes);
                if (block == null) {
                    block = takeLast(i);
                }
                if (block == null) {
                    return i;
                }
                blocks[i] = block;
                vector.iovec(i, block.address(), bytes);
                // The kernel has put the lengths of the last datagram here.
                vector.lengths(i, InetSockAddrDescriptor.IPV6_SIZE, controlBytes);
            }
        }
        return wanted;
    }

    private @Nullable Block takeLast(int after) {
        for (int i = MAX_MESSAGES - 1; i > after; i--) {
            final Block block = blocks[i];
            if (block != null) {
                blocks[i] = null;
                return block;
            }
        }
        return null;
    }

    /** The block of datagram {@code index} of the last call; the caller owns it. */
    Block take(int index) {
        final Block block = Objects.requireNonNull(blocks[index]);
        blocks[index] = null;
        return block;
    }

    /** The lengths, flags and addresses of the last call. */
    MessageVector vector() {
        return vector;
    }

    /** The length of the datagrams of which message {@code index} consists; 0 if it is one. */
    int segmentBytes(int index) {
        return controlBytes == 0
                ? 0
                : ControlMessageDescriptor.readSegment(
                        vector.controls(), vector.controlOffset(index), vector.controlLength(index));
    }

    /** Gives all blocks back. */
    void release() {
        for (int i = 0; i < MAX_MESSAGES; i++) {
            final Block block = blocks[i];
            if (block != null) {
                blocks[i] = null;
                block.release();
            }
        }
    }
}
