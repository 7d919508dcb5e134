// SPDX-License-Identifier: Apache-2.0
package io.hawser.http;

import io.hawser.connection.TestTransport;
import java.util.Arrays;
import java.util.stream.Stream;

/** A transport, and where handlers run. */
record Style(TestTransport transport, boolean inLoop) {
    static Stream<Style> all() {
        return Arrays.stream(TestTransport.values())
                .flatMap(transport -> Stream.of(new Style(transport, false), new Style(transport, true)));
    }

    @Override
    public String toString() {
        return transport + (inLoop ? ", in the loop" : ", blocking");
    }
}
