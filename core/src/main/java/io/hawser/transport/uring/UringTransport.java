// SPDX-License-Identifier: Apache-2.0
package io.hawser.transport.uring;

import io.hawser.buffer.BlockCache;
import io.hawser.linux.Affinity;
import io.hawser.linux.CallState;
import io.hawser.linux.CqeDescriptor;
import io.hawser.linux.Descriptors;
import io.hawser.linux.Errno;
import io.hawser.linux.EventFd;
import io.hawser.linux.IoUring;
import io.hawser.linux.LinuxException;
import io.hawser.linux.MsgHdrDescriptor;
import io.hawser.linux.SockAddrDescriptor;
import io.hawser.linux.Sockets;
import io.hawser.transport.AcceptSink;
import io.hawser.transport.AcceptedSocket;
import io.hawser.transport.DatagramOptions;
import io.hawser.transport.DatagramPort;
import io.hawser.transport.DatagramSink;
import io.hawser.transport.ListenSocket;
import io.hawser.transport.PassedSocket;
import io.hawser.transport.SocketOptions;
import io.hawser.transport.StreamSink;
import io.hawser.transport.StreamSocket;
import io.hawser.transport.Transport;
import io.hawser.transport.TransportConfig;
import io.hawser.transport.posix.AcceptedDescriptor;
import io.hawser.transport.posix.FileSender;
import io.hawser.transport.posix.PassedDescriptor;
import io.hawser.transport.posix.PosixDatagrams;
import io.hawser.transport.posix.PosixSockets;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One ring and what has operations in it. The loop's thread only, but for {@link #wakeup()}. */
final class UringTransport implements Transport {
    private static final int MAX_IOVECS = 64;
    /** Vectored sends that may be prepared before they must be submitted: each needs a msghdr of its own until then. */
    private static final int MESSAGES = 32;
    /** The completion ring holds a burst from many multishots, so it is larger than the submission ring. */
    private static final int COMPLETIONS_PER_SUBMISSION = 4;
    /** How long a wait may be while a receive could not get memory: other loops may give some back without telling. */
    private static final long STARVED_WAIT_NS = 1_000_000;

    /** How often a full ring is submitted before giving up; once is enough unless the kernel is out of memory. */
    private static final int SUBMIT_ATTEMPTS = 1000;

    /** Turns, of a millisecond at most, that closing waits for cancelled operations. */
    private static final int CLOSING_TURNS = 1000;

    private static final int POLLIN = 1;
    private static final int NO_SLOT = 0;

    final CallState calls = new CallState();
    final PosixSockets sockets;
    final ProvidedBlocks blocks;

    private final BlockCache cache;
    private final int readBlocks;
    /** Made for the first UDP socket, as most loops have none. */
    private @Nullable PosixDatagrams datagrams;
    /** Made for the first file. */
    private @Nullable FileSender fileSender;

    /** Blocks for datagrams, one group for each size that is in use. */
    private final List<DatagramBlocks> datagramBlocks = new ArrayList<>();

    private final Arena arena = Arena.ofConfined();
    private final IoUring ring;
    private final MsgHdrDescriptor[] messages = new MsgHdrDescriptor[MESSAGES];
    private int messagesUsed;

    private final int eventFd;
    private final Object wakeupLock = new Object();
    private boolean wakeable = true;

    private @Nullable UringHandle[] handles = new UringHandle[64];
    private int[] freeSlots = new int[64];
    private int freeCount;
    /** Slot 0 stands for the ring itself: its wake-ups and cancels. */
    private int slotCount = 1;

    private List<UringHandle> rearm = new ArrayList<>();
    private List<UringHandle> rearmNow = new ArrayList<>();

