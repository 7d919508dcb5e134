// SPDX-License-Identifier: Apache-2.0
package io.hawser.examples;

import io.hawser.Hawser;
import io.hawser.connection.Connection;
import io.hawser.connection.Server;
import java.io.IOException;

/** The blocking style of the README: a server that sends back frames, each a length and so many bytes, and a client of it. */
public final class Frames {
    private Frames() {}

    /**
     * Serves until it is killed.
     *
     * @param args the address, by default {@code tcp://127.0.0.1:0}
     */
    public static void main(String[] args) throws IOException {
        try (Server server = serve(args.length > 0 ? args[0] : "tcp://127.0.0.1:0")) {
            System.out.println("listening " + server.address());
            server.join();
        }
    }

    static Server serve(String address) throws IOException {
        return Hawser.serve(address, connection -> {
            int length = connection.reader().readInt();
            try (var body = connection.reader().slice(length)) {
                connection.writer().writeInt(length).append(body).flush();
            }
        });
    }

    static String call(String address, String message) throws IOException {
        try (Connection connection = Hawser.dial(address)) {
            connection.writer().writeInt(message.length()).writeString(message);
            int length = connection.reader().readInt();
            return connection.reader().readString(length);
        }
    }
}
