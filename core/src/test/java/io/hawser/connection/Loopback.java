// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnknownHostException;

/** This machine's addresses, whatever a resolver may say; without names. */
final class Loopback {
    static final InetAddress V4 = of(127, 0, 0, 1);
    static final InetAddress V6 = of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1);

    private Loopback() {}

    static InetAddress of(int... bytes) {
        final byte[] address = new byte[bytes.length];
        for (int i = 0; i < bytes.length; i++) {
            address[i] = (byte) bytes[i];
        }
        try {
            return InetAddress.getByAddress(address);
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException(e);
        }
    }

    static SocketAddress v4(int port) {
        return new InetSocketAddress(V4, port);
    }

    static SocketAddress v6(int port) {
        return new InetSocketAddress(V6, port);
    }
}
