// SPDX-License-Identifier: Apache-2.0
package io.hawser.transport.posix;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.hawser.linux.CallState;
import io.hawser.linux.Errno;
import io.hawser.linux.FileCalls;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Has the kernel copy from files to sockets by itself (sendfile(2)). Belongs to one loop and is used on its thread. */
public final class FileSender {
    /** The most that one call sends: what it has to read from the disk holds the loop up. */
    private static final int MAX_BYTES = 1 << 20;

    private final CallState calls;
    private final MemorySegment position;

    /** Takes a little memory of {@code arena}. */
    public FileSender(CallState calls, Arena arena) {
        this.calls = calls;
        this.position = arena.allocate(JAVA_LONG);
    }

    /**
     * Sends to a non-blocking socket.
     *
     * @return how many bytes; 0 if the file ends at {@code from} or before; or a negated errno
     */
    public int send(int socket, PosixFile file, long from, long count) {
        final int bytes = (int) Math.min(count, MAX_BYTES);
        int result;
        do {
            position.set(JAVA_LONG, 0, from);
            result = FileCalls.sendfile(calls, socket, file.descriptor(), position.address(), bytes);
        } while (result == -Errno.EINTR);
        return result;
    }

    /** Whether {@code errno} (positive) says that the kernel cannot send this file by itself. */
    public static boolean isUnsupported(int errno) {
        return errno == Errno.EINVAL || errno == Errno.ENOSYS || errno == Errno.EOPNOTSUPP;
    }
}
