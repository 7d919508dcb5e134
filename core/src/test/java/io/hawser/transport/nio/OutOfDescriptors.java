// SPDX-License-Identifier: Apache-2.0
package io.hawser.transport.nio;

import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;

/**
 * A process that runs out of descriptors while connections wait to be accepted, and has some again later. It prints what
 * the listener's sink was told: how many connections were accepted, how often it was exhausted.
 */
final class OutOfDescriptors {
    private static final int WAITING = 5;

    private OutOfDescriptors() {}

    public static void main(String[] args) throws IOException {
        try (NioFixture nio = new NioFixture()) {
            RecordingAcceptSink sink = new RecordingAcceptSink();
            var listener = nio.listen(sink);
            listener.accept(true);
            List<SocketChannel> peers = new ArrayList<>();
            for (int i = 0; i < WAITING; i++) {
                peers.add(SocketChannel.open(listener.localAddress()));
            }
            List<SocketChannel> others = openAll();

            nio.turns(5);
            String full = "full: " + sink.accepted.size() + " accepted, " + sink.exhausted.size() + " exhausted";
            for (SocketChannel channel : others) {
                channel.close();
            }
            nio.turns(5);
            String paused = "paused: " + sink.accepted.size() + " accepted";
            listener.accept(true);
            nio.until(() -> sink.accepted.size() == peers.size());
            String again = "again: " + sink.accepted.size() + " accepted, " + sink.exhausted.size() + " exhausted";
            System.out.println(String.join("\n", full, paused, again));
        }
    }

    /** Takes all descriptors that there are. */
    private static List<SocketChannel> openAll() {
        List<SocketChannel> opened = new ArrayList<>();
        try {
            while (true) {
                opened.add(SocketChannel.open());
            }
        } catch (IOException e) {
            return opened;
        }
    }
}
