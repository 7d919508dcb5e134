// SPDX-License-Identifier: Apache-2.0
package io.hawser.transport.posix;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import io.hawser.linux.CallState;
import io.hawser.linux.Errno;
import io.hawser.linux.LinuxException;
import io.hawser.linux.Sockets;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.SocketTimeoutException;

/** Waits for one descriptor, or for a second one to say that waiting is over (poll(2)). One thread. */
final class Waiting implements AutoCloseable {
    /** As a deadline: there is none. */
    static final long FOR_EVER = Long.MAX_VALUE;

    /** {@code struct pollfd}: fd s32, events s16, revents s16. */
    private static final int POLLFD_SIZE = 8;

    private static final int EVENTS = 4;
    private static final int REVENTS = 6;
    private static final long NANOS_PER_MILLI = 1_000_000;

    private final CallState state;
    private final Arena arena = Arena.ofConfined();
    private final MemorySegment pollfds = arena.allocate(2L * POLLFD_SIZE, 4);

    /** @param wakeupFd which ends the waiting when it is readable; negative for none */
    Waiting(CallState state, int fd, int wakeupFd) {
        this.state = state;
        pollfds.set(JAVA_INT, 0, fd);
        // A negative descriptor is passed over (poll(2)).
        pollfds.set(JAVA_INT, POLLFD_SIZE, wakeupFd);
        pollfds.set(JAVA_SHORT, POLLFD_SIZE + EVENTS, (short) Sockets.POLLIN);
    }

    /**
     * Waits until there is one of {@code events}, an error or a hang-up.
     *
     * @param deadlineNs by {@link System#nanoTime}, or {@link #FOR_EVER}
     * @return false if the second descriptor has ended it
     * @throws SocketTimeoutException if the deadline has passed
     */
    boolean await(int events, long deadlineNs) throws IOException {
        while (true) {
            pollfds.set(JAVA_SHORT, EVENTS, (short) events);
            pollfds.set(JAVA_SHORT, REVENTS, (short) 0);
            pollfds.set(JAVA_SHORT, POLLFD_SIZE + REVENTS, (short) 0);
            final int ready = Sockets.poll(state, pollfds.address(), 2, timeoutMs(deadlineNs));
            if (ready > 0) {
                return pollfds.get(JAVA_SHORT, POLLFD_SIZE + REVENTS) == 0;
            }
            if (ready < 0 && ready != -Errno.EINTR) {
                throw new LinuxException("poll", -ready);
            }
            if (deadlineNs != FOR_EVER && deadlineNs - System.nanoTime() <= 0) {
                throw new SocketTimeoutException("The time is over");
            }
        }
    }

    private static int timeoutMs(long deadlineNs) {
        if (deadlineNs == FOR_EVER) {
            return -1;
        }
        final long leftNs = Math.max(0, deadlineNs - System.nanoTime());
        return (int) Math.min(Integer.MAX_VALUE, (leftNs + NANOS_PER_MILLI - 1) / NANOS_PER_MILLI);
    }

    @Override
    public void close() {
        arena.close();
    }
}
