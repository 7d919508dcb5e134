// SPDX-License-Identifier: Apache-2.0
package io.hawser.transport.epoll;

import io.hawser.buffer.Block;
import io.hawser.buffer.BlockCache;
import io.hawser.buffer.BlockPool;
import io.hawser.linux.Affinity;
import io.hawser.linux.CallState;
import io.hawser.linux.Epoll;
import io.hawser.linux.Errno;
import io.hawser.linux.EventFd;
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
import io.hawser.transport.posix.SocketErrors;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One epoll instance and what is registered with it. The loop's thread only, but for {@link #wakeup()}. */
final class EpollTransport implements Transport {
    private static final int MAX_EVENTS = 1024;
    /**
     * A turn takes so many of them: what they received is answered, and its memory free again, while it is still in the CPU's caches.
     */
    private static final int EVENTS_PER_TURN = 32;

    private static final int MAX_IOVECS = 64;
    /** A large block to receive into is as many of the others. */
    private static final int LARGE_BLOCKS = 4;
    /** How long a wait may be while a receive could not get memory: other loops may give some back without telling. */
    private static final long STARVED_WAIT_NS = 1_000_000;

    private static final long WAKEUP_KEY = -1;

    final CallState calls = new CallState();
    final PosixSockets sockets;
    final MsgHdrDescriptor message;
    final boolean edgeTriggered;
    /** How many bytes the last send offered to the kernel. */
    long offered;

    private final Arena arena = Arena.ofConfined();
    private final Epoll epoll;
    private final int eventFd;
    private final Object wakeupLock = new Object();
    private boolean wakeable = true;

    private final BlockCache blocks;
    private final int readBlockBytes;
    /** The block that the next receive fills; kept when a receive finds nothing. */
    private @Nullable Block spare;

    private boolean starved;

    /** Made for the first UDP socket, as most loops have none. */
    private @Nullable PosixDatagrams datagrams;

    private @Nullable DatagramReceiver datagramReceiver;

    /** Made for the first file. */
    private @Nullable FileSender fileSender;

    private @Nullable EpollHandle[] handles = new EpollHandle[64];
    private int[] freeSlots = new int[64];
    private int freeCount;
    private int slotCount;
    private int generation;

    private List<EpollHandle> ready = new ArrayList<>();
    private List<EpollHandle> readyNow = new ArrayList<>();
    /** The events of the last wait, and the first of them that has not been dispatched. */
    private int pendingEvents;

    private int nextEvent;

    EpollTransport(TransportConfig config) throws IOException {
        this.blocks = config.blocks();
        this.readBlockBytes = config.readBlockBytes();
        this.edgeTriggered = config.edgeTriggered();
        this.sockets = new PosixSockets(calls, Sockets.SOCK_NONBLOCK, arena);
        this.message = new MsgHdrDescriptor(arena.allocate(MsgHdrDescriptor.sizeOf(MAX_IOVECS), 8), MAX_IOVECS);
        try {
            epoll = Epoll.create(calls, MAX_EVENTS, arena);
        } catch (IOException e) {
            arena.close();
            throw e;
        }
        final int fd = EventFd.create(calls);
        if (fd < 0) {
            epoll.close();
            arena.close();
            throw new LinuxException("eventfd", -fd);
        }
        eventFd = fd;
        // Edge-triggered, so that the counter need not be read: each signal is an edge.
        epoll.control(Epoll.EPOLL_CTL_ADD, eventFd, Epoll.EPOLLIN | Epoll.EPOLLET, WAKEUP_KEY);
    }

    @Override
    public String name() {
        return "epoll";
    }

    // ---- the turn

    @Override
    public int dispatch() {
        int work = 0;
        if (!ready.isEmpty()) {
            work += dispatchReady();
        }
        final int end = Math.min(pendingEvents, nextEvent + EVENTS_PER_TURN);
        while (nextEvent < end) {
            final int i = nextEvent++;
            final long key = epoll.eventData(i);
            if (key == WAKEUP_KEY) {
                continue;
            }
            final int slot = (int) key;
            final EpollHandle handle = handles[slot];
            // An event of a descriptor that was closed earlier in this batch must not reach the slot's next owner.
            if (handle != null && handle.key == key) {
                handle.onEvents(epoll.eventMask(i));
                work++;
            }
        }
        return work;
    }