    UringTransport(TransportConfig config) throws IOException {
        this.cache = config.blocks();
        this.readBlocks = config.readBlocks();
        this.sockets = new PosixSockets(calls, 0, arena);
        IoUring uring = null;
        int fd = -1;
        try {
            uring = IoUring.create(
                    calls, config.submissionEntries(), config.submissionEntries() * COMPLETIONS_PER_SUBMISSION, arena);
            ring = uring;
            fd = LinuxException.check("eventfd", EventFd.create(calls));
            eventFd = fd;
            blocks =
                    new ProvidedBlocks(ring, cache, ProvidedBlocks.STREAMS, config.readBlockBytes(), readBlocks, arena);
        } catch (IOException e) {
            if (fd >= 0) {
                Sockets.close(calls, fd);
            }
            if (uring != null) {
                uring.close();
            }
            arena.close();
            throw e;
        }
        for (int i = 0; i < MESSAGES; i++) {
            messages[i] = new MsgHdrDescriptor(arena.allocate(MsgHdrDescriptor.sizeOf(MAX_IOVECS), 8), MAX_IOVECS);
        }
        armWakeup();
    }

    @Override
    public String name() {
        return "io_uring";
    }

    // ---- the turn

    @Override
    public int dispatch() {
        final int count = ring.completions();
        int taken = 0;
        try {
            while (taken < count) {
                final long userData = ring.userData(taken);
                final int result = ring.result(taken);
                final int flags = ring.flags(taken);
                taken++;
                dispatch(userData, result, flags);
            }
        } finally {
            if (taken > 0) {
                ring.advance(taken);
            }
        }
        return count;
    }

    private void dispatch(long userData, int result, int flags) {
        final int slot = UserData.slot(userData);
        if (slot == NO_SLOT) {
            onOwnCompletion(UserData.operation(userData), flags);
            return;
        }
        final UringHandle handle = handles[slot];
        if (handle == null) {
            throw new IllegalStateException("A completion for the empty slot " + slot + ": operation "
                    + UserData.operation(userData) + ", result " + result);
        }
        handle.onCompletion(UserData.operation(userData), result, flags);
    }

    private void onOwnCompletion(int operation, int flags) {
        // Of a cancel nothing is to be learnt: the cancelled operation completes in any case, and that counts.
        if (operation == UserData.WAKEUP && !CqeDescriptor.hasMore(flags)) {
            armWakeup();
        }
    }

    private void armWakeup() {
        // Multishot polls report each signal, so the counter need not be read.
        ringWithRoom().preparePoll(eventFd, POLLIN, UserData.of(NO_SLOT, UserData.WAKEUP));
    }

    @Override
    public void await(long timeoutNs) {
        refill();
        if (!rearm.isEmpty()) {
            rearmAll();
        }
        publish();
        messagesUsed = 0;
        if (ring.completions() > 0 || timeoutNs == 0) {
            if (ring.hasKernelWork()) {
                check(ring.enter(0, 0));
            }
            return;
        }
        // Receives that wait for memory must be looked at again although nothing may ever complete.
        final long boundedNs = rearm.isEmpty() ? timeoutNs : Math.min(timeoutNs, STARVED_WAIT_NS);
        check(ring.enter(1, boundedNs));
    }

    private void rearmAll() {
        final List<UringHandle> now = rearm;
        rearm = rearmNow;
        rearmNow = now;
        for (int i = 0; i < now.size(); i++) {
            final UringHandle handle = now.get(i);
            if (handle.canRearm()) {
                handle.onRearm();
            } else {
                rearm.add(handle);
            }
        }
        now.clear();
    }

    private void refill() {
        if (blocks.isShort()) {
            blocks.refill();
        }
        for (int i = 0; i < datagramBlocks.size(); i++) {
            final ProvidedBlocks provided = datagramBlocks.get(i).provided();
            if (provided.isShort()) {
                provided.refill();
            }
        }
    }

    private void publish() {
        blocks.publish();
        for (int i = 0; i < datagramBlocks.size(); i++) {
            datagramBlocks.get(i).provided().publish();
        }
    }

