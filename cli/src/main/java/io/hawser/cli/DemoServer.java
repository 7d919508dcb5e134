// SPDX-License-Identifier: Apache-2.0
package io.hawser.cli;

import io.hawser.connection.Address;

/**
 * One echo server of a demo.
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
        /** A handler of datagrams. */
        DATAGRAM
    }

    /** The server in short. */
    String name() {
        return transport + " " + address.scheme()
                + switch (style) {
                    case BLOCKING -> ", blocking";
                    case FRAMED -> ", framed";
                    case LOOP, DATAGRAM -> "";
                };
    }
}
