// SPDX-License-Identifier: Apache-2.0
package io.hawser.transport.sim;

import io.hawser.transport.AcceptSink;
import io.hawser.transport.ListenSocket;
import io.hawser.transport.SocketOptions;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.SocketException;
import java.util.ArrayDeque;

/** A listening socket and its backlog. */
final class SimListener implements ListenSocket, SimReady {
    /** Connections accepted in one turn; the rest waits for the next. */
    private static final int ACCEPTS_PER_TURN = 16;

    private final SimTransport transport;
    private final SimNetwork network;
    private final SimHost host;
    private final InetSocketAddress local;
    private final SocketOptions options;
    private final AcceptSink sink;
    private final ArrayDeque<SimSocket> backlog = new ArrayDeque<>();
    private boolean accepting;
    private boolean closed;

    SimListener(SimTransport transport, SimHost host, InetSocketAddress local, SocketOptions options, AcceptSink sink) {
        this.transport = transport;
        this.network = host.network();
        this.host = host;
        this.local = local;
        this.options = options;
        this.sink = sink;
        network.socketOpened();
        host.add(this);
    }

    int port() {
        return local.getPort();
    }

    boolean sharesPort() {
        return options.reusePort();
    }

    boolean isFull() {
        return backlog.size() >= options.backlog();
    }

    int sendBytes() {
        return network.bufferBytes(options.sendBufferBytes());
    }

    int receiveBytes() {
        return network.bufferBytes(options.receiveBufferBytes());
    }

    /** A connection has come. */
    void arrived(SimSocket socket) {
        backlog.add(socket);
        wake();
    }

    private void wake() {
        if (isDue()) {
            transport.enqueue(this);
        }
    }

    @Override
    public boolean isDue() {
        return accepting && !backlog.isEmpty();
    }

    @Override
    public int dispatch() {
        int taken = 0;
        while (isDue() && taken < ACCEPTS_PER_TURN) {
            taken++;
            if (network.strikes(SimFault.ACCEPT_EXHAUSTED, toString())) {
                accepting = false;
                sink.exhausted(new SocketException("accept: Too many open files"));
            } else {
                final SimSocket socket = backlog.remove();
                if (network.strikes(SimFault.ACCEPTED_GONE, socket.toString())) {
                    goneSoon(socket);
                }
                network.active();
                sink.accepted(new SimAccepted(socket));
            }
        }
        return taken;
    }

    private void goneSoon(SimSocket socket) {
        if (network.random().chance(0.5)) {
            socket.connection().reset();
        } else {
            network.after(network.random().between(0L, 200_000L), socket.connection()::reset);
        }
    }

    @Override
    public void accept(boolean on) {
        network.checkTurn(transport, toString());
        if (!closed) {
            accepting = on;
            wake();
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
    public SocketAddress localAddress() {
        return local;
    }

    @Override
    public void close() {
        network.checkTurn(transport, toString());
        if (!closed) {
            closed = true;
            accepting = false;
            host.remove(this);
            transport.listenerClosed();
            network.socketClosed();
            backlog.forEach(SimSocket::abort);
            backlog.clear();
        }
    }

    @Override
    public String toString() {
        return "listener " + local.getPort();
    }
}
