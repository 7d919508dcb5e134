// SPDX-License-Identifier: Apache-2.0
package io.hawser.transport.posix;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hawser.linux.CallState;
import io.hawser.linux.Descriptors;
import io.hawser.linux.EventFd;
import io.hawser.linux.Sockets;
import io.hawser.transport.PassedSocket;
import io.hawser.transport.SocketPassing;
import io.hawser.transport.Transports;
import java.io.IOException;
import java.net.BindException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Descriptors on their way over a unix socket. */
@EnabledOnOs(OS.LINUX)
class PosixPassingTest {
    private static final Duration TIME = Duration.ofSeconds(10);
    private static final Duration SHORT = Duration.ofMillis(50);

    @TempDir
    private Path directory;

    private final PosixPassing passing = new PosixPassing();
    private final Deque<AutoCloseable> resources = new ArrayDeque<>();
    private SocketPassing.Listener listener;
    private SocketPassing.Channel client;
    private SocketPassing.Channel server;

    @BeforeEach
    void connect() throws IOException {
        listener = closing(passing.listen(path()));
        client = closing(passing.connect(path()).orElseThrow());
        server = closing(listener.accept().orElseThrow());
    }

    @AfterEach
    void close() throws Exception {
        while (!resources.isEmpty()) {
            resources.pop().close();
        }
    }

    private Path path() {
        return directory.resolve("passing");
    }

    private <T extends AutoCloseable> T closing(T resource) {
        resources.push(resource);
        return resource;
    }

    private PassedSocket own(int fd) {
        assertThat(fd).isNotNegative();
        return closing(new PassedDescriptor(fd));
    }

    private static PassedSocket.Kind kindOf(int domain, int type) {
        try (PassedSocket socket = new PassedDescriptor(Sockets.socket(new CallState(), domain, type, 0))) {
            return socket.kind();
        }
    }

    // ---- passing

    @Test
    void shouldPassSockets() throws Exception {
        client.send(new byte[] {1, 2}, List.of(listener.duplicate(), own(EventFd.create(new CallState()))), TIME);
        final List<PassedSocket> received = new ArrayList<>();
        final byte[] bytes = new byte[4];

        assertThat(server.receive(bytes, 1, 3, received, TIME)).isEqualTo(2);
        received.forEach(this::closing);
        assertThat(bytes).containsExactly(0, 1, 2, 0);
        assertThat(received)
                .extracting(PassedSocket::kind)
                .containsExactly(PassedSocket.Kind.UNIX, PassedSocket.Kind.OTHER);
        assertThat(received.getFirst().localAddress()).contains(UnixDomainSocketAddress.of(path()));
    }

    @Test
    void shouldCloseReceivedDescriptorsOnExec() throws Exception {
        client.send(new byte[1], List.of(listener.duplicate()), TIME);
        final List<PassedSocket> received = new ArrayList<>();
        server.receive(new byte[1], 0, 1, received, TIME);
        final int fd = PassedDescriptor.take(received.getFirst());
        own(fd);

        final String flags = Files.readAllLines(Path.of("/proc/self/fdinfo/" + fd)).stream()
                .filter(line -> line.startsWith("flags:"))
                .findFirst()
                .orElseThrow();
        assertThat(Integer.parseInt(flags.substring(6).strip(), 8) & Sockets.SOCK_CLOEXEC)
                .isNotZero();
    }

    @Test
    void shouldTellTheEndFromSilence() throws Exception {
        assertThatThrownBy(() -> server.receive(new byte[1], 0, 1, new ArrayList<>(), SHORT))
                .isInstanceOf(SocketTimeoutException.class);
        client.close();
        assertThat(server.receive(new byte[1], 0, 1, new ArrayList<>(), TIME)).isEqualTo(-1);
        assertThatThrownBy(() -> server.send(new byte[1], List.of(), TIME)).isInstanceOf(IOException.class);
    }

    @Test
    void shouldNotWaitForWhoDoesNotRead() {
        assertThatThrownBy(() -> client.send(new byte[4 << 20], List.of(), SHORT))
                .isInstanceOf(SocketTimeoutException.class);
    }

