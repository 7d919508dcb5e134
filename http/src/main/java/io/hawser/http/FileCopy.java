// SPDX-License-Identifier: Apache-2.0
package io.hawser.http;

import io.hawser.connection.FileSource;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** A part of a file on its way through a stream, for what the kernel cannot send from the file by itself. Stateless. */
final class FileCopy {
    private static final int PIECE_BYTES = 64 << 10;

    private FileCopy() {}

    /** Writes {@code count} bytes from {@code offset} on; fails if the file has become shorter, since what is missing cannot be made up for. */
    static void copy(FileSource file, long offset, long count, OutputStream to) throws IOException {
        final byte[] piece = new byte[(int) Math.min(PIECE_BYTES, count)];
        final long end = offset + count;
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment read = arena.allocate(piece.length);
            long at = offset;
            while (at < end) {
                final int wanted = (int) Math.min(piece.length, end - at);
                final int n = file.read(read.asSlice(0, wanted), at);
                if (n == 0) {
                    throw new EOFException("The file has become shorter while it was sent");
                }
                MemorySegment.copy(read, 0, MemorySegment.ofArray(piece), 0, n);
                to.write(piece, 0, n);
                at += n;
            }
        }
    }
}
