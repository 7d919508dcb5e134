// SPDX-License-Identifier: Apache-2.0
package io.hawser.http;

import io.hawser.buffer.Writer;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;

/** A part of a file on its way to a connection, block by block. The connection's thread. */
final class FileCopy {
    private static final int BLOCK_BYTES = 64 * 1024;

    private final FileChannel file;
    private long position;
    private long left;

    FileCopy(FileChannel file, long offset, long count) {
        this.file = file;
        this.position = offset;
        this.left = count;
    }

    boolean isDone() {
        return left == 0;
    }

    /**
     * Copies a block.
     *
     * @throws IOException if the file cannot be read, or has become shorter; what is missing cannot be made up for
     */
    void copy(Writer writer) throws IOException {
        final int n = (int) Math.min(left, BLOCK_BYTES);
        final MemorySegment block = writer.reserve(n);
        int filled = 0;
        try {
            while (filled < n) {
                final int read = file.read(block.asSlice(filled).asByteBuffer(), position + filled);
                if (read < 0) {
                    throw new IOException("The file has become shorter while it was sent");
                }
                filled += read;
            }
        } finally {
            writer.keep(filled);
        }
        position += n;
        left -= n;
    }
}
