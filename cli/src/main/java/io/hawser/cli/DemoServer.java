// SPDX-License-Identifier: Apache-2.0
package io.hawser.cli;

import io.hawser.connection.Address;

/**
 * One server of a demo.
 *
 * @param transport what it runs on
 * @param loops how many loops it has
 * @param style how it is served
 */
record DemoServer(String transport, int loops, Address address, Style style) {
    /** How a server is written. */
    enum Style {
        /** A handler on the loop. */
        LOOP,
        /** Sessions, whose messages have their length in front. */
        FRAMED,
        /** A handler that blocks, on virtual threads. */
        BLOCKING,
        /** Pages, over TLS. */
        HTTPS,
        /** WebSockets, over TLS. */
        WSS,
        /** A handler of datagrams. */
        DATAGRAM
    }

    /** Where its clients go. */
    String uri() {
        final String text = address.toString();
        return switch (style) {
            case HTTPS -> "https" + text.substring(text.indexOf("://")) + DemoWeb.PAGE;
            case WSS -> "wss" + text.substring(text.indexOf("://")) + DemoWeb.ECHO;
            case LOOP, FRAMED, BLOCKING, DATAGRAM -> text;
        };
    }

    /** Whether TLS lies in between. */
    boolean isSecure() {
        return address.isTls();
    }

    /** The server in short. */
    String name() {
        return transport + " "
                + switch (style) {
                    case BLOCKING -> address.scheme() + ", blocking";
                    case FRAMED -> address.scheme() + ", framed";
                    case LOOP, DATAGRAM -> address.scheme();
                    case HTTPS -> "https";
                    case WSS -> "wss";
                };
    }
}