    private int dispatchReady() {
        starved = false;
        final List<EpollHandle> now = ready;
        ready = readyNow;
        readyNow = now;
        final int count = now.size();
        for (int i = 0; i < count; i++) {
            final EpollHandle handle = now.get(i);
            handle.inReadyList = false;
            handle.onReady();
        }
        now.clear();
        return count;
    }

    @Override
    public void await(long timeoutNs) {
        if (nextEvent < pendingEvents) {
            return;
        }
        final long boundedNs;
        if (ready.isEmpty()) {
            boundedNs = timeoutNs;
        } else {
            boundedNs = starved ? Math.min(timeoutNs, STARVED_WAIT_NS) : 0;
        }
        final int timeoutMs;
        if (boundedNs == Long.MAX_VALUE) {
            timeoutMs = -1;
        } else {
            timeoutMs = (int) Math.min(Integer.MAX_VALUE, (boundedNs + 999_999) / 1_000_000);
        }
        final int events = epoll.await(timeoutMs);
        if (events < 0 && events != -Errno.EINTR) {
            throw new IllegalStateException("epoll_wait: " + Errno.describe(-events));
        }
        pendingEvents = Math.max(0, events);
        nextEvent = 0;
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
        return new EpollListener(this, fd, bound, false, sink);
    }

    @Override
    public ListenSocket listen(PassedSocket passed, AcceptSink sink) throws IOException {
        final SocketAddress bound = PassedDescriptor.requireListener(passed);
        return new EpollListener(this, PassedDescriptor.take(passed), bound, true, sink);
    }

    @Override
    public StreamSocket attach(AcceptedSocket accepted, SocketOptions options, StreamSink sink) throws IOException {
        final AcceptedDescriptor descriptor = AcceptedDescriptor.of(accepted, name());
        final int fd = sockets.take(descriptor, options);
        try {
            final EpollStream stream =
                    new EpollStream(this, fd, descriptor.isTcp(), sockets.remoteAddress(fd), sink, false);
            stream.register();
            return stream;
        } catch (IOException e) {
            Sockets.close(calls, fd);
            throw e;
        }
    }

    @Override
    public StreamSocket connect(SocketAddress remote, SocketOptions options, StreamSink sink) throws IOException {
        final int fd = sockets.dialling(remote, options);
        try {
            final SockAddrDescriptor encoded = sockets.encode(remote);
            final byte[] peer = encoded.bytes();
            final int result = Sockets.connect(calls, fd, encoded.address(), encoded.length());
            // EAGAIN: the backlog of a unix listener is full; there is nothing to wait for, so it counts as refused.
            if (result < 0 && result != -Errno.EINPROGRESS) {
                throw SocketErrors.connect(remote, -result);
            }
            // A connect that is done at once is writable, so its event comes with the next wait like any other.
            final EpollStream stream = new EpollStream(this, fd, isTcp(remote), peer, sink, true);
            stream.register();
            return stream;
        } catch (IOException e) {
            Sockets.close(calls, fd);
            throw e;
        }
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
        return datagramPort(PassedDescriptor.take(passed), bound, false, options, sink);
    }

    private DatagramPort datagramPort(
            int fd, InetSocketAddress address, boolean connected, DatagramOptions options, DatagramSink sink)
            throws IOException {
        final InetSocketAddress bound =
                (InetSocketAddress) sockets.localAddress(fd).orElse(address);
        final EpollDatagramPort port = new EpollDatagramPort(this, fd, bound, connected, options, sink);
        try {
            register(port, fd, 0);
        } catch (IOException e) {
            Sockets.close(calls, fd);
            throw e;
        }
        return port;
    }

    PosixDatagrams datagrams() {
        PosixDatagrams made = datagrams;
        if (made == null) {
            made = new PosixDatagrams(calls, sockets, arena);
            datagrams = made;
        }
        return made;
    }

