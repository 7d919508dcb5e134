// SPDX-License-Identifier: Apache-2.0
package io.hawser.transport.posix;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.hawser.linux.CallState;
import io.hawser.linux.Errno;
import io.hawser.linux.MsgHdrDescriptor;
import io.hawser.linux.RightsDescriptor;
import io.hawser.linux.Sockets;
import io.hawser.transport.PassedSocket;
import io.hawser.transport.SocketPassing;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.List;

/** A connected unix socket over which descriptors go (sendmsg(2), recvmsg(2)). One thread. */
final class PosixPassingChannel implements SocketPassing.Channel {
    /** There is nothing that ends the waiting. */
    static final int NO_WAKEUP = -1;

    private final CallState state = new CallState();
    private final int fd;
    private final int wakeupFd;
    private boolean closed;

    /**
     * Takes ownership of {@code fd}, a non-blocking socket.
     *
     * @param wakeupFd which ends all waiting when it is readable
     */
    PosixPassingChannel(int fd, int wakeupFd) {
        this.fd = fd;
        this.wakeupFd = wakeupFd;
    }

    @Override
    public void send(byte[] bytes, List<? extends PassedSocket> sockets, Duration time) throws IOException {
        requireOpen();
        if (bytes.length == 0 || sockets.size() > SocketPassing.MAX_SOCKETS) {
            throw new IllegalArgumentException(bytes.length + " bytes with " + sockets.size() + " sockets");
        }
        final long deadlineNs = System.nanoTime() + time.toNanos();
        try (Arena arena = Arena.ofConfined();
                Waiting waiting = new Waiting(state, fd, wakeupFd)) {
            final MemorySegment data = arena.allocateFrom(JAVA_BYTE, bytes);
            final MsgHdrDescriptor message = message(arena);
            final int[] descriptors =
                    sockets.stream().mapToInt(PassedDescriptor::peek).toArray();
            if (descriptors.length > 0) {
                final int space = RightsDescriptor.space(descriptors.length);
                final MemorySegment control = arena.allocate(space, 8);
                RightsDescriptor.write(control, descriptors);
                message.control(control.address(), space);
            }
            int sent = 0;
            while (sent < bytes.length) {
                message.iovec(0, data.address() + sent, bytes.length - sent);
                final int result = Sockets.sendmsg(state, fd, message.address());
                if (result > 0) {
                    sent += result;
                    message.control(0, 0);
                } else if (result == -Errno.EAGAIN) {
                    await(waiting, Sockets.POLLOUT, deadlineNs);
                } else if (result != -Errno.EINTR) {
                    throw SocketErrors.transfer("sendmsg", -result);
                }
            }
        }
    }

    @Override
    public int receive(byte[] into, int offset, int length, List<PassedSocket> sockets, Duration time)
            throws IOException {
        requireOpen();
        final long deadlineNs = System.nanoTime() + time.toNanos();
        try (Arena arena = Arena.ofConfined();
                Waiting waiting = new Waiting(state, fd, wakeupFd)) {
            final MemorySegment data = arena.allocate(Math.max(1, length));
            // Room for all that one message can bring, so that more than expected is seen as such.
            final int space = RightsDescriptor.space(RightsDescriptor.MAX);
            final MemorySegment control = arena.allocate(space, 8);
            final MsgHdrDescriptor message = message(arena);
            message.iovec(0, data.address(), length);
            while (true) {
                message.control(control.address(), space);
                final int result = Sockets.recvmsg(state, fd, message.address());
                if (result >= 0) {
                    for (int descriptor : RightsDescriptor.read(control, message.controlLength())) {
                        sockets.add(new PassedDescriptor(descriptor));
                    }
                    if ((message.flags() & Sockets.MSG_CTRUNC) != 0) {
                        throw new IOException("More descriptors came than this process can take; is its limit of open"
                                + " files too low?");
                    }
                    MemorySegment.copy(data, JAVA_BYTE, 0, into, offset, result);
                    return result == 0 ? -1 : result;
                } else if (result == -Errno.EAGAIN) {
                    await(waiting, Sockets.POLLIN, deadlineNs);
                } else if (result != -Errno.EINTR) {
                    throw SocketErrors.transfer("recvmsg", -result);
                }
            }
        }
    }

    private static MsgHdrDescriptor message(Arena arena) {
        final MsgHdrDescriptor message = new MsgHdrDescriptor(arena.allocate(MsgHdrDescriptor.sizeOf(1), 8), 1);
        message.iovecs(1);
        return message;
    }

    private static void await(Waiting waiting, int events, long deadlineNs) throws IOException {
        if (!waiting.await(events, deadlineNs)) {
            throw new IOException("This process stops");
        }
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("This channel is closed");
        }
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            Sockets.close(state, fd);
        }
    }
}