    @Test
    void shouldSendMoreThanTheKernelTakesAtOnce() throws Exception {
        final byte[] sent = new byte[4 << 20];
        sent[sent.length - 1] = 42;
        final CompletableFuture<Void> sending = CompletableFuture.runAsync(() -> {
            try {
                client.send(sent, List.of(listener.duplicate()), TIME);
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        });
        final byte[] bytes = new byte[sent.length];
        final List<PassedSocket> received = new ArrayList<>();
        int at = 0;
        while (at < bytes.length) {
            at += server.receive(bytes, at, bytes.length - at, received, TIME);
        }
        received.forEach(this::closing);
        sending.get(10, TimeUnit.SECONDS);
        assertThat(bytes).isEqualTo(sent);
        assertThat(received).as("descriptors, which go once").hasSize(1);
    }

    @Test
    void shouldEndAllWaitingAtAStop() throws Exception {
        final CompletableFuture<Optional<SocketPassing.Channel>> accepting = CompletableFuture.supplyAsync(() -> {
            try {
                return listener.accept();
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        });
        listener.stop();
        assertThat(accepting.get(10, TimeUnit.SECONDS)).isEmpty();
        assertThat(listener.accept()).isEmpty();
        assertThatThrownBy(() -> server.receive(new byte[1], 0, 1, new ArrayList<>(), TIME))
                .isInstanceOf(IOException.class)
                .hasMessage("This process stops");
    }

    // ---- addresses

    @Test
    void shouldLetNobodyElseIn() throws Exception {
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path())))
                .isEqualTo("rw-------");
    }

    @Test
    void shouldFindNobodyWhereNobodyIs() throws Exception {
        assertThat(passing.connect(directory.resolve("nothing"))).isEmpty();
        final Path dead = directory.resolve("dead");
        try (ServerSocketChannel channel = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            channel.bind(UnixDomainSocketAddress.of(dead));
        }
        assertThat(passing.connect(dead)).isEmpty();
    }

    @Test
    void shouldNotListenWhereSomethingIs() {
        assertThatThrownBy(() -> passing.listen(path())).isInstanceOf(BindException.class);
        final Path tooLong = directory.resolve("x".repeat(108));
        assertThatThrownBy(() -> passing.listen(tooLong))
                .isInstanceOf(SocketException.class)
                .hasMessageContaining("too long");
        assertThatThrownBy(() -> passing.connect(tooLong)).isInstanceOf(SocketException.class);
    }

    @Test
    void shouldAdoptAListenerOnly() throws Exception {
        try (SocketPassing.Listener adopted = passing.adopt(listener.duplicate())) {
            listener.close();
            try (SocketPassing.Channel channel = passing.connect(path()).orElseThrow();
                    SocketPassing.Channel accepted = adopted.accept().orElseThrow()) {
                channel.send(new byte[] {7}, List.of(), TIME);
                assertThat(accepted.receive(new byte[1], 0, 1, new ArrayList<>(), TIME))
                        .isEqualTo(1);
            }
        }
        final PassedSocket eventFd = own(EventFd.create(new CallState()));
        assertThatThrownBy(() -> passing.adopt(eventFd)).isInstanceOf(IOException.class);
        assertThatThrownBy(eventFd::kind).as("closed").isInstanceOf(IllegalStateException.class);
    }

    /** As root alone, who can become somebody else. */
    @Test
    void shouldTalkWithProcessesOfItsUserOnly() throws Exception {
        Assumptions.assumeTrue("root".equals(System.getProperty("user.name")), "needs another user");
        Files.setPosixFilePermissions(path(), PosixFilePermissions.fromString("rw-rw-rw-"));
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
        final Process other;
        try {
            other = new ProcessBuilder(
                            "setpriv",
                            "--reuid=65534",
                            "--regid=65534",
                            "--clear-groups",
                            "socat",
                            "-u",
                            "UNIX-CONNECT:" + path(),
                            "STDOUT")
                    .redirectErrorStream(true)
                    .start();
        } catch (IOException e) {
            Assumptions.abort("needs setpriv and socat: " + e.getMessage());
            return;
        }
        final CompletableFuture<Optional<SocketPassing.Channel>> accepting = CompletableFuture.supplyAsync(() -> {
            try {
                return listener.accept();
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        });
        // It is hung up on, and accepting goes on.
        assertThat(other.waitFor(10, TimeUnit.SECONDS)).isTrue();
        assertThat(new String(other.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8))
                .doesNotContain("denied");
        try (SocketPassing.Channel own = passing.connect(path()).orElseThrow();
                SocketPassing.Channel accepted =
                        accepting.get(10, TimeUnit.SECONDS).orElseThrow()) {
            own.send(new byte[] {7}, List.of(), TIME);
            assertThat(accepted.receive(new byte[1], 0, 1, new ArrayList<>(), TIME))
                    .isEqualTo(1);
        }
    }

    // ---- kinds

    @Test
    void shouldTellWhatADescriptorIs() throws Exception {
        assertThat(kindOf(Sockets.AF_INET, Sockets.SOCK_DGRAM)).isEqualTo(PassedSocket.Kind.UDP);
        assertThat(kindOf(Sockets.AF_INET, Sockets.SOCK_STREAM)).isEqualTo(PassedSocket.Kind.OTHER);
        assertThat(kindOf(Sockets.AF_UNIX, Sockets.SOCK_STREAM)).isEqualTo(PassedSocket.Kind.OTHER);
        assertThat(kindOf(Sockets.AF_UNIX, Sockets.SOCK_DGRAM)).isEqualTo(PassedSocket.Kind.OTHER);
        final PassedDescriptor gone = new PassedDescriptor(1_000_000);
        assertThat(gone.kind()).isEqualTo(PassedSocket.Kind.OTHER);
        assertThat(gone.localAddress()).isEmpty();
    }

    @Test
    void shouldShareTheModeOfASocket() throws Exception {
        final PassedDescriptor duplicate = closing((PassedDescriptor) listener.duplicate());
        final int fd = PassedDescriptor.peek(duplicate);
        final CallState state = new CallState();
        assertThat(Sockets.accept(state, fd, 0)).as("EAGAIN").isNegative();
        assertThat(Descriptors.setBlocking(state, fd, true)).isZero();
        try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(path()))) {
            assertThat(channel.isConnected()).isTrue();
            own(Sockets.accept(state, fd, Sockets.SOCK_CLOEXEC));
        }
    }

    @Test
    void shouldSayWhichTransportsCan() throws Exception {
        assertThat(Transports.choose("epoll").passing()).isInstanceOf(PosixPassing.class);
        assertThatThrownBy(() -> Transports.choose("nio").passing())
                .isInstanceOf(IOException.class)
                .hasMessageContaining("The nio transport cannot pass sockets");
    }
}
