// SPDX-License-Identifier: Apache-2.0
package io.hawser.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

/**
 * An io_uring (io_uring(7)): a submission ring that this thread fills, a completion ring that it empties.
 *
 * <p><b>Thread:</b> the one that created it, for everything ({@code IORING_SETUP_SINGLE_ISSUER}); completions are made
 * only while that thread is in {@link #enter} ({@code IORING_SETUP_DEFER_TASKRUN}).
 *
 * <p><b>Memory order</b> (io_uring(7), the part on barriers): the kernel reads the submission tail with acquire, so it is
 * stored with release after the entries are written; it stores the completion tail with release, so it is loaded with
 * acquire before entries are read; the completion head is stored with release after they are read, and the submission head
 * is loaded with acquire before entries are written again.
 *
 * <p>Before each preparing method the caller sees to it that {@link #isFull} is false, if need be by {@link #submit}.
 */
public final class IoUring implements AutoCloseable {
    private static final int SETUP_CQSIZE = 1 << 3;
    private static final int SETUP_CLAMP = 1 << 4;
    private static final int SETUP_SUBMIT_ALL = 1 << 7;
    private static final int SETUP_TASKRUN_FLAG = 1 << 9;
    private static final int SETUP_SINGLE_ISSUER = 1 << 12;
    private static final int SETUP_DEFER_TASKRUN = 1 << 13;

    private static final int FEAT_SINGLE_MMAP = 1;
    private static final int FEAT_NODROP = 1 << 1;
    private static final int FEAT_SUBMIT_STABLE = 1 << 2;
    private static final int FEAT_EXT_ARG = 1 << 8;
    private static final int FEATURES = FEAT_SINGLE_MMAP | FEAT_NODROP | FEAT_SUBMIT_STABLE | FEAT_EXT_ARG;

    private static final long OFF_SQ_RING = 0;
    private static final long OFF_SQES = 0x10000000L;

    private static final int ENTER_GETEVENTS = 1;
    private static final int ENTER_EXT_ARG = 1 << 3;
    private static final int ENTER_REGISTERED_RING = 1 << 4;

    private static final int SQ_CQ_OVERFLOW = 1 << 1;
    private static final int SQ_TASKRUN = 1 << 2;

    private static final int REGISTER_RING_FDS = 20;

    /** {@code struct io_uring_getevents_arg}: sigmask u64, sigmask size u32, min wait u32, timespec pointer u64. */
    private static final int GETEVENTS_ARG_SIZE = 24;

    private static final int GETEVENTS_ARG_TIMESPEC = 16;

    private static final VarHandle INT = JAVA_INT.varHandle();

    private final CallState state;
    private final int fd;
    private final long ringSize;
    private final MemorySegment ring;
    private final MemorySegment sqes;
    private final MemorySegment waitArgument;
    private final MemorySegment timespec;

    private final long sqHead;
    private final long sqTail;
    private final long sqFlags;
    private final int sqMask;
    private final int sqEntries;
    private final long cqHead;
    private final long cqTail;
    private final long cqes;
    private final int cqMask;

    private int enterFd;
    private int enterFlags;
    /** The tail as this side knows it; published to the ring by {@link #enter}. */
    private int localTail;

    private int submittedTail;
    private int localCqHead;

    private IoUring(CallState state, int fd, IoUringParamsDescriptor params, Arena arena) throws LinuxException {
        this.state = state;
        this.fd = fd;
        this.sqEntries = params.submissionEntries();
        this.ringSize = Math.max(
                params.sqArray() + (long) sqEntries * Integer.BYTES,
                params.cqes() + (long) params.completionEntries() * CqeDescriptor.SIZE);
        this.ring = map(ringSize, OFF_SQ_RING);
        try {
            this.sqes = map((long) sqEntries * SqeDescriptor.SIZE, OFF_SQES);
        } catch (LinuxException e) {
            IoUringCalls.unmap(state, ring.address(), ringSize);
            throw e;
        }
        this.sqHead = params.sqHead();
        this.sqTail = params.sqTail();
        this.sqFlags = params.sqFlags();
        this.sqMask = ring.get(JAVA_INT, params.sqMask());
        this.cqHead = params.cqHead();
        this.cqTail = params.cqTail();
        this.cqMask = ring.get(JAVA_INT, params.cqMask());
        this.cqes = params.cqes();
        // The indirection array maps slot i to entry i for ever: entries are used in ring order.
        for (int i = 0; i < sqEntries; i++) {
            ring.set(JAVA_INT, params.sqArray() + (long) i * Integer.BYTES, i);
        }
        this.waitArgument = arena.allocate(GETEVENTS_ARG_SIZE, 8);
        this.timespec = arena.allocate(16, 8);
        this.enterFd = fd;
    }

