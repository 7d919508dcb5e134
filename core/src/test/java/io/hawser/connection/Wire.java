// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import java.util.Arrays;
import java.util.stream.Stream;

/** One way for bytes to go: a transport, and a kind of socket. */
record Wire(TestTransport transport, Family family) {
    static Stream<Wire> all() {
        return Arrays.stream(TestTransport.values())
                .flatMap(transport -> Arrays.stream(Family.values()).map(family -> new Wire(transport, family)));
    }

    @Override
    public String toString() {
        return transport + " " + family;
    }
}