    DatagramReceiver datagramReceiver() {
        DatagramReceiver made = datagramReceiver;
        if (made == null) {
            made = new DatagramReceiver(calls, blocks, arena);
            datagramReceiver = made;
        }
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

    void register(EpollHandle handle, int fd, int interest) throws IOException {
        if (freeCount == 0 && slotCount == handles.length) {
            handles = Arrays.copyOf(handles, handles.length * 2);
        }
        final int slot = freeCount > 0 ? freeSlots[--freeCount] : slotCount++;
        handle.key = (++generation & 0x7fff_ffffL) << 32 | slot;
        final int result = epoll.control(Epoll.EPOLL_CTL_ADD, fd, interest, handle.key);
        if (result < 0) {
            free(slot);
            throw new LinuxException("epoll_ctl", -result);
        }
        handles[slot] = handle;
    }

    void interest(EpollHandle handle, int fd, int interest) {
        control(Epoll.EPOLL_CTL_MOD, fd, interest, handle.key);
    }

    /** Reports nothing of {@code fd} any more, not even a hang-up. */
    void ignore(int fd) {
        control(Epoll.EPOLL_CTL_DEL, fd, 0, 0);
    }

    /** Takes {@code fd} up again, which was ignored. */
    void observe(EpollHandle handle, int fd, int interest) {
        control(Epoll.EPOLL_CTL_ADD, fd, interest, handle.key);
    }

    private void control(int operation, int fd, int interest, long key) {
        final int result = epoll.control(operation, fd, interest, key);
        if (result < 0) {
            throw new IllegalStateException("epoll_ctl: " + Errno.describe(-result));
        }
    }

    /** Closes the descriptor, which also removes it from the epoll instance. */
    void closeDescriptor(EpollHandle handle, int fd) {
        freeSlot(handle);
        Sockets.close(calls, fd);
    }

    /** Forgets a handle whose descriptor is out of the epoll instance, or about to be closed. */
    void freeSlot(EpollHandle handle) {
        final int slot = (int) handle.key;
        handles[slot] = null;
        free(slot);
    }

    private void free(int slot) {
        if (freeCount == freeSlots.length) {
            freeSlots = Arrays.copyOf(freeSlots, freeCount * 2);
        }
        freeSlots[freeCount++] = slot;
    }

    /** Has {@link EpollHandle#onReady} called in the next turn. */
    void again(EpollHandle handle) {
        if (!handle.inReadyList) {
            handle.inReadyList = true;
            ready.add(handle);
        }
    }

    /** As {@link #again}, after a millisecond: there is no memory to receive into. */
    void starve(EpollHandle handle) {
        starved = true;
        again(handle);
    }

    /** The size of a block that is not large. */
    int readBlockBytes() {
        return readBlockBytes;
    }

    /**
     * The block to receive into, or {@code null} when the memory limit is reached; then {@link #blockTaken} or {@link #blockUnused}.
     *
     * @param large whether a large one is wanted; where memory is short, it is not to be had
     */
    @Nullable
    Block block(boolean large) {
        if (large) {
            final Block block = blocks.tryAcquire(Math.min(LARGE_BLOCKS * readBlockBytes, BlockPool.MAX_BLOCK_BYTES));
            if (block != null) {
                return block;
            }
        }
        if (spare == null) {
            spare = blocks.tryAcquire(readBlockBytes);
            starved |= spare == null;
        }
        return spare;
    }

    /** It has been filled and is handed over. */
    void blockTaken(Block block) {
        if (block == spare) {
            spare = null;
        }
    }

    /** There was nothing to fill it with. */
    void blockUnused(Block block) {
        if (block != spare) {
            block.release();
        }
    }

    @Override
    public void close() {
        synchronized (wakeupLock) {
            wakeable = false;
            Sockets.close(calls, eventFd);
        }
        if (spare != null) {
            spare.release();
            spare = null;
        }
        if (datagramReceiver != null) {
            datagramReceiver.release();
        }
        epoll.close();
        arena.close();
    }
}
