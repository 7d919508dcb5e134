// SPDX-License-Identifier: Apache-2.0
package io.hawser.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.URI;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** {@code hawser serve --takeover}: real processes take each other's place while clients connect, echo and disconnect. */
@EnabledOnOs(value = OS.LINUX, disabledReason = "passes sockets by SCM_RIGHTS")
class TakeoverProcessTest {
    private static final long PATIENCE_SECONDS = 60;

    @TempDir
    private Path directory;

    private final List<Serving> started = new ArrayList<>();

    @AfterEach
    void endAll() {
        started.forEach(serving -> serving.process.destroyForcibly());
    }

    /** The options of processes that follow each other. */
    record Chain(String name, List<List<String>> generations) {
        @Override
        public String toString() {
            return name;
        }
    }

    static Stream<Chain> chains() {
        final List<String> uring = List.of("--transport", "io_uring", "--loops", "2");
        final List<String> epoll = List.of("--transport", "epoll", "--loops", "2");
        final List<Chain> chains = new ArrayList<>();
        if (Cli.transports().contains("io_uring")) {
            chains.add(new Chain("io_uring", List.of(uring, uring, uring, uring)));
            chains.add(new Chain("io_uring, a socket for each loop", reusePort(List.of(uring, uring, uring, uring))));
            chains.add(new Chain("io_uring and epoll in turn", List.of(uring, epoll, uring, epoll)));
        }
        chains.add(new Chain("epoll", List.of(epoll, epoll, epoll, epoll)));
        chains.add(new Chain("epoll, a socket for each loop", reusePort(List.of(epoll, epoll, epoll, epoll))));
        chains.add(new Chain(
                "epoll, from 3 loops to 1, 2 and 3", reusePort(List.of(loops(3), loops(1), loops(2), loops(3)))));
        return chains.stream();
    }

    private static List<String> loops(int count) {
        return List.of("--transport", "epoll", "--loops", String.valueOf(count));
    }

    private static List<List<String>> reusePort(List<List<String>> generations) {
        return generations.stream()
                .map(options -> Stream.concat(options.stream(), Stream.of("--reuse-port"))
                        .toList())
                .toList();
    }

    @ParameterizedTest
    @MethodSource("chains")
    void shouldRefuseAndResetNobody(Chain chain) throws Exception {
        final Path unix = directory.resolve("echo.sock");
        Serving current = start(chain.generations().getFirst(), "tcp://127.0.0.1:0", "unix://" + unix);
        final URI tcp = current.nextListening();
        assertThat(current.nextListening()).isEqualTo(URI.create("unix://" + unix));
        try (Load load =
                new Load(new InetSocketAddress(tcp.getHost(), tcp.getPort()), UnixDomainSocketAddress.of(unix))) {
            load.awaitMore(200);
            for (List<String> options : chain.generations().subList(1, 4)) {
                final long before = current.process.pid();
                final Serving next = start(options, "tcp://127.0.0.1:0", "unix://" + unix);
                assertThat(next.nextListening()).isEqualTo(tcp);
                assertThat(next.nextListening()).isEqualTo(URI.create("unix://" + unix));
                assertThat(current.exitCode()).isZero();
                assertThat(next.awaitErr("took over")).matches("took over [2-4] sockets from process " + before);
                load.awaitMore(200);
                current = next;
            }
        }
        assertThat(unix).exists();
        assertThat(current.process.toHandle().destroy()).isTrue();
        assertThat(current.exitCode()).isZero();
        assertThat(unix).doesNotExist();
        assertThat(directory.resolve("restart")).doesNotExist();
    }

