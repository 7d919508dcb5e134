// SPDX-License-Identifier: Apache-2.0
package io.hawser.cli;

import io.hawser.buffer.Reader;
import io.hawser.connection.Connection;

/** Sends back what comes, in the blocking style. */
final class BlockingEcho {
    private BlockingEcho() {}

    /** Waits for bytes, sends them back, and so on until a read says that the peer has closed. */
    static void serve(Connection connection) {
        final Reader reader = connection.reader();
        while (true) {
            reader.getByte(0);
            connection.writer().append(reader).flush();
        }
    }
}
