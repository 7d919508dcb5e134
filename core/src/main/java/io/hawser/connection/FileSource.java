// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import io.hawser.log.Log;
import io.hawser.transport.FileHandle;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * An open file to send from, made by {@link Engine#openFile}. It may be sent many times, in parts, on any number of connections and by any
 * engine; one of the same transport sends it without a copy.
 *
 * <p><b>Thread:</b> any.
 */
public final class FileSource implements AutoCloseable {
    private static final int CLOSED = 1 << 31;

    private final Path path;
    private final FileHandle handle;
    /** How many sends need the file; negative when the user has closed it. */
    private final AtomicInteger holds = new AtomicInteger();

    FileSource(Path path, FileHandle handle) {
        this.path = path;
        this.handle = handle;
    }

    /** What it was opened by; the name may stand for another file by now. */
    public Path path() {
        return path;
    }

    /** How many bytes it had when it was opened. */
    public long size() {
        return handle.size();
    }

    /** When it was last modified before it was opened. */
    public FileTime lastModifiedTime() {
        return handle.lastModifiedTime();
    }

    /**
     * Reads into the beginning of {@code target}, waiting for the disk if the bytes are not in memory.
     *
     * @param target native memory, filled as far as there are bytes
     * @param position where in the file they start, at least 0
     * @return how many were read, less than {@code target} has room for at times; 0 at or behind the end
     * @throws IllegalArgumentException if {@code target} is not native, or {@code position} negative
     * @throws IOException if the file cannot be read, or is closed
     */
    public int read(MemorySegment target, long position) throws IOException {
        if (!target.isNative() || position < 0) {
            throw new IllegalArgumentException("Cannot be read to: " + target + " from " + position);
        }
        if (!hold()) {
            throw new ClosedChannelException();
        }
        try {
            return Math.max(0, handle.read(target, position));
        } finally {
            release();
        }
    }

    FileHandle handle() {
        return handle;
    }

    /** Keeps the file open until {@link #release}; false if the user has closed it. */
    boolean hold() {
        for (int count = holds.get(); count >= 0; count = holds.get()) {
            if (holds.compareAndSet(count, count + 1)) {
                return true;
            }
        }
        return false;
    }

    void release() {
        if (holds.decrementAndGet() == CLOSED) {
            closeHandle();
        }
    }

    /** Nothing more can be sent from it. Sends that have begun go on; when the last of them has ended, the file is closed. */
    @Override
    public void close() {
        if (holds.getAndUpdate(count -> count | CLOSED) == 0) {
            closeHandle();
        }
    }

    private void closeHandle() {
        try {
            handle.close();
        } catch (IOException e) {
            Log.log(System.Logger.Level.DEBUG, "Closing " + path + " failed", e);
        }
    }

    @Override
    public String toString() {
        return path.toString();
    }
}
