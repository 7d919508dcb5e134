// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

/** Echoes once, and says so. */
final class ExchangeProgram {
    private ExchangeProgram() {}

    public static void main(String[] arguments) throws Exception {
        try (Engine engine = Engine.builder().loops(1).start();
                Server server =
                        engine.listen("tcp://127.0.0.1:0", c -> c.writer().append(c.reader()))) {
            try (Peer peer = Peer.connect(server.address())) {
                System.out.println(peer.send("echoed").receiveText(6));
            }
        }
    }
}
