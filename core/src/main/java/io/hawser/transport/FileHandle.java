// SPDX-License-Identifier: Apache-2.0
package io.hawser.transport;

import java.io.Closeable;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.attribute.FileTime;

/**
 * An open regular file, made by {@link TransportProvider#openFile} for {@link StreamSocket#sendFile}. Any thread may read and send from it, many at
 * once; whoever closes it sees to it that nobody uses it any more, since what it is known by may be another file's then.
 */
public interface FileHandle extends Closeable {
    /** How many bytes it had when it was opened. */
    long size();

    /** When it was last modified before it was opened. */
    FileTime lastModifiedTime();

    /**
     * Copies bytes into the beginning of {@code target}, waiting for the disk if they are not in memory.
     *
     * @param target native memory, filled as far as there are bytes
     * @param position where in the file they start
     * @return how many were there; 0 or less at or behind the end
     */
    int read(MemorySegment target, long position) throws IOException;
}