    @Test
    void shouldLetConnectionsEndAndSayWhatItDoes() throws Exception {
        final String unix = "unix://" + directory.resolve("echo.sock");
        final Serving old = start(List.of("--drain", "60"), "tcp://127.0.0.1:0", unix);
        final URI tcp = old.nextListening();
        try (SocketChannel client = SocketChannel.open(new InetSocketAddress(tcp.getHost(), tcp.getPort()))) {
            exchange(client, new byte[] {1, 2, 3});
            final Serving fresh = start(List.of(), tcp.toString(), "tcp://127.0.0.1:0");
            assertThat(fresh.nextListening()).isEqualTo(tcp);
            assertThat(fresh.nextListening()).isNotEqualTo(tcp);
            assertThat(fresh.awaitErr("took over")).isEqualTo("took over 1 socket from process " + old.process.pid());
            assertThat(fresh.awaitErr("closed"))
                    .isEqualTo("closed " + unix + ", at which it served and this process is not to");
            // the old process learns of this in its own time: it counts connections when it does, not when the fresh
            // one serves
            assertThat(old.awaitErr("handed over"))
                    .isEqualTo("handed over to process " + fresh.process.pid() + ", draining 1 connection");
            exchange(client, new byte[] {4, 5});
            assertThat(old.process.isAlive()).isTrue();
            client.shutdownOutput();
            assertThat(client.read(ByteBuffer.allocate(1))).isEqualTo(-1);
            assertThat(old.exitCode()).isZero();
            assertThat(old.errLines()).contains("drained");
        }
    }

    @Test
    void shouldCloseIdleConnectionsOfHttpAtOnce() throws Exception {
        final Serving old = start(List.of("--drain", "60"), "http://127.0.0.1:0");
        final URI http = old.nextListening();
        try (SocketChannel client = SocketChannel.open(new InetSocketAddress(http.getHost(), http.getPort()))) {
            client.write(StandardCharsets.US_ASCII.encode("GET /plaintext HTTP/1.1\r\nHost: a\r\n\r\n"));
            final StringBuilder answer = new StringBuilder();
            final ByteBuffer received = ByteBuffer.allocate(1000);
            while (!answer.toString().endsWith("Hello, World!")) {
                assertThat(client.read(received.clear())).isPositive();
                answer.append(StandardCharsets.US_ASCII.decode(received.flip()));
            }
            final Serving fresh = start(List.of(), http.toString());
            assertThat(fresh.nextListening()).isEqualTo(http);

            assertThat(client.read(received.clear())).isEqualTo(-1);
            assertThat(old.exitCode()).isZero();
            assertThat(old.errLines()).contains("drained");
        }
    }

    @Test
    void shouldCloseConnectionsThatDoNotEndInTime() throws Exception {
        final Serving old = start(List.of("--drain", "1"), "tcp://127.0.0.1:0");
        final URI tcp = old.nextListening();
        try (SocketChannel client = SocketChannel.open(new InetSocketAddress(tcp.getHost(), tcp.getPort()))) {
            exchange(client, new byte[] {1, 2, 3});
            start(List.of(), tcp.toString()).nextListening();

            assertThat(client.read(ByteBuffer.allocate(1))).isEqualTo(-1);
            assertThat(old.exitCode()).isZero();
            assertThat(old.errLines()).contains("closing what is left: 1 connection");
        }
    }

    /** A successor that is killed before it is ready leaves no trace. */
    @Test
    void shouldGoOnIfItsSuccessorFails() throws Exception {
        final Serving old = start(List.of(), "tcp://127.0.0.1:0");
        final URI tcp = old.nextListening();

        final Serving failing = start(List.of(), tcp.toString(), "unix:///nowhere/at/all");
        assertThat(failing.exitCode()).isEqualTo(1);
        assertThat(failing.errLines()).anyMatch(line -> line.contains("Cannot listen on unix:///nowhere/at/all"));
        try (SocketChannel client = SocketChannel.open(new InetSocketAddress(tcp.getHost(), tcp.getPort()))) {
            exchange(client, new byte[] {1, 2, 3});
        }
        assertThat(start(List.of(), tcp.toString()).nextListening()).isEqualTo(tcp);
        assertThat(old.exitCode()).isZero();
    }

    private static void exchange(SocketChannel client, byte[] bytes) throws IOException {
        client.write(ByteBuffer.wrap(bytes));
        final ByteBuffer echo = ByteBuffer.allocate(bytes.length);
        while (echo.hasRemaining()) {
            assertThat(client.read(echo)).isPositive();
        }
        assertThat(echo.array()).isEqualTo(bytes);
    }

    private Serving start(List<String> options, String... addresses) throws IOException {
        final Serving serving = new Serving(directory, options, addresses);
        started.add(serving);
        return serving;
    }

    /** A server process. */
    private static final class Serving {
        final Process process;
        private final List<String> err = new ArrayList<>();
        private final Thread errReader;
        private final BufferedReader out;

