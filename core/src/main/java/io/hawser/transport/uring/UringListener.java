// SPDX-License-Identifier: Apache-2.0
package io.hawser.transport.uring;

import io.hawser.linux.CqeDescriptor;
import io.hawser.linux.Descriptors;
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
import org.jspecify.annotations.Nullable;

/** A listening socket with a multishot accept. The loop's thread only. */
final class UringListener extends UringHandle implements ListenSocket {
    private final UringTransport transport;
    private final int fd;
    private final boolean tcp;
    private final SocketAddress bound;
    private final AcceptSink sink;
    private boolean accepting;
    /** A multishot accept is in the ring. */
    private boolean armed;
    /** Its cancel is in the ring as well. */
    private boolean cancelling;

    /** Another process has, or has had, a descriptor for it. */
    private boolean shared;

    private @Nullable Runnable paused;
    private boolean closed;

    UringListener(UringTransport transport, int fd, SocketAddress bound, boolean shared, AcceptSink sink) {
        this.transport = transport;
        this.fd = fd;
        this.tcp = UringTransport.isTcp(bound);
        this.bound = bound;
        this.shared = shared;
        this.sink = sink;
    }

    @Override
    public void accept(boolean on) {
        if (closed || accepting == on) {
            return;
        }
        accepting = on;
        if (on) {
            paused = null;
            arm();
        } else {
            cancel();
        }
    }

    private void arm() {
        if (armed) {
            return;
        }
        armed = true;
        cancelling = false;
        if (shared) {
            // Who had it meanwhile may have needed it the other way.
            Descriptors.setBlocking(transport.calls, fd, true);
        }
        transport.ringWithRoom().prepareAccept(fd, transport.sockets.acceptFlags(), UserData.of(slot, UserData.ACCEPT));
    }

    @Override
    public void pause(Runnable whenPaused) {
        if (closed) {
            return;
        }
        accept(false);
        if (armed) {
            // Connections that the kernel has accepted by now are still to be taken from the ring.
            paused = whenPaused;
        } else {
            whenPaused.run();
        }
    }

    @Override
    public PassedSocket duplicate() throws IOException {
        shared = true;
        return PassedDescriptor.duplicate(transport.calls, fd);
    }

    private void cancel() {
        if (armed && !cancelling) {
            cancelling = true;
            transport.cancel(this, UserData.ACCEPT);
        }
    }

    @Override
    void onCompletion(int operation, int result, int flags) {
        if (!CqeDescriptor.hasMore(flags)) {
            armed = false;
        }
        if (result >= 0) {
            onAccepted(result);
        } else if (!closed && accepting && SocketErrors.isExhaustion(-result)) {
            accepting = false;
            cancel();
            sink.exhausted(SocketErrors.transfer("accept", -result));
        } else if (result == -Errno.EINVAL && !closed) {
            throw new IllegalStateException("accept on " + bound + ": " + Errno.describe(-result));
        }
        // Other errors concern the one connection that is gone by now (accept(2), error handling).
        if (!armed && closed) {
            transport.freeSlot(this);
        } else if (!armed && accepting) {
            arm();
        } else if (!armed) {
            tellPaused();
        }
    }

    private void tellPaused() {
        final Runnable told = paused;
        if (told != null) {
            paused = null;
            told.run();
        }
    }

    private void onAccepted(int accepted) {
        if (closed) {
            Sockets.close(transport.calls, accepted);
        } else {
            // Paused meanwhile or not, this one is there already.
            sink.accepted(new AcceptedDescriptor(accepted, tcp, transport.sockets.statusFlags()));
        }
    }

    @Override
    void onRearm() {
        // Accepting needs no blocks, so nothing ever waits.
    }

    @Override
    boolean canRearm() {
        return true;
    }

    @Override
    public SocketAddress localAddress() {
        return bound;
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        accepting = false;
        if (!armed) {
            transport.closeDescriptor(this, fd);
            return;
        }
        // The operation holds the socket open. The kernel ends it within the submit, so after the close the address is
        // free; only its completion is still to be taken, perhaps after those of connections that came too late.
        cancel();
        transport.submit();
        Sockets.close(transport.calls, fd);
    }
}