    /**
     * Sets up a ring on the calling thread.
     *
     * @param entries room for prepared operations, a power of two
     * @param completions room for completions, a power of two of at least {@code entries}
     * @throws LinuxException if the kernel lacks io_uring or a feature that is needed (Linux 6.1), or forbids it
     */
    public static IoUring create(CallState state, int entries, int completions, Arena arena) throws LinuxException {
        final var params = new IoUringParamsDescriptor(arena.allocate(IoUringParamsDescriptor.SIZE, 8));
        params.flags(SETUP_CQSIZE
                | SETUP_CLAMP
                | SETUP_SUBMIT_ALL
                | SETUP_TASKRUN_FLAG
                | SETUP_SINGLE_ISSUER
                | SETUP_DEFER_TASKRUN);
        params.completionEntries(completions);
        final int fd = LinuxException.check("io_uring_setup", IoUringCalls.setup(state, entries, params.address()));
        try {
            if ((params.features() & FEATURES) != FEATURES) {
                throw new LinuxException("io_uring_setup (features " + params.features() + ")", Errno.EOPNOTSUPP);
            }
            final IoUring uring = new IoUring(state, fd, params, arena);
            uring.registerRing(arena);
            return uring;
        } catch (LinuxException e) {
            Sockets.close(state, fd);
            throw e;
        }
    }

    /** The ring's descriptor, for registrations. */
    int fd() {
        return fd;
    }

    /** Registers the ring with its thread, which saves a look-up of the descriptor on each {@link #enter}. */
    private void registerRing(Arena arena) {
        // struct io_uring_rsrc_update: offset u32 (-1: any), reserved u32, data u64 (the descriptor)
        final MemorySegment update = arena.allocate(16, 8);
        update.set(JAVA_INT, 0, -1);
        update.set(JAVA_LONG, 8, fd);
        if (IoUringCalls.register(state, fd, REGISTER_RING_FDS, update.address(), 1) == 1) {
            enterFd = update.get(JAVA_INT, 0);
            enterFlags = ENTER_REGISTERED_RING;
        }
    }

    // ---- submission

    /** Prepares a multishot accept on {@code listener}: one completion for each connection, its result the descriptor. */
    public void prepareAccept(int listener, int acceptFlags, long userData) {
        prepare(
                SqeDescriptor.OP_ACCEPT,
                (byte) 0,
                SqeDescriptor.ACCEPT_MULTISHOT,
                listener,
                0,
                0,
                0,
                acceptFlags,
                userData,
                (short) 0);
    }

    /** Prepares a multishot receive into the buffers of {@code group}. */
    public void prepareReceive(int socket, int group, long userData) {
        prepare(
                SqeDescriptor.OP_RECV,
                SqeDescriptor.FLAG_BUFFER_SELECT,
                SqeDescriptor.RECV_MULTISHOT,
                socket,
                0,
                0,
                0,
                0,
                userData,
                (short) group);
    }

    /**
     * Prepares a multishot receive of datagrams into the buffers of {@code group}, each laid out as {@link RecvMsgOutDescriptor} says. Of
     * the msghdr the lengths of name and control data count; it must stay as it is until the next {@link #submit} or {@link #enter} has
     * returned.
     */
    public void prepareReceiveMessage(int socket, long message, int group, long userData) {
        prepare(
                SqeDescriptor.OP_RECVMSG,
                SqeDescriptor.FLAG_BUFFER_SELECT,
                SqeDescriptor.RECV_MULTISHOT,
                socket,
                0,
                message,
                1,
                0,
                userData,
                (short) group);
    }

    /** Prepares a send of {@code length} bytes at {@code address}, which must stay as they are until it completes. */
    public void prepareSend(int socket, long address, int length, long userData) {
        prepare(
                SqeDescriptor.OP_SEND,
                (byte) 0,
                (short) 0,
                socket,
                0,
                address,
                length,
                Sockets.MSG_NOSIGNAL,
                userData,
                (short) 0);
    }

    /**
     * Prepares a vectored send. The msghdr and its iovecs must stay as they are until the next {@link #submit} or
     * {@link #enter} has returned ({@code IORING_FEAT_SUBMIT_STABLE}), the bytes until it completes.
     */
    public void prepareSendMessage(int socket, long message, long userData) {
        prepare(
                SqeDescriptor.OP_SENDMSG,
                (byte) 0,
                (short) 0,
                socket,
                0,
                message,
                1,
                Sockets.MSG_NOSIGNAL,
                userData,
                (short) 0);
    }

    /** Prepares a connect; the address must stay as it is until the next {@link #submit} has returned. */
    public void prepareConnect(int socket, long address, int length, long userData) {
        prepare(SqeDescriptor.OP_CONNECT, (byte) 0, (short) 0, socket, length, address, 0, 0, userData, (short) 0);
    }

    /** Prepares a multishot poll of {@code events} (poll(2)). */
    public void preparePoll(int target, int events, long userData) {
        prepare(
                SqeDescriptor.OP_POLL_ADD,
                (byte) 0,
                (short) 0,
                target,
                0,
                0,
                SqeDescriptor.POLL_ADD_MULTI,
                events,
                userData,
                (short) 0);
    }

    /** Prepares a poll of {@code events} (poll(2)) that completes once. */
    public void preparePollOnce(int target, int events, long userData) {
        prepare(SqeDescriptor.OP_POLL_ADD, (byte) 0, (short) 0, target, 0, 0, 0, events, userData, (short) 0);
    }

