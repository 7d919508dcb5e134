// SPDX-License-Identifier: Apache-2.0
package io.hawser.transport.sim;

import io.hawser.transport.SocketOptions;
import io.hawser.transport.TransportProvider;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A machine with one address, and the ports on which somebody listens there. */
public final class SimHost {
    private static final int FIRST_EPHEMERAL_PORT = 32_768;

    private final SimNetwork network;
    private final InetAddress address;
    private final Map<Integer, List<SimListener>> listeners = new LinkedHashMap<>();
    private int nextPort = FIRST_EPHEMERAL_PORT;
    private int transports;

    SimHost(SimNetwork network, InetAddress address) {
        this.network = network;
        this.address = address;
    }

    /** Its address as text. */
    public String name() {
        return address.getHostAddress();
    }

    /** Its network. */
    public SimNetwork network() {
        return network;
    }

    /** What makes transports that live on this host. */
    public TransportProvider provider() {
        return new SimTransportProvider(this);
    }

    String nextTransportName() {
        return name() + "/" + transports++;
    }

    InetSocketAddress nextEphemeral() {
        while (listeners.containsKey(nextPort)) {
            nextPort++;
        }
        return new InetSocketAddress(address, nextPort++);
    }

    /** The address that {@code wanted} stands for here. */
    InetSocketAddress bindable(SocketAddress wanted, SocketOptions options) throws IOException {
        if (!(wanted instanceof InetSocketAddress inet)) {
            throw new BindException("bind to " + wanted + ": only internet addresses are simulated");
        }
        if (!inet.getAddress().isAnyLocalAddress()
                && !inet.getAddress().isLoopbackAddress()
                && !inet.getAddress().equals(address)) {
            throw new BindException("bind to " + wanted + ": Cannot assign requested address");
        }
        if (inet.getPort() == 0) {
            return new InetSocketAddress(inet.getAddress(), nextEphemeral().getPort());
        }
        for (SimListener there : listeners.getOrDefault(inet.getPort(), List.of())) {
            if (!(options.reusePort() && there.sharesPort())) {
                throw new BindException("bind to " + wanted + ": Address already in use");
            }
        }
        return inet;
    }

    void add(SimListener listener) {
        listeners.computeIfAbsent(listener.port(), _ -> new ArrayList<>()).add(listener);
    }

    void remove(SimListener listener) {
        final List<SimListener> there = listeners.get(listener.port());
        if (there != null && there.remove(listener) && there.isEmpty()) {
            listeners.remove(listener.port());
        }
    }

    /** Who gets a connection to {@code port}. */
    Optional<SimListener> listener(int port) {
        final List<SimListener> there = listeners.getOrDefault(port, List.of());
        return there.isEmpty()
                ? Optional.empty()
                : Optional.of(there.get(network.random().between(0, there.size() - 1)));
    }

    @Override
    public String toString() {
        return name();
    }
}
