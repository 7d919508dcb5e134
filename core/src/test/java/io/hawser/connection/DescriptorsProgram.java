// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.concurrent.ExecutionException;
import java.util.stream.Stream;

/**
 * Dials, binds and starts engines with ever more free descriptors, from none on, until it succeeds. It prints, for each of these, how many
 * it took, and what else was wrong.
 */
final class DescriptorsProgram {
    private static final Path OPEN = Path.of("/proc/self/fd");

    /** What takes descriptors. */
    @FunctionalInterface
    private interface Action {
        /** Does it, and gives all back. */
        void run() throws Exception;
    }

    private final TestTransport transport;
    private final ArrayDeque<DatagramChannel> hoard = new ArrayDeque<>();

    private DescriptorsProgram(TestTransport transport) {
        this.transport = transport;
    }

    public static void main(String[] args) throws Exception {
        new DescriptorsProgram(TestTransport.valueOf(args[0])).run();
    }

    private void run() throws Exception {
        ServerProgram.loadAll();
        SocketChannel.open().close();
        try (Engine engine = transport.builder().start();
                Server server = engine.listen("tcp://127.0.0.1:0", Recorder.echo())) {
            final Peer peer = Peer.connect(server.address());
            final Action check = () -> {
                if (!peer.send("ahoy").receiveText(4).equals("ahoy")) {
                    throw new IllegalStateException("no answer");
                }
            };
            check.run();
            // Who has just gone would give a descriptor back in the middle of it.
            final Action alone = () -> EngineFixture.until("nobody else is there", () -> engine.connectionCount() == 1);
            // Once before, for what is loaded and opened for good.
            final Action dial = () -> dial(engine, server);
            final Action bind =
                    () -> engine.bind("udp://127.0.0.1:0", (_, _) -> {}).close();
            final Action start = () -> transport.builder().loops(2).start().close();
            dial.run();
            bind.run();
            start.run();
            System.out.println("dial: " + attempt(dial, check, alone));
            System.out.println("bind: " + attempt(bind, check, alone));
            System.out.println("start: " + attempt(start, check, alone));
            peer.close();
            EngineFixture.until("all are gone", () -> engine.connectionCount() == 0);
        }
    }

    /** Who accepts it is in this process, too, and may have to wait for a descriptor until all are given back. */
    private static void dial(Engine engine, Server server) throws Exception {
        EngineFixture.await(engine.dial(server.address().toString(), new Recorder()))
                .abort();
    }

    /** Tries with 0, 1, 2, … free descriptors, and looks whether each failure gave back what it had taken. */
    private String attempt(Action action, Action check, Action alone) throws Exception {
        String wrong = "";
        for (int free = 0; ; free++) {
            alone.run();
            final long before = open();
            hoard(free);
            boolean succeeded = true;
            try {
                action.run();
            } catch (ExecutionException e) {
                succeeded = false;
                wrong += e.getCause() instanceof IOException ? "" : " " + e.getCause();
            } catch (IOException _) {
                succeeded = false;
            }
            check.run();
            giveBack();
            EngineFixture.until("all is given back, with " + free + " free before", () -> open() == before);
            if (succeeded) {
                return (free > 0 ? "failed, then succeeded" : "succeeded at once") + wrong;
            }
        }
    }

    /** Takes all descriptors but {@code free}. */
    private void hoard(int free) throws IOException {
        try {
            while (true) {
                hoard.add(DatagramChannel.open());
            }
        } catch (IOException _) {
            // These were all.
        }
        for (int i = 0; i < free; i++) {
            hoard.remove().close();
        }
    }

    private void giveBack() throws IOException {
        for (DatagramChannel channel : hoard) {
            channel.close();
        }
        hoard.clear();
    }

    private static long open() {
        try (Stream<Path> all = Files.list(OPEN)) {
            return all.count();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
