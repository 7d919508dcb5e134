// SPDX-License-Identifier: Apache-2.0
package io.hawser.examples;

import io.hawser.buffer.Reader;
import io.hawser.connection.CloseCause;
import io.hawser.connection.Connection;
import io.hawser.connection.ConnectionHandler;
import io.hawser.connection.Engine;
import io.hawser.connection.Server;
import java.io.IOException;
import java.util.Locale;

/** The first program of the README: a server that answers each line in upper case. */
public final class UpperCase {
    private UpperCase() {}

    /**
     * Serves until it is killed.
     *
     * @param args the address, by default {@code tcp://127.0.0.1:0}
     */
    public static void main(String[] args) throws IOException {
        try (Engine engine = Engine.builder().loops(2).start();
                Server server = engine.listen(args.length > 0 ? args[0] : "tcp://127.0.0.1:0", new Upper())) {
            System.out.println("listening " + server.address());
            server.join();
        }
    }

    /** Answers each line in upper case. */
    static final class Upper implements ConnectionHandler {
        @Override
        public void onData(Connection connection) {
            Reader reader = connection.reader();
            for (long end = reader.indexOf((byte) '\n'); end >= 0; end = reader.indexOf((byte) '\n')) {
                connection.writer().writeString(reader.readString((int) end + 1).toUpperCase(Locale.ROOT));
            }
            // Half a line stays in the reader until its other half has come.
        }

        @Override
        public void onClose(Connection connection, CloseCause cause) {
            System.out.println(connection + " closed: " + cause);
        }
    }
}