    /** Prepares to cancel the operation that was prepared with {@code target} as its user data. */
    public void prepareCancel(long target, long userData) {
        prepare(SqeDescriptor.OP_ASYNC_CANCEL, (byte) 0, (short) 0, -1, 0, target, 0, 0, userData, (short) 0);
    }

    /** Whether no operation can be prepared before the next {@link #submit}. */
    public boolean isFull() {
        return localTail - (int) INT.getAcquire(ring, sqHead) == sqEntries;
    }

    private void prepare(
            byte opcode,
            byte flags,
            short ioprio,
            int target,
            long offset,
            long address,
            int length,
            int opFlags,
            long userData,
            short bufferGroup) {
        if (isFull()) {
            throw new IllegalStateException("The submission ring is full");
        }
        final long at = (long) (localTail & sqMask) * SqeDescriptor.SIZE;
        SqeDescriptor.write(
                sqes, at, opcode, flags, ioprio, target, offset, address, length, opFlags, userData, bufferGroup);
        localTail++;
    }

    /** How many prepared operations the kernel has not been told of. */
    public int prepared() {
        return localTail - submittedTail;
    }

    /** Hands all prepared operations to the kernel without waiting; the number taken, or a negated errno. */
    public int submit() {
        return enter(0, 0);
    }

    /**
     * One system call: hands over what was prepared, runs what the kernel has deferred, and waits.
     *
     * @param minComplete how many completions to wait for; 0 does not wait
     * @param timeoutNs how long to wait at most; {@link Long#MAX_VALUE} for ever
     * @return the number of operations taken, or a negated errno ({@code ETIME} at the timeout)
     */
    public int enter(int minComplete, long timeoutNs) {
        INT.setRelease(ring, sqTail, localTail);
        final int toSubmit = localTail - submittedTail;
        final int result;
        if (minComplete == 0 || timeoutNs == Long.MAX_VALUE) {
            result = IoUringCalls.enter(state, enterFd, toSubmit, minComplete, ENTER_GETEVENTS | enterFlags, 0, 0);
        } else {
            timespec.set(JAVA_LONG, 0, timeoutNs / 1_000_000_000L);
            timespec.set(JAVA_LONG, 8, timeoutNs % 1_000_000_000L);
            waitArgument.set(JAVA_LONG, GETEVENTS_ARG_TIMESPEC, timespec.address());
            result = IoUringCalls.enter(
                    state,
                    enterFd,
                    toSubmit,
                    minComplete,
                    ENTER_GETEVENTS | ENTER_EXT_ARG | enterFlags,
                    waitArgument.address(),
                    GETEVENTS_ARG_SIZE);
        }
        // What was taken is read from the ring: after an error of the waiting part the return value does not tell.
        submittedTail = (int) INT.getAcquire(ring, sqHead);
        return result;
    }

    // ---- completion

    /** How many completions are in the ring. */
    public int completions() {
        return (int) INT.getAcquire(ring, cqTail) - localCqHead;
    }

    /** The user data of completion {@code index}, counted from the oldest. */
    public long userData(int index) {
        return ring.get(JAVA_LONG, at(index) + CqeDescriptor.USER_DATA);
    }

    /** The result of completion {@code index}: that of the system call, or a negated errno. */
    public int result(int index) {
        return ring.get(JAVA_INT, at(index) + CqeDescriptor.RESULT);
    }

    /** The flags of completion {@code index}; {@link CqeDescriptor} reads them. */
    public int flags(int index) {
        return ring.get(JAVA_INT, at(index) + CqeDescriptor.FLAGS);
    }

    private long at(int index) {
        return cqes + (long) ((localCqHead + index) & cqMask) * CqeDescriptor.SIZE;
    }

    /** Gives the oldest {@code count} completions back to the kernel. */
    public void advance(int count) {
        localCqHead += count;
        INT.setRelease(ring, cqHead, localCqHead);
    }

    /**
     * Whether {@link #enter} would do anything without waiting: operations to hand over, deferred work of the kernel, or
     * completions that did not fit into the ring. A spinning loop asks this instead of making a system call each turn.
     */
    public boolean hasKernelWork() {
        return localTail != submittedTail || ((int) INT.getAcquire(ring, sqFlags) & (SQ_CQ_OVERFLOW | SQ_TASKRUN)) != 0;
    }

    /** Closes the ring; operations in flight are cancelled by the kernel. Their memory must stay for as long as it may be used. */
    @Override
    public void close() {
        IoUringCalls.unmap(state, sqes.address(), sqes.byteSize());
        IoUringCalls.unmap(state, ring.address(), ringSize);
        Sockets.close(state, fd);
    }

    private MemorySegment map(long size, long offset) throws LinuxException {
        final long address = IoUringCalls.map(state, fd, size, offset);
        if (address < 0) {
            throw new LinuxException("mmap of an io_uring", (int) -address);
        }
        return Native.mapped(address, size);
    }

    int register(int opcode, long argument, int count) {
        return IoUringCalls.register(state, fd, opcode, argument, count);
    }
}
