// SPDX-License-Identifier: Apache-2.0
package io.hawser.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * An epoll instance (epoll(7)) with room for the events of one wait. One thread uses it.
 *
 * <p>{@code struct epoll_event} ({@code linux/eventpoll.h}) is packed on x86-64 only:
 *
 * <pre>
 *  x86-64   0 events u32 | 4 data u64            size 12
 *  aarch64  0 events u32 | 4 pad | 8 data u64    size 16
 * </pre>
 */
public final class Epoll implements AutoCloseable {
    public static final int EPOLLIN = 0x1;
    public static final int EPOLLOUT = 0x4;
    public static final int EPOLLERR = 0x8;
    public static final int EPOLLHUP = 0x10;
    public static final int EPOLLRDHUP = 0x2000;
    public static final int EPOLLET = 1 << 31;

    public static final int EPOLL_CTL_ADD = 1;
    public static final int EPOLL_CTL_DEL = 2;
    public static final int EPOLL_CTL_MOD = 3;

    private static final int EPOLL_CLOEXEC = 0x80000;
    private static final boolean PACKED = switch (System.getProperty("os.arch", "")) {
        case "amd64", "x86_64" -> true;
        default -> false;
    };
    private static final int DATA = PACKED ? 4 : 8;
    private static final int EVENT_SIZE = PACKED ? 12 : 16;

    private static final MethodHandle EPOLL_CREATE1 = Native.function("epoll_create1");
    private static final MethodHandle EPOLL_CTL = Native.function("epoll_ctl");
    private static final MethodHandle EPOLL_WAIT = Native.functionWithoutErrno("epoll_wait");
    private static final MethodHandle EPOLL_WAIT_ERRNO = Native.function("epoll_wait");

    private final CallState state;
    private final int fd;
    private final int maxEvents;
    private final MemorySegment events;
    private final MemorySegment interest;

    private Epoll(CallState state, int fd, int maxEvents, Arena arena) {
        this.state = state;
        this.fd = fd;
        this.maxEvents = maxEvents;
        this.events = arena.allocate((long) maxEvents * EVENT_SIZE, 8);
        this.interest = arena.allocate(EVENT_SIZE, 8);
    }

    /**
     * A new instance whose memory is {@code arena}'s.
     *
     * @throws LinuxException if the kernel refuses
     */
    public static Epoll create(CallState state, int maxEvents, Arena arena) throws LinuxException {
        final int fd;
        try {
            // SAFETY: takes a number only.
            fd = state.result(
                    (int) (long) EPOLL_CREATE1.invokeExact(state.segment(), (long) EPOLL_CLOEXEC, 0L, 0L, 0L, 0L, 0L));
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
        return new Epoll(state, LinuxException.check("epoll_create1", fd), maxEvents, arena);
    }

    /** epoll_ctl(2): {@code operation} is one of the {@code EPOLL_CTL} constants; {@code data} comes back with each event. */
    public int control(int operation, int target, int interestMask, long data) {
        interest.set(JAVA_INT_UNALIGNED, 0, interestMask);
        interest.set(JAVA_LONG_UNALIGNED, DATA, data);
        try {
            // SAFETY: the kernel reads one epoll_event from memory that lives as long as this object.
            return state.result((int) (long) EPOLL_CTL.invokeExact(
                    state.segment(), (long) fd, (long) operation, (long) target, interest.address(), 0L, 0L));
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    /**
     * epoll_wait(2): the number of events, 0 at the timeout, or a negated errno.
     *
     * @param timeoutMs 0 does not wait, -1 waits for ever
     */
    public int await(int timeoutMs) {
        try {
            // SAFETY: the kernel writes at most maxEvents events, for which there is room.
            final int returned = (int) (long)
                    EPOLL_WAIT.invokeExact((long) fd, events.address(), (long) maxEvents, (long) timeoutMs, 0L, 0L);
            return returned >= 0 ? returned : awaitAgain();
        } catch (Throwable t) {
            throw Native.unexpected(t);
        }
    }

    /** Looks once more after a wait that failed: finds what there is if that was a signal, and what is wrong otherwise. */
    private int awaitAgain() throws Throwable {
        // SAFETY: as above.
        return state.result((int) (long) EPOLL_WAIT_ERRNO.invokeExact(
                state.segment(), (long) fd, events.address(), (long) maxEvents, 0L, 0L, 0L));
    }

    /** What happened, of event {@code index} of the last wait. */
    public int eventMask(int index) {
        return events.get(JAVA_INT_UNALIGNED, (long) index * EVENT_SIZE);
    }

    /** The data given at registration, of event {@code index} of the last wait. */
    public long eventData(int index) {
        return events.get(JAVA_LONG_UNALIGNED, (long) index * EVENT_SIZE + DATA);
    }

    @Override
    public void close() {
        Sockets.close(state, fd);
    }
}
