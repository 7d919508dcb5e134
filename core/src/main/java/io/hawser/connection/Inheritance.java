// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import io.hawser.transport.PassedSocket;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;

/** The sockets that a predecessor offers, until they are claimed. One thread at a time. */
final class Inheritance {
    /** More than a process has loops and addresses. */
    static final int MAX_SOCKETS = 4096;

    /** One socket of the predecessor's server {@code server}, asked for as {@code asked} and bound to {@code bound}. */
    private record Entry(int server, Address asked, Address bound, PassedSocket socket) {}

    private final List<Entry> entries = new ArrayList<>();
    private long process;
    private Optional<PassedSocket> control = Optional.empty();

    private Inheritance() {}

    /** Receives all that is offered; nothing stays open if it throws. */
    static Inheritance receive(RestartChannel channel, Duration time) throws IOException {
        final Inheritance inheritance = new Inheritance();
        boolean complete = false;
        try {
            int left = inheritance.receiveSome(channel, time);
            if (left > MAX_SOCKETS) {
                throw new IOException("it offers " + left + " sockets, which is too much");
            }
            while (left > 0) {
                final int before = left;
                left = inheritance.receiveSome(channel, time);
                if (left >= before) {
                    throw new IOException("it offers more and more");
                }
            }
            if (left < 0 || inheritance.control.isEmpty()) {
                throw new IOException("its offer is incomplete");
            }
            complete = true;
            return inheritance;
        } finally {
            if (!complete) {
                inheritance.close();
            }
        }
    }

    /** How many sockets are still to come. */
    private int receiveSome(RestartChannel channel, Duration time) throws IOException {
        final RestartMessage offer = channel.receive(RestartMessage.Kind.OFFER, time);
        boolean complete = false;
        try {
            final DataInputStream in = offer.reader();
            process = in.readLong();
            final int left = in.readInt();
            for (PassedSocket socket : offer.sockets()) {
                final int server = in.readInt();
                final String asked = in.readUTF();
                final String bound = in.readUTF();
                if (control.isEmpty()) {
                    require(socket.kind() == PassedSocket.Kind.UNIX, "its own socket", socket);
                    control = Optional.of(socket);
                } else {
                    final Entry entry = new Entry(server, Address.parse(asked), Address.parse(bound), socket);
                    check(entry);
                    entries.add(entry);
                }
            }
            if (in.available() > 0) {
                throw new IOException("it describes more sockets than it sends");
            }
            complete = true;
            return left;
        } catch (java.io.EOFException | java.io.UTFDataFormatException | IllegalArgumentException e) {
            throw new IOException("its offer makes no sense: " + e.getMessage(), e);
        } finally {
            if (!complete) {
                offer.closeSockets();
            }
        }
    }

    private static void check(Entry entry) throws IOException {
        final Address bound = entry.bound();
        final PassedSocket.Kind kind;
        if (bound.isUnix()) {
            kind = PassedSocket.Kind.UNIX;
        } else {
            kind = bound.isUdp() ? PassedSocket.Kind.UDP : PassedSocket.Kind.TCP;
        }
        require(entry.socket().kind() == kind, bound.toString(), entry.socket());
        final SocketAddress local = entry.socket().localAddress().orElse(null);
        final boolean same = switch (local) {
            case UnixDomainSocketAddress unix -> unix.getPath().toString().equals(bound.path());
            case InetSocketAddress inet ->
                !bound.needsResolver() && inet.equals(bound.resolve().getFirst());
            case null, default -> false;
        };
        if (!same) {
            throw new IOException("what it calls " + bound + " is bound to " + local);
        }
    }

    private static void require(boolean right, String what, PassedSocket socket) throws IOException {
        if (!right) {
            throw new IOException("what it calls " + what + " is no such socket, but " + socket.kind());
        }
    }

    /** The predecessor's process id, as it says. */
    long process() {
        return process;
    }

    /** The listening socket of the restart itself, which is the caller's from now on. */
    PassedSocket takeControl() {
        final PassedSocket taken = control.orElseThrow();
        control = Optional.empty();
        return taken;
    }

    /**
     * All sockets of the server that was asked for as {@code address}, or that is bound to it; they are the caller's. Empty if there is
     * none, or it was claimed before.
     */
    List<PassedSocket> claim(Address address) throws IOException {
        for (Entry entry : entries) {
            if (entry.asked().equals(address)) {
                return take(entry.server());
            }
        }
        if (address.isUnix() || address.port() == 0) {
            return List.of();
        }
        final SocketAddress wanted = address.resolve().getFirst();
        for (Entry entry : entries) {
            final Address bound = entry.bound();
            if (bound.isUdp() == address.isUdp()
                    && bound.isV6Only() == address.isV6Only()
                    && !bound.isUnix()
                    && bound.resolve().getFirst().equals(wanted)) {
                return take(entry.server());
            }
        }
        return List.of();
    }

    private List<PassedSocket> take(int server) {
        final List<PassedSocket> taken = new ArrayList<>();
        for (Iterator<Entry> all = entries.iterator(); all.hasNext(); ) {
            final Entry entry = all.next();
            if (entry.server() == server) {
                taken.add(entry.socket());
                all.remove();
            }
        }
        return taken;
    }

    /** The addresses that nobody has claimed. */
    List<Address> unclaimed() {
        return entries.stream().map(Entry::bound).distinct().toList();
    }

    /** Closes what nobody has claimed; nothing is left to be claimed then. */
    void close() {
        entries.forEach(entry -> entry.socket().close());
        entries.clear();
        control.ifPresent(PassedSocket::close);
        control = Optional.empty();
    }
}
