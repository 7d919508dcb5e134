// SPDX-License-Identifier: Apache-2.0
package io.hawser.transport.epoll;

import io.hawser.linux.Descriptors;
import io.hawser.linux.Epoll;
import io.hawser.linux.Errno;
import io.hawser.linux.Sockets;
import io.hawser.transport.AcceptSink;
import io.hawser.transport.ListenSocket;
import io.hawser.transport.PassedSocket;
import io.hawser.transport.posix.AcceptedDescriptor;
import io.hawser.transport.posix.PassedDescriptor;
import io.hawser.transport.posix.SocketErrors;
import java.io.IOException;
import java.net.SocketAddress;

/** A listening socket. Level-triggered always, so that a paused or interrupted accept forgets nobody. */
final class EpollListener extends EpollHandle implements ListenSocket {
    /** Connections taken in one turn; the rest wait so that an accept storm does not starve the others. */
    private static final int ACCEPTS_PER_TURN = 64;

    private final EpollTransport transport;
    private final int fd;
    private final boolean tcp;
    private final SocketAddress bound;
    private final AcceptSink sink;
    /** Another process has, or has had, a descriptor for it. */
    private boolean shared;

    private boolean accepting;
    private boolean closed;

    EpollListener(EpollTransport transport, int fd, SocketAddress bound, boolean shared, AcceptSink sink)
            throws IOException {
        this.transport = transport;
        this.fd = fd;
        this.tcp = EpollTransport.isTcp(bound);
        this.bound = bound;
        this.shared = shared;
        this.sink = sink;
        try {
            transport.register(this, fd, 0);
        } catch (IOException e) {
            Sockets.close(transport.calls, fd);
            throw e;
        }
    }

    @Override
    public void accept(boolean on) {
        if (!closed && accepting != on) {
            if (on && shared) {
                // Who had it meanwhile may have needed it the other way.
                Descriptors.setBlocking(transport.calls, fd, false);
            }
            accepting = on;
            transport.interest(this, fd, on ? Epoll.EPOLLIN : 0);
        }
    }

    @Override
    public void pause(Runnable paused) {
        if (!closed) {
            accept(false);
            paused.run();
        }
    }

    @Override
    public PassedSocket duplicate() throws IOException {
        shared = true;
        return PassedDescriptor.duplicate(transport.calls, fd);
    }

    @Override
    void onEvents(int mask) {
        for (int i = 0; i < ACCEPTS_PER_TURN && accepting && !closed; i++) {
            final int accepted = Sockets.accept(transport.calls, fd, transport.sockets.acceptFlags());
            if (accepted >= 0) {
                sink.accepted(new AcceptedDescriptor(accepted, tcp, transport.sockets.statusFlags()));
            } else if (accepted == -Errno.EAGAIN) {
                return;
            } else if (SocketErrors.isExhaustion(-accepted)) {
                accept(false);
                sink.exhausted(SocketErrors.transfer("accept", -accepted));
                return;
            }
            // Anything else concerns the one connection that is gone by now (accept(2), error handling): take the next.
        }
    }

    @Override
    void onReady() {
        // A listener never asks to be looked at again.
    }

    @Override
    public SocketAddress localAddress() {
        return bound;
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            accepting = false;
            transport.closeDescriptor(this, fd);
        }
    }
}
