// SPDX-License-Identifier: Apache-2.0
package io.hawser.transport;

import io.hawser.buffer.BlockCache;

/**
 * What a transport is opened with.
 *
 * @param blocks the loop's blocks, for received bytes
 * @param readBlockBytes size of a block to receive into, in bytes; at least 1024
 * @param edgeTriggered epoll: edge- instead of level-triggered; others ignore it
 * @param readBlocks io_uring: blocks provided to the kernel, a power of two up to 32,768; others ignore it
 * @param submissionEntries io_uring: operations prepared before they must be submitted, a power of two; others ignore it
 */
public record TransportConfig(
        BlockCache blocks, int readBlockBytes, boolean edgeTriggered, int readBlocks, int submissionEntries) {
    /** Size of a block to receive into unless set otherwise, in bytes. */
    public static final int DEFAULT_READ_BLOCK_BYTES = 16 * 1024;
    /** Blocks provided to io_uring unless set otherwise. */
    public static final int DEFAULT_READ_BLOCKS = 256;
    /** Entries of an io_uring's submission ring unless set otherwise. */
    public static final int DEFAULT_SUBMISSION_ENTRIES = 1024;

    /** Checks the ranges. */
    public TransportConfig {
        if (readBlockBytes < 1024) {
            throw new IllegalArgumentException("readBlockBytes must be at least 1024: " + readBlockBytes);
        }
        requirePowerOfTwo("readBlocks", readBlocks);
        requirePowerOfTwo("submissionEntries", submissionEntries);
    }

    /** The defaults, with blocks from {@code blocks}. */
    public static TransportConfig of(BlockCache blocks) {
        return new TransportConfig(
                blocks, DEFAULT_READ_BLOCK_BYTES, true, DEFAULT_READ_BLOCKS, DEFAULT_SUBMISSION_ENTRIES);
    }

    private static void requirePowerOfTwo(String name, int value) {
        if (Integer.bitCount(value) != 1 || value > 32_768 || value < 1) {
            throw new IllegalArgumentException(name + " must be a power of two up to 32768: " + value);
        }
    }
}