    private static void check(int result) {
        // ETIME: the wait has passed. EINTR: a signal. EBUSY, EAGAIN: the kernel wants its completions taken first.
        if (result < 0
                && result != -Errno.ETIME
                && result != -Errno.EINTR
                && result != -Errno.EBUSY
                && result != -Errno.EAGAIN) {
            throw new IllegalStateException("io_uring_enter: " + Errno.describe(-result));
        }
    }

    @Override
    public void wakeup() {
        // The lock keeps the descriptor open while it is written to; wake-ups are coalesced above, so it is rarely
        // contended.
        synchronized (wakeupLock) {
            if (wakeable) {
                EventFd.signal(eventFd);
            }
        }
    }

    // ---- sockets

    @Override
    public ListenSocket listen(SocketAddress address, SocketOptions options, AcceptSink sink) throws IOException {
        final int fd = sockets.listen(address, options);
        final SocketAddress bound = sockets.localAddress(fd).orElse(address);
        return listener(fd, bound, false, sink);
    }

    @Override
    public ListenSocket listen(PassedSocket passed, AcceptSink sink) throws IOException {
        final SocketAddress bound = PassedDescriptor.requireListener(passed);
        return listener(PassedDescriptor.take(passed), bound, true, sink);
    }

    private UringListener listener(int fd, SocketAddress bound, boolean shared, AcceptSink sink) {
        final UringListener listener = new UringListener(this, fd, bound, shared, sink);
        register(listener);
        return listener;
    }

    @Override
    public StreamSocket attach(AcceptedSocket accepted, SocketOptions options, StreamSink sink) throws IOException {
        final AcceptedDescriptor descriptor = AcceptedDescriptor.of(accepted, name());
        final int fd = sockets.take(descriptor, options);
        final UringStream stream = new UringStream(this, fd, descriptor.isTcp(), sockets.remoteAddress(fd), sink);
        register(stream);
        return stream;
    }

    @Override
    public StreamSocket connect(SocketAddress remote, SocketOptions options, StreamSink sink) throws IOException {
        final SockAddrDescriptor encoded = sockets.encode(remote);
        final int fd = sockets.dialling(remote, options);
        final UringStream stream = new UringStream(this, fd, isTcp(remote), encoded.bytes(), sink);
        register(stream);
        stream.connect(remote, encoded);
        return stream;
    }

    @Override
    public void pin(int cpu) throws IOException {
        Affinity.pin(cpu);
    }

    @Override
    public DatagramPort bindDatagram(InetSocketAddress local, DatagramOptions options, DatagramSink sink)
            throws IOException {
        return datagramPort(datagrams().bind(local, options), local, false, options, sink);
    }

    @Override
    public DatagramPort connectDatagram(InetSocketAddress remote, DatagramOptions options, DatagramSink sink)
            throws IOException {
        return datagramPort(datagrams().connect(remote, options), remote, true, options, sink);
    }

    @Override
    public DatagramPort bindDatagram(PassedSocket passed, DatagramOptions options, DatagramSink sink)
            throws IOException {
        final InetSocketAddress bound = PassedDescriptor.requireDatagram(passed);
        final int fd = PassedDescriptor.take(passed);
        // The epoll transport, from which it may come, says at each call that it does not wait, so this is nothing to
        // it.
        Descriptors.setBlocking(calls, fd, true);
        return datagramPort(fd, bound, false, options, sink);
    }

    private DatagramPort datagramPort(
            int fd, InetSocketAddress address, boolean connected, DatagramOptions options, DatagramSink sink)
            throws IOException {
        final InetSocketAddress bound =
                (InetSocketAddress) sockets.localAddress(fd).orElse(address);
        try {
            final DatagramBlocks provided = datagramBlocks(options);
            final UringDatagramPort port = new UringDatagramPort(this, fd, bound, connected, provided, options, sink);
            register(port);
            return port;
        } catch (IOException e) {
            Sockets.close(calls, fd);
            throw e;
        }
    }

