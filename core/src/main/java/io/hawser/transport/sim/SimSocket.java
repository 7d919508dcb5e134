// SPDX-License-Identifier: Apache-2.0
package io.hawser.transport.sim;

import io.hawser.buffer.Block;
import io.hawser.buffer.Buffer;
import io.hawser.transport.ConnectionResetException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** One end of a connection as its kernel sees it: what would be a descriptor. It outlives its owner, as in a kernel. */
final class SimSocket {
    private final SimNetwork network;
    private final SimConnection connection;
    private final String name;
    private final SimPipe in;
    private final SimPipe out;
    private InetSocketAddress local = new InetSocketAddress(0);
    private InetSocketAddress remote = local;
    private @Nullable Runnable owner;
    private @Nullable IOException error;
    private boolean open;
    private boolean established;
    private boolean outputEnded;
    private boolean closed;

    SimSocket(SimNetwork network, SimConnection connection, String name, SimPipe in, SimPipe out) {
        this.network = network;
        this.connection = connection;
        this.name = name;
        this.in = in;
        this.out = out;
    }

    void local(InetSocketAddress address) {
        local = address;
    }

    void remote(InetSocketAddress address) {
        remote = address;
    }

    InetSocketAddress local() {
        return local;
    }

    InetSocketAddress remote() {
        return remote;
    }

    SimConnection connection() {
        return connection;
    }

    /** It costs a descriptor from now on. */
    void open() {
        open = true;
        network.socketOpened();
    }

    /** Who is told that something has changed. */
    void owner(Runnable value) {
        owner = value;
    }

    /** Nobody is told any more, until there is another owner. */
    void disown() {
        owner = null;
    }

    void changed() {
        if (owner != null) {
            owner.run();
        }
    }

    // ---- from the network

    void onEstablished() {
        if (!closed && error == null) {
            established = true;
            network.trace(name, "established", 0);
            changed();
        }
    }

    void onReset() {
        onFailure(
                established
                        ? new ConnectionResetException("Connection reset by peer: " + name)
                        : new ConnectException("Connection reset while connecting: " + name));
    }

    void onTimeout() {
        onFailure(new SocketTimeoutException("Connection timed out: " + name));
    }

    void onFailure(IOException cause) {
        out.cut();
        // What is under way to here meets nobody.
        in.cut();
        if (open && !closed && error == null) {
            error = cause;
            network.active();
            network.trace(name, "breaks", 0);
            changed();
        }
    }

    // ---- from the owner

    boolean isEstablished() {
        return established;
    }

    boolean isClosed() {
        return closed;
    }

    Optional<IOException> error() {
        return Optional.ofNullable(error);
    }

    int room() {
        return out.room();
    }

    int available() {
        return in.available();
    }

    boolean isInputEnded() {
        return in.isEnded();
    }

    /** Whether an end or an error has come, be there bytes before it or not. */
    boolean hasPeerLeft() {
        return error != null || in.hasEndArrived();
    }

    void write(Buffer source, int bytes) {
        out.take(source, bytes);
    }

    void read(Block block, int bytes) {
        in.read(block, bytes);
    }

    boolean isOutputEnded() {
        return outputEnded;
    }

    void endOutput() {
        if (!outputEnded) {
            outputEnded = true;
            out.end();
        }
    }

    /** As close(2): ends the output, or resets if bytes were not read (RFC 2525, 2.17). */
    void close() {
        if (closed || !open) {
            return;
        }
        final boolean unread = in.available() > 0;
        leave();
        if (!established) {
            connection.abandoned();
        } else if (unread) {
            reset();
        } else {
            endOutput();
        }
    }

    /** Closes with a reset. */
    void abort() {
        if (closed || !open) {
            return;
        }
        leave();
        if (established) {
            reset();
        } else {
            connection.abandoned();
        }
    }

    private void leave() {
        closed = true;
        owner = null;
        network.active();
        network.trace(name, "closed", 0);
        network.socketClosed();
    }

    void reset() {
        out.reset();
    }

    @Override
    public String toString() {
        return name;
    }
}
