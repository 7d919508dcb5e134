// SPDX-License-Identifier: Apache-2.0
package io.hawser.transport.posix;

import io.hawser.linux.CallState;
import io.hawser.linux.Errno;
import io.hawser.linux.EventFd;
import io.hawser.linux.LinuxException;
import io.hawser.linux.Sockets;
import io.hawser.transport.PassedSocket;
import io.hawser.transport.SocketPassing;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.util.Optional;

/** A listening unix socket, and an eventfd that ends all waiting. One thread, but for {@link #stop()}. */
final class PosixPassingListener implements SocketPassing.Listener {
    private static final long EXHAUSTED_NS = 100_000_000;

    private final CallState state = new CallState();
    private final int fd;
    private final int wakeupFd;
    private final Object wakeupLock = new Object();
    private boolean stopped;
    private boolean closed;

    /** Takes ownership of {@code fd}, a non-blocking socket, if it does not throw. */
    PosixPassingListener(int fd) throws IOException {
        this.fd = fd;
        this.wakeupFd = LinuxException.check("eventfd", EventFd.create(state));
    }

    @Override
    public Optional<SocketPassing.Channel> accept() throws IOException {
        try (Waiting waiting = new Waiting(state, fd, wakeupFd)) {
            while (!isStopped()) {
                waiting.await(Sockets.POLLIN, Waiting.FOR_EVER);
                if (isStopped()) {
                    break;
                }
                final int accepted = Sockets.accept(state, fd, Sockets.SOCK_NONBLOCK | Sockets.SOCK_CLOEXEC);
                if (accepted >= 0 && isOfSameUser(accepted)) {
                    return Optional.of(new PosixPassingChannel(accepted, wakeupFd));
                }
                if (accepted == -Errno.EINVAL) {
                    throw new LinuxException("accept", Errno.EINVAL);
                }
                if (accepted < 0 && SocketErrors.isExhaustion(-accepted)) {
                    pause(waiting);
                }
                // Anything else concerns the one that is gone by now.
            }
        }
        return Optional.empty();
    }

    /** Descriptors or memory have run out, and will be there again. */
    private static void pause(Waiting waiting) throws IOException {
        try {
            waiting.await(0, System.nanoTime() + EXHAUSTED_NS);
        } catch (SocketTimeoutException _) {
            // As it should be.
        }
    }

    private boolean isOfSameUser(int accepted) {
        try {
            PosixPassing.requireSameUser(state, accepted);
            return true;
        } catch (IOException _) {
            Sockets.close(state, accepted);
            return false;
        }
    }

    @Override
    public PassedSocket duplicate() throws IOException {
        return PassedDescriptor.duplicate(state, fd);
    }

    private boolean isStopped() {
        synchronized (wakeupLock) {
            return stopped;
        }
    }

    @Override
    public void stop() {
        synchronized (wakeupLock) {
            if (!stopped && !closed) {
                EventFd.signal(wakeupFd);
            }
            stopped = true;
        }
    }

    @Override
    public void close() {
        synchronized (wakeupLock) {
            if (closed) {
                return;
            }
            closed = true;
            stopped = true;
            Sockets.close(state, wakeupFd);
        }
        Sockets.close(state, fd);
    }
}
