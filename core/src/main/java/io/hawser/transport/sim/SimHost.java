// SPDX-License-Identifier: Apache-2.0
package io.hawser.transport.sim;

import io.hawser.transport.DatagramOptions;
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
    private final Map<Integer, List<SimDatagramPort>> ports = new LinkedHashMap<>();
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
        while (listeners.containsKey(nextPort) || ports.containsKey(nextPort)) {
            nextPort++;
        }
        return new InetSocketAddress(address, nextPort++);
    }

    InetAddress address() {
        return address;
    }

    /** The address that {@code wanted} stands for here, for streams. */
    InetSocketAddress bindable(SocketAddress wanted, SocketOptions options) throws IOException {
        final InetSocketAddress free = bindable(wanted);
        for (SimListener there : listeners.getOrDefault(free.getPort(), List.of())) {
            requireShared(wanted, options.reusePort() && there.sharesPort());
        }
        return free;
    }

    /** The address that {@code wanted} stands for here, for datagrams. */
    InetSocketAddress bindable(SocketAddress wanted, DatagramOptions options) throws IOException {
        final InetSocketAddress free = bindable(wanted);
        for (SimDatagramPort there : ports.getOrDefault(free.getPort(), List.of())) {
            requireShared(wanted, options.reusePort() && there.sharesPort());
        }
        return free;
    }

    private static void requireShared(SocketAddress wanted, boolean shared) throws BindException {
        if (!shared) {
            throw new BindException("bind to " + wanted + ": Address already in use");
        }
    }

    private InetSocketAddress bindable(SocketAddress wanted) throws IOException {
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
        return inet;
    }

    void add(SimDatagramPort port) {
        ports.computeIfAbsent(port.port(), _ -> new ArrayList<>()).add(port);
    }

    void remove(SimDatagramPort port) {
        final List<SimDatagramPort> there = ports.get(port.port());
        if (there != null && there.remove(port) && there.isEmpty()) {
            ports.remove(port.port());
        }
    }

    /** Who gets a datagram that {@code from} sends to {@code port}: rather a socket that is connected to it than one that is not. */
    Optional<SimDatagramPort> port(int port, InetSocketAddress from) {
        final List<SimDatagramPort> hearing = new ArrayList<>();
        for (SimDatagramPort there : ports.getOrDefault(port, List.of())) {
            if (there.isConnected() && there.hears(from)) {
                return Optional.of(there);
            }
            if (there.hears(from)) {
                hearing.add(there);
            }
        }
        return hearing.isEmpty()
                ? Optional.empty()
                : Optional.of(hearing.get(network.random().between(0, hearing.size() - 1)));
    }

    /** Who is a member of {@code group} on {@code port}. */
    List<SimDatagramPort> members(int port, InetAddress group) {
        return ports.getOrDefault(port, List.of()).stream()
                .filter(there -> there.isMember(group))
                .toList();
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