    PosixDatagrams datagrams() {
        PosixDatagrams made = datagrams;
        if (made == null) {
            made = new PosixDatagrams(calls, sockets, arena);
            datagrams = made;
        }
        return made;
    }

    private DatagramBlocks datagramBlocks(DatagramOptions options) throws LinuxException {
        final int blockBytes = DatagramBlocks.blockBytes(options);
        for (DatagramBlocks existing : datagramBlocks) {
            if (existing.isFor(blockBytes, options.coalescing())) {
                return existing;
            }
        }
        final int group = ProvidedBlocks.STREAMS + 1 + datagramBlocks.size();
        final DatagramBlocks made =
                DatagramBlocks.provide(ring, cache, group, blockBytes, readBlocks, options.coalescing(), arena);
        datagramBlocks.add(made);
        return made;
    }

    FileSender fileSender() {
        FileSender made = fileSender;
        if (made == null) {
            made = new FileSender(calls, arena);
            fileSender = made;
        }
        return made;
    }

    static boolean isTcp(SocketAddress address) {
        return !(address instanceof UnixDomainSocketAddress);
    }

    // ---- for the handles

    private void register(UringHandle handle) {
        if (freeCount == 0 && slotCount == handles.length) {
            handles = Arrays.copyOf(handles, handles.length * 2);
        }
        handle.slot = freeCount > 0 ? freeSlots[--freeCount] : slotCount++;
        handles[handle.slot] = handle;
    }

    /** Frees the slot and closes the descriptor; no operation of the handle may be in flight. */
    void closeDescriptor(UringHandle handle, int fd) {
        freeSlot(handle);
        Sockets.close(calls, fd);
    }

    /** Frees the slot; no operation of the handle may be in flight. */
    void freeSlot(UringHandle handle) {
        handles[handle.slot] = null;
        if (freeCount == freeSlots.length) {
            freeSlots = Arrays.copyOf(freeSlots, freeCount * 2);
        }
        freeSlots[freeCount++] = handle.slot;
    }

    /** The ring, with room for one operation. */
    IoUring ringWithRoom() {
        for (int i = 0; ring.isFull(); i++) {
            if (i == SUBMIT_ATTEMPTS) {
                throw new IllegalStateException("The kernel takes no more operations");
            }
            submit();
        }
        return ring;
    }

    /** Hands over what is prepared; the kernel may complete operations meanwhile, which the next dispatch takes. */
    void submit() {
        publish();
        messagesUsed = 0;
        check(ring.submit());
    }

    /**
     * A msghdr that is the caller's until the next {@link #submit}. To be asked for after {@link #ringWithRoom}, which may
     * submit.
     */
    MsgHdrDescriptor nextMessage() {
        if (messagesUsed == MESSAGES) {
            submit();
        }
        return messages[messagesUsed++];
    }

    /** Has {@link UringHandle#onRearm} called before the next wait, when there are blocks. */
    void rearm(UringHandle handle) {
        rearm.add(handle);
    }

    /** Asks the kernel to cancel an operation of {@code handle}. */
    void cancel(UringHandle handle, int operation) {
        ringWithRoom().prepareCancel(UserData.of(handle.slot, operation), UserData.of(NO_SLOT, UserData.CANCEL));
    }

    @Override
    public void close() {
        // Cancelled operations must be seen to have ended, or the kernel could still fill blocks and accept
        // connections.
        for (int i = 0; freeCount < slotCount - 1 && i < CLOSING_TURNS; i++) {
            await(STARVED_WAIT_NS);
            dispatch();
        }
        synchronized (wakeupLock) {
            wakeable = false;
            Sockets.close(calls, eventFd);
        }
        ring.close();
        blocks.close();
        for (DatagramBlocks each : datagramBlocks) {
            each.provided().close();
        }
        arena.close();
    }
}