        Serving(Path directory, List<String> options, String... addresses) throws IOException {
            final List<String> command = new ArrayList<>(List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-Xlog:disable",
                    "-XX:TieredStopAtLevel=1",
                    "-Dhawser.checked=true",
                    "--illegal-native-access=deny",
                    "--enable-native-access=ALL-UNNAMED",
                    "-cp",
                    System.getProperty("java.class.path"),
                    Main.class.getName(),
                    "serve",
                    "--takeover",
                    directory.resolve("restart").toString()));
            command.addAll(options);
            command.addAll(List.of(addresses));
            process = new ProcessBuilder(command).start();
            out = process.inputReader(StandardCharsets.UTF_8);
            errReader = Thread.startVirtualThread(this::readErr);
        }

        private void readErr() {
            try (BufferedReader reader = process.errorReader(StandardCharsets.UTF_8)) {
                for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                    synchronized (err) {
                        err.add(line);
                        err.notifyAll();
                    }
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        /** The first line that starts so, once the process has said it. */
        String awaitErr(String start) throws InterruptedException {
            final long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
            synchronized (err) {
                while (true) {
                    for (String line : err) {
                        if (line.startsWith(start)) {
                            return line;
                        }
                    }
                    final long millis = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
                    assertThat(millis)
                            .as("patience with a process that says %s", err)
                            .isPositive();
                    err.wait(millis);
                }
            }
        }

        URI nextListening() throws IOException, InterruptedException {
            final String line = out.readLine();
            assertThat(line).as("of a process that says %s", errLines()).startsWith("listening ");
            return URI.create(line.substring("listening ".length()));
        }

        /** What it has said until now; all of it, once it has ended. */
        List<String> errLines() throws InterruptedException {
            if (!process.isAlive()) {
                assertThat(errReader.join(Duration.ofSeconds(PATIENCE_SECONDS))).isTrue();
            }
            synchronized (err) {
                return List.copyOf(err);
            }
        }

        int exitCode() throws InterruptedException {
            assertThat(process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS))
                    .as("has ended")
                    .isTrue();
            return process.exitValue();
        }
    }

    /** Clients that connect, have some bytes echoed, and hang up, over and over, until this is closed; then none of them may have failed. */
    private static final class Load implements AutoCloseable {
        private static final int CLIENTS_EACH = 3;
        private static final int MAX_BYTES = 20_000;

        private final AtomicBoolean over = new AtomicBoolean();
        private final AtomicLong exchanges = new AtomicLong();
        private final List<CompletableFuture<Void>> clients = new ArrayList<>();

        Load(SocketAddress... servers) {
            for (SocketAddress server : servers) {
                for (int i = 0; i < CLIENTS_EACH; i++) {
                    final Random random = new Random(i);
                    final CompletableFuture<Void> client = new CompletableFuture<>();
                    clients.add(client);
                    Thread.ofPlatform().daemon().name("test-client").start(() -> run(server, random, client));
                }
            }
        }

        private void run(SocketAddress server, Random random, CompletableFuture<Void> client) {
            try {
                while (!over.get()) {
                    final byte[] bytes = new byte[1 + random.nextInt(MAX_BYTES)];
                    random.nextBytes(bytes);
                    try (SocketChannel channel = SocketChannel.open(server)) {
                        exchange(channel, bytes);
                        channel.shutdownOutput();
                        assertThat(channel.read(ByteBuffer.allocate(1)))
                                .as("end of stream")
                                .isEqualTo(-1);
                    }
                    exchanges.incrementAndGet();
                }
                client.complete(null);
            } catch (Throwable t) {
                client.completeExceptionally(t);
            }
        }

        /** Waits until {@code count} more of them are done, or one has failed. */
        void awaitMore(int count) {
            final long target = exchanges.get() + count;
            final long deadlineNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
            while (exchanges.get() < target && clients.stream().noneMatch(CompletableFuture::isDone)) {
                assertThat(System.nanoTime() - deadlineNs)
                        .as("waited in vain for the clients")
                        .isNegative();
                LockSupport.parkNanos(1_000_000);
            }
        }

        @Override
        public void close() {
            over.set(true);
            clients.forEach(client ->
                    client.orTimeout(PATIENCE_SECONDS, TimeUnit.SECONDS).join());
        }
    }
}
