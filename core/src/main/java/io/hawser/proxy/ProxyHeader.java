// SPDX-License-Identifier: Apache-2.0
package io.hawser.proxy;

import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What a PROXY header says: for whom the connection was made. Immutable.
 *
 * <p>Either both addresses are there or neither. None are there for {@link #ofProxyItself()}, when the proxy connects by its own will, to check that
 * the server is alive, say; and where the proxy does not know them. Then the addresses of the connection are those of its socket.
 */
public final class ProxyHeader {
    private static final ProxyHeader LOCAL = new ProxyHeader(true, Optional.empty(), Optional.empty(), List.of());
    private static final ProxyHeader UNKNOWN = new ProxyHeader(false, Optional.empty(), Optional.empty(), List.of());

    private final boolean local;
    private final Optional<SocketAddress> source;
    private final Optional<SocketAddress> destination;
    private final List<ProxyTlv> tlvs;

    ProxyHeader(
            boolean local, Optional<SocketAddress> source, Optional<SocketAddress> destination, List<ProxyTlv> tlvs) {
        this.local = local;
        this.source = source;
        this.destination = destination;
        this.tlvs = List.copyOf(tlvs);
    }

    /** The header of a connection that the proxy makes for itself. In version 1 it cannot be told from {@link #unknown()}. */
    public static ProxyHeader ofProxyItself() {
        return LOCAL;
    }

    /** The header of a connection that is made for somebody whose address is not known, or cannot be said. */
    public static ProxyHeader unknown() {
        return UNKNOWN;
    }

    /**
     * The header of a connection that is made for {@code source}.
     *
     * @param source the client's address: resolved, or of a unix socket
     * @param destination where the client has connected to: of the same kind
     * @throws IllegalArgumentException if an address is not resolved, a path has more than 107 bytes, or one is of a unix socket and one is not
     */
    public static ProxyHeader of(SocketAddress source, SocketAddress destination) {
        require(source);
        require(destination);
        if (source instanceof InetSocketAddress != destination instanceof InetSocketAddress) {
            throw new IllegalArgumentException("From " + source + " to " + destination);
        }
        return new ProxyHeader(false, Optional.of(source), Optional.of(destination), List.of());
    }

    private static void require(SocketAddress address) {
        switch (address) {
            case InetSocketAddress inet -> {
                if (inet.isUnresolved()) {
                    throw new IllegalArgumentException("An address that is not resolved");
                }
            }
            case UnixDomainSocketAddress unix -> {
                if (unix.getPath().toString().getBytes(StandardCharsets.UTF_8).length >= ProxyEncoder.UNIX_BYTES) {
                    throw new IllegalArgumentException("The path is too long: " + unix);
                }
            }
            default -> throw new IllegalArgumentException("No address for a PROXY header: " + address);
        }
    }

    /** As this, with one more field; only version 2 can send it. The checksum is added by {@link #encode}. */
    public ProxyHeader with(ProxyTlv tlv) {
        if (tlv.type() == ProxyTlv.CRC32C) {
            throw new IllegalArgumentException("The checksum is not given, but computed");
        }
        final List<ProxyTlv> more = new ArrayList<>(tlvs);
        more.add(tlv);
        return new ProxyHeader(local, source, destination, more);
    }

    /** Whether the proxy connects for itself and not for a client. */
    public boolean isLocal() {
        return local;
    }

    /** The client's address. */
    public Optional<SocketAddress> source() {
        return source;
    }

    /** Where the client has connected to. */
    public Optional<SocketAddress> destination() {
        return destination;
    }

    /** All fields of version 2, in their order. */
    public List<ProxyTlv> tlvs() {
        return tlvs;
    }

    /** The first field of this type. */
    public Optional<ProxyTlv> tlv(int type) {
        return tlvs.stream().filter(tlv -> tlv.type() == type).findFirst();
    }

    /** The protocol that the client and the proxy have agreed on above TLS. */
    public Optional<String> alpn() {
        return tlv(ProxyTlv.ALPN).map(tlv -> new String(tlv.value(), StandardCharsets.ISO_8859_1));
    }

    /** The host that the client asked for; it comes from the client, and has no control characters. */
    public Optional<String> authority() {
        return tlv(ProxyTlv.AUTHORITY).map(tlv -> new String(tlv.value(), StandardCharsets.UTF_8));
    }

    /** What the proxy calls the connection, in its logs, say. */
    public Optional<byte[]> uniqueId() {
        return tlv(ProxyTlv.UNIQUE_ID).map(tlv -> tlv.value().clone());
    }

    /** The TLS between the client and the proxy. */
    public Optional<ProxySsl> ssl() {
        return tlv(ProxyTlv.SSL).map(tlv -> {
            try {
                return ProxyDecoder.ssl(tlv.value());
            } catch (ProxyProtocolException e) {
                throw new IllegalStateException(e);
            }
        });
    }

    /**
     * As it goes over the wire. In version 1 addresses that are not TCP's become {@code UNKNOWN}; in version 2 a checksum is there.
     *
     * @throws IllegalArgumentException if it has fields and version 1 is to carry them, or too many for one header
     */
    public byte[] encode(ProxyVersion version) {
        return switch (version) {
            case V1 -> ProxyEncoder.version1(this);
            case V2 -> ProxyEncoder.version2(this);
        };
    }

    @Override
    public String toString() {
        return local
                ? "PROXY header for the proxy itself"
                : "PROXY header for " + source.map(Object::toString).orElse("an unknown client");
    }
}
