// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import io.hawser.loop.EventLoop;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;

/**
 * An echo server in a process of its own. It prints its address, then answers, line by line:
 *
 * <ul>
 *   <li>{@code exhausted}: waits until no descriptor is left, then the number of connections
 *   <li>{@code turns}: the turns that the loop takes in 200 ms
 *   <li>{@code served}: waits until all connections are closed, then how many there have been
 *   <li>{@code end}: ends
 * </ul>
 */
final class ServerProgram {
    private final Engine engine;
    private final EventLoop loop;
    private long servedBefore;

    private ServerProgram(Engine engine) {
        this.engine = engine;
        this.loop = engine.loops().getFirst();
    }

    public static void main(String[] args) throws Exception {
        final TestTransport transport = TestTransport.valueOf(args[0]);
        try (Engine engine = transport.builder().start();
                Server server =
                        engine.listen("tcp://127.0.0.1:0", c -> c.writer().append(c.reader()));
                var questions = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
            final ServerProgram program = new ServerProgram(engine);
            program.warmUp(server.address());
            System.out.println(server.address());
            String question = questions.readLine();
            while (question != null && !question.equals("end")) {
                System.out.println(program.answer(question));
                question = questions.readLine();
            }
        }
    }

    private void warmUp(Address address) throws Exception {
        loadAll();
        try (Peer peer = Peer.connect(address)) {
            peer.send("ahoy").receive(4);
        }
        isExhausted();
        answer("turns");
        servedBefore = answer("served");
    }

    /** Loads all classes of the core. */
    static void loadAll() throws Exception {
        final URI classes =
                Engine.class.getProtectionDomain().getCodeSource().getLocation().toURI();
        loadAll(Path.of(classes));
    }

    private static void loadAll(Path root) throws Exception {
        try (Stream<Path> files = Files.walk(root.resolve("io"))) {
            for (Path file : files.filter(f -> f.toString().endsWith(".class")).toList()) {
                final String name = root.relativize(file).toString().replace(File.separatorChar, '.');
                Class.forName(
                        name.substring(0, name.length() - ".class".length()),
                        false,
                        ServerProgram.class.getClassLoader());
            }
        }
    }

    private long answer(String question) throws Exception {
        return switch (question) {
            case "exhausted" -> {
                until(ServerProgram::isExhausted);
                // io_uring may have accepted all of them before the loop has seen the first.
                until(() -> engine.connectionCount() > 0);
                yield engine.connectionCount();
            }
            case "turns" -> turnsWithin(Duration.ofMillis(200));
            case "served" -> {
                until(() -> engine.connectionCount() == 0);
                yield loop.stats().connectionsClosed() - servedBefore;
            }
            default -> throw new IllegalArgumentException(question);
        };
    }

    private static boolean isExhausted() {
        try {
            SocketChannel.open().close();
            return false;
        } catch (IOException _) {
            return true;
        }
    }

    /** For ever: who asks has a timeout. */
    private static void until(BooleanSupplier condition) {
        while (!condition.getAsBoolean()) {
            LockSupport.parkNanos(1_000_000);
        }
    }

    private long turnsWithin(Duration time) throws Exception {
        final long before = loop.stats().turns();
        final CompletableFuture<Long> after = new CompletableFuture<>();
        loop.schedule(() -> after.complete(loop.stats().turns()), time);
        return after.get() - before;
    }
}
