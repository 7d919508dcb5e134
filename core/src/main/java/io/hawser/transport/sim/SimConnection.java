// SPDX-License-Identifier: Apache-2.0
package io.hawser.transport.sim;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.NoRouteToHostException;
import java.net.SocketTimeoutException;

/** A connection as the network sees it: a pipe there and a pipe back, and two sockets. For faults that are called for, too. */
public final class SimConnection {
    private final SimNetwork network;
    private final SimHost from;
    private final SimPipe there;
    private final SimPipe back;
    private final SimSocket client;
    private final SimSocket server;
    private final String name;
    private InetSocketAddress target;
    private SimHost to;
    private boolean silent;
    private boolean unanswered;
    private int attempts;

    SimConnection(SimNetwork network, int id, SimHost from) {
        this.network = network;
        this.from = from;
        this.to = from;
        this.name = "#" + id;
        this.there = new SimPipe(network, this);
        this.back = new SimPipe(network, this);
        final InetSocketAddress local = from.nextEphemeral();
        this.target = local;
        this.client = new SimSocket(network, this, name + " client", back, there);
        this.server = new SimSocket(network, this, name + " server", there, back);
        there.join(client, server);
        back.join(server, client);
        client.local(local);
    }

    // ---- connecting

    SimSocket start(InetSocketAddress remote, int sendBytes, int receiveBytes) {
        target = remote;
        client.remote(remote);
        there.sendCapacity(sendBytes);
        back.receiveCapacity(receiveBytes);
        client.open();
        network.trace(name, "connects", remote.getPort());
        unanswered = network.strikes(SimFault.NO_ANSWER, name);
        network.after(SimNetwork.GIVE_UP_NS, this::giveUp);
        network.after(network.latencyNs(name), this::synArrives);
        return client;
    }

    private void giveUp() {
        if (!client.isEstablished()) {
            client.onFailure(new SocketTimeoutException("connect to " + target + ": Connection timed out"));
        }
    }

    private void synArrives() {
        if (client.isClosed()) {
            return;
        }
        final var host = target.getAddress().isLoopbackAddress()
                ? network.find(localAddress().getAddress())
                : network.find(target.getAddress());
        if (host.isEmpty()) {
            answer(new NoRouteToHostException("connect to " + target + ": No route to host"));
            return;
        }
        to = host.get();
        final var listener = to.listener(target.getPort());
        if (unanswered || isBlocked() || (listener.isPresent() && listener.get().isFull())) {
            network.after(SimNetwork.retryNs(attempts++), this::synArrives);
        } else if (listener.isEmpty() || network.strikes(SimFault.REFUSE, name)) {
            answer(new ConnectException("connect to " + target + ": Connection refused"));
        } else {
            server.local(target);
            server.remote(localAddress());
            back.sendCapacity(listener.get().sendBytes());
            there.receiveCapacity(listener.get().receiveBytes());
            server.open();
            server.onEstablished();
            listener.get().arrived(server);
            back.accept();
        }
    }

    private void answer(IOException refusal) {
        network.after(network.latencyNs(name), () -> client.onFailure(refusal));
    }

    private InetSocketAddress localAddress() {
        return client.local();
    }

    /** The client gave up before it was connected. */
    void abandoned() {
        if (server.isEstablished()) {
            server.onReset();
        }
    }

    // ---- faults

    /** Resets both ends, as a router does that has lost its tables. */
    public void reset() {
        network.trace(name, "is reset", 0);
        client.onReset();
        if (server.isEstablished()) {
            server.onReset();
        }
    }

    /** From now on nothing arrives any more, either way, and nobody is told: each end has a peer that is gone without a word. */
    public void silence() {
        if (!silent) {
            silent = true;
            network.trace(name, "falls silent", 0);
        }
    }

    /** Whether {@link #silence()} was called, or {@link SimFault#HALF_OPEN} has struck. */
    public boolean isSilent() {
        return silent;
    }

    /** The address of the side that connected. */
    public InetSocketAddress clientAddress() {
        return client.local();
    }

    boolean isBlocked() {
        return silent || network.areCut(from, to);
    }

    void cutForAWhile() {
        network.cutForAWhile(from, to);
    }

    void deliverHeld() {
        if (!isBlocked()) {
            there.deliverHeld();
            back.deliverHeld();
        }
    }

    @Override
    public String toString() {
        return name;
    }
}
