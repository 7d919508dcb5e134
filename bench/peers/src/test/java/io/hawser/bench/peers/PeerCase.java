// SPDX-License-Identifier: Apache-2.0
package io.hawser.bench.peers;

import static org.junit.jupiter.api.Assumptions.abort;

import java.io.IOException;
import java.net.Socket;

/** A peer with its settings, and how tests reach it. */
record PeerCase(Peer peer, Settings settings, String variant) {
    private static final int PATIENCE_MS = 20_000;

    /** Ends the test where the machine has no such peer. */
    PeerServer start() throws Exception {
        try {
            return peer.start(settings);
        } catch (UnsupportedOperationException e) {
            return abort(e.getMessage());
        }
    }

    static Socket connect(PeerServer server) throws IOException {
        final Socket socket = new Socket();
        try {
            connect(socket, server);
            return socket;
        } catch (IOException e) {
            socket.close();
            throw e;
        }
    }

    static void connect(Socket socket, PeerServer server) throws IOException {
        socket.setSoTimeout(PATIENCE_MS);
        socket.setTcpNoDelay(true);
        socket.connect(server.address(), PATIENCE_MS);
    }

    @Override
    public String toString() {
        return peer + " " + settings.mode() + variant;
    }
}
