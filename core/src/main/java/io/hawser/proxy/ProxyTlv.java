// SPDX-License-Identifier: Apache-2.0
package io.hawser.proxy;

import java.util.Arrays;

/**
 * One of the fields behind the addresses of a header of version 2: a type, a length and a value. Immutable, but for the array.
 *
 * @param type 0 to 255
 * @param value not to be changed
 */
@SuppressWarnings("ArrayRecordComponent") // equality is that of the bytes, below
public record ProxyTlv(int type, byte[] value) {
    /** {@code PP2_TYPE_ALPN}: the protocol that was agreed on above TLS (RFC 7301). */
    public static final int ALPN = 0x01;
    /** {@code PP2_TYPE_AUTHORITY}: the host that the client asked for, by SNI, say; UTF-8. */
    public static final int AUTHORITY = 0x02;
    /** {@code PP2_TYPE_CRC32C}: of the whole header; checked before anybody sees it. */
    public static final int CRC32C = 0x03;
    /** {@code PP2_TYPE_NOOP}: only padding. */
    public static final int NOOP = 0x04;
    /** {@code PP2_TYPE_UNIQUE_ID}: of the connection, up to 128 bytes. */
    public static final int UNIQUE_ID = 0x05;
    /** {@code PP2_TYPE_SSL}: {@link ProxySsl}. */
    public static final int SSL = 0x20;
    /** {@code PP2_TYPE_NETNS}: the name of the client's network namespace; US-ASCII. */
    public static final int NETNS = 0x30;

    /** The most bytes that a value may have: more do not fit into a header. */
    public static final int MAX_BYTES = 65_532;

    static final int MAX_UNIQUE_ID_BYTES = 128;

    /** Checks the ranges. */
    public ProxyTlv {
        if (type < 0 || type > 255) {
            throw new IllegalArgumentException("Type " + type + " of a TLV");
        }
        final int most = type == UNIQUE_ID ? MAX_UNIQUE_ID_BYTES : MAX_BYTES;
        if (value.length > most) {
            throw new IllegalArgumentException("A TLV of type " + type + " with " + value.length + " bytes");
        }
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof ProxyTlv tlv && type == tlv.type && Arrays.equals(value, tlv.value);
    }

    @Override
    public int hashCode() {
        return 31 * type + Arrays.hashCode(value);
    }

    @Override
    public String toString() {
        return "TLV " + type + " of " + value.length + " bytes";
    }
}
