// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.URI;
import java.net.UnixDomainSocketAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Where to listen or to dial: {@code tcp://host:port}, {@code tcp4://…}, {@code tcp6://…}, {@code tls://…} with
 * {@code tls4} and {@code tls6}, which is TCP with TLS, and {@code unix:///path}; and for datagrams {@code udp://host:port}, {@code udp4://…}, {@code udp6://…}. Immutable; any thread.
 *
 * <p>An IPv6 address stands in brackets, {@code tcp://[::1]:7000}. To listen on all interfaces, leave the host out or write
 * {@code *}; port 0 lets the system pick one. A name is resolved when it is used, not when it is parsed.
 *
 * @param scheme {@code tcp}, {@code tcp4}, {@code tcp6}, {@code tls}, {@code tls4}, {@code tls6}, {@code udp}, {@code udp4}, {@code udp6} or {@code unix}
 * @param host a name or an address without brackets, empty for all interfaces; of a unix address empty
 * @param port 0 to 65,535; of a unix address 0
 * @param path of a unix address the path; else empty
 */
public record Address(String scheme, String host, int port, String path) {
    private static final String UNIX = "unix";

    /** Checks the scheme and the ranges. */
    public Address {
        switch (scheme) {
            case "tcp", "tcp4", "tcp6", "tls", "tls4", "tls6", "udp", "udp4", "udp6" -> {
                if (port < 0 || port > 65_535) {
                    throw new IllegalArgumentException("The port must be 0 to 65535: " + port);
                }
            }
            case UNIX -> {
                if (path.isEmpty()) {
                    throw new IllegalArgumentException("A unix address needs a path, as in unix:///tmp/hawser.sock");
                }
            }
            default ->
                throw new IllegalArgumentException("Unknown scheme '" + scheme
                        + "'; known are tcp, tcp4, tcp6, tls, tls4, tls6, udp, udp4, udp6 and unix");
        }
    }

    /**
     * Reads an address.
     *
     * @throws IllegalArgumentException if it is not one; the message says what is wrong with it
     */
    public static Address parse(String text) {
        final int separator = text.indexOf("://");
        if (separator <= 0) {
            throw new IllegalArgumentException(
                    "An address needs a scheme, as in tcp://127.0.0.1:7000 or unix:///tmp/hawser.sock: '" + text + "'");
        }
        final String scheme = text.substring(0, separator);
        final String rest = text.substring(separator + 3);
        try {
            return scheme.equals(UNIX) ? new Address(UNIX, "", 0, rest) : parseInternet(scheme, rest);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("'" + text + "': " + e.getMessage(), e);
        }
    }

    private static Address parseInternet(String scheme, String text) {
        final String rest = text.endsWith("/") ? text.substring(0, text.length() - 1) : text;
        final int colon = rest.lastIndexOf(':');
        if (colon < 0 || rest.endsWith("]")) {
            throw new IllegalArgumentException("The port is missing, as in " + scheme + "://127.0.0.1:7000");
        }
        String host = rest.substring(0, colon);
        if (host.startsWith("[") && host.endsWith("]")) {
            host = host.substring(1, host.length() - 1);
        } else if (host.indexOf(':') >= 0) {
            throw new IllegalArgumentException("An IPv6 address stands in brackets, as in " + scheme + "://[::1]:7000");
        }
        final String port = rest.substring(colon + 1);
        try {
            return new Address(scheme, host.equals("*") ? "" : host, Integer.parseInt(port), "");
        } catch (NumberFormatException _) {
            throw new IllegalArgumentException("Not a port: '" + port + "'");
        }
    }

    /** The address in whose form {@code socketAddress}, an internet or a unix one, is written. */
    public static Address of(SocketAddress socketAddress) {
        return switch (socketAddress) {
            case UnixDomainSocketAddress unix ->
                new Address(UNIX, "", 0, unix.getPath().toString());
            case InetSocketAddress inet -> new Address("tcp", inet.getHostString(), inet.getPort(), "");
            default -> throw new IllegalArgumentException("Neither internet nor unix: " + socketAddress);
        };
    }

    /** Whether it is a path of the file system. */
    public boolean isUnix() {
        return scheme.equals(UNIX);
    }

    /** Whether it is for datagrams. */
    public boolean isUdp() {
        return scheme.startsWith("udp");
    }

    /** Whether TLS is to be spoken. */
    public boolean isTls() {
        return scheme.startsWith("tls");
    }

    /** Whether only IPv6 peers are meant. */
    boolean isV6Only() {
        return scheme.endsWith("6");
    }

    /** Whether {@link #resolve()} may have to ask somebody. */
    boolean needsResolver() {
        return !host.isEmpty() && host.indexOf(':') < 0 && !host.matches("[0-9.]+");
    }

    /**
     * All addresses that it stands for, in the order of preference of the system. May block for as long as the resolver does.
     *
     * @throws UnknownHostException if the name is not known, or not in the family that the scheme asks for
     */
    public List<SocketAddress> resolve() throws UnknownHostException {
        if (isUnix()) {
            return List.of(UnixDomainSocketAddress.of(Path.of(path)));
        }
        final InetAddress[] all;
        if (host.isEmpty()) {
            all = new InetAddress[] {InetAddress.getByAddress(new byte[isV6Only() ? 16 : 4])};
        } else {
            all = InetAddress.getAllByName(host);
        }
        final List<SocketAddress> resolved = new ArrayList<>(all.length);
        for (InetAddress address : all) {
            final boolean wanted = switch (scheme) {
                case "tcp4", "tls4", "udp4" -> address instanceof Inet4Address;
                case "tcp6", "tls6", "udp6" -> address instanceof Inet6Address;
                default -> true;
            };
            if (wanted) {
                resolved.add(new InetSocketAddress(address, port));
            }
        }
        if (resolved.isEmpty()) {
            throw new UnknownHostException(host + " has no address for " + scheme);
        }
        return resolved;
    }

    /** As a URI, in the form that {@link #parse} reads. */
    public URI toUri() {
        return URI.create(toString());
    }

    @Override
    public String toString() {
        if (isUnix()) {
            return "unix://" + path;
        }
        return scheme + "://" + (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
    }
}
