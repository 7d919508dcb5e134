// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hawser.buffer.Slice;
import io.hawser.transport.DatagramOptions;
import io.hawser.transport.PeerAddress;
import io.hawser.transport.TransportConfig;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.BindException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.PortUnreachableException;
import java.net.SocketException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;

/** Datagrams over every transport. The peers are sockets of the JDK, or other endpoints. */
@ParameterizedClass
@ValueSource(strings = {"io_uring", "epoll", "nio"})
class DatagramTest {
    private static final long PATIENCE_S = 20;
    private static final int PATIENCE_MS = (int) TimeUnit.SECONDS.toMillis(PATIENCE_S);
    private static final DatagramHandler ECHO = (_, datagram) -> datagram.reply(datagram.reader());
    private static final DatagramHandler DEAF = (_, _) -> {};

    @Parameter
    String transport;

    private final List<Engine> engines = new ArrayList<>();
    private final ArrayDeque<AutoCloseable> resources = new ArrayDeque<>();

    @AfterEach
    void shouldLeaveNothingBehind() throws Exception {
        while (!resources.isEmpty()) {
            resources.pop().close();
        }
        for (Engine engine : engines) {
            engine.close();
            assertThat(engine.pool().leaks()).as("leaks").isEmpty();
        }
    }

    private Engine.Builder builder() {
        return Engine.builder().transport(transport).loops(1);
    }

    private Engine engine(Engine.Builder builder) throws IOException {
        final Engine engine = builder.start();
        engines.add(engine);
        return engine;
    }

    private DatagramServer bind(String address, DatagramOptions options, DatagramHandler handler) throws IOException {
        return engine(builder()).bind(Address.parse(address), options, handler);
    }

    private DatagramServer bind(DatagramHandler handler) throws IOException {
        return bind("udp://127.0.0.1:0", DatagramOptions.DEFAULT, handler);
    }

    private DatagramSocket socket(String host) throws IOException {
        final DatagramSocket socket = new DatagramSocket(new InetSocketAddress(host, 0));
        resources.push(socket);
        socket.setSoTimeout(PATIENCE_MS);
        socket.setSendBufferSize(1 << 18);
        socket.setReceiveBufferSize(1 << 18);
        return socket;
    }

    private DatagramSocket socket() throws IOException {
        return socket("127.0.0.1");
    }

    private static InetSocketAddress addressOf(DatagramServer server) {
        return new InetSocketAddress(server.address().host(), server.address().port());
    }

    private static PeerAddress peer(DatagramSocket socket) {
        return PeerAddress.of((InetSocketAddress) socket.getLocalSocketAddress());
    }

    private static void send(DatagramSocket from, byte[] payload, DatagramServer to) throws IOException {
        send(from, payload, addressOf(to));
    }

    private static void send(DatagramSocket from, byte[] payload, InetSocketAddress to) throws IOException {
        from.send(new DatagramPacket(payload, payload.length, to));
    }

    private static byte[] receive(DatagramSocket socket) throws IOException {
        final DatagramPacket packet = new DatagramPacket(new byte[65_536], 65_536);
        socket.receive(packet);
        return Arrays.copyOf(packet.getData(), packet.getLength());
    }

    private static <T> T await(CompletableFuture<T> future) throws Exception {
        return future.get(PATIENCE_S, TimeUnit.SECONDS);
    }

    private static <T> T next(BlockingQueue<T> queue) throws InterruptedException {
        final T element = queue.poll(PATIENCE_S, TimeUnit.SECONDS);
        assertThat(element).as("waited in vain").isNotNull();
        return element;
    }

    private static DatagramStats stats(DatagramServer server) throws Exception {
        return await(server.stats());
    }

    /** For what nobody announces: asks the loop again and again. */
    private static DatagramStats until(DatagramServer server, Predicate<DatagramStats> condition) throws Exception {
        final long deadlineNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_S);
        while (true) {
            final DatagramStats stats = stats(server);
            if (condition.test(stats)) {
                return stats;
            }
            assertThat(System.nanoTime() - deadlineNs)
                    .as("waited in vain: " + stats)
                    .isNegative();
        }
    }

    @FunctionalInterface
    private interface Task {
        void run(DatagramEndpoint endpoint) throws Exception;
    }

    private static void onLoop(DatagramServer server, Task task) throws Exception {
        onLoop(server.endpoints().getFirst(), task);
    }

    private static void onLoop(DatagramEndpoint endpoint, Task task) throws Exception {
        final CompletableFuture<Void> done = new CompletableFuture<>();
        endpoint.execute(() -> {
            try {
                task.run(endpoint);
                done.complete(null);
            } catch (Throwable t) {
                done.completeExceptionally(t);
            }
        });
        await(done);
    }

    private static byte[] pattern(int length, int seed) {
        final byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) {
            bytes[i] = (byte) (i * 31 + seed);
        }
        return bytes;
    }

    /** What was received, copied. */
    private static final class Copy {
        private final byte[] payload;
        private final PeerAddress sender;
        private final boolean truncated;

        Copy(Datagram datagram) {
            payload = datagram.reader().readBytes(datagram.length());
            sender = datagram.sender().copy();
            truncated = datagram.truncated();
        }

        byte[] payload() {
            return payload;
        }

        String text() {
            return new String(payload, UTF_8);
        }

        PeerAddress sender() {
            return sender;
        }

        boolean truncated() {
            return truncated;
        }
    }

    /** Keeps what is received, and what goes wrong. */
    private static class Recorder implements DatagramHandler {
        final BlockingQueue<Copy> received = new LinkedBlockingQueue<>();
        final BlockingQueue<Throwable> errors = new LinkedBlockingQueue<>();
        final BlockingQueue<CloseCause> closes = new LinkedBlockingQueue<>();

        @Override
        public void onDatagram(DatagramEndpoint endpoint, Datagram datagram) throws Exception {
            received.add(new Copy(datagram));
        }

        @Override
        public void onError(DatagramEndpoint endpoint, Throwable error) {
            errors.add(error);
        }

        @Override
        public void onClose(DatagramEndpoint endpoint, CloseCause cause) {
            closes.add(cause);
        }
    }

    // ---- echo and addresses

    @Test
    void shouldEcho() throws Exception {
        final DatagramServer server = bind(ECHO);
        final DatagramSocket client = socket();
        for (int i = 0; i < 100; i++) {
            final byte[] payload = pattern(1 + i * 7, i);
            send(client, payload, server);
            assertThat(receive(client)).isEqualTo(payload);
        }
        final DatagramStats stats = stats(server);
        assertThat(stats.received()).isEqualTo(100);
        assertThat(stats.sent()).isEqualTo(100);
        assertThat(stats.sentBytes()).isEqualTo(stats.receivedBytes());
        assertThat(stats.dropped() + stats.failed() + stats.refused() + stats.truncated())
                .isZero();
    }

    @Test
    void shouldAnswerEachOfManyClients() throws Exception {
        final DatagramServer server = bind(ECHO);
        final List<DatagramSocket> clients = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            clients.add(socket());
        }
        for (int round = 0; round < 3; round++) {
            for (int i = 0; i < clients.size(); i++) {
                send(clients.get(i), ("round " + round + " client " + i).getBytes(UTF_8), server);
            }
            for (int i = 0; i < clients.size(); i++) {
                assertThat(receive(clients.get(i))).asString(UTF_8).isEqualTo("round " + round + " client " + i);
            }
        }
    }

    @Test
    void shouldTellTheSender() throws Exception {
        final Recorder recorder = new Recorder();
        final DatagramServer server = bind(recorder);
        final DatagramSocket client = socket();
        send(client, new byte[] {1}, server);
        final PeerAddress sender = next(recorder.received).sender();
        assertThat(sender.isIpv4()).isTrue();
        assertThat(sender.toSocketAddress()).isEqualTo(client.getLocalSocketAddress());
        assertThat(sender).isEqualTo(peer(client)).hasToString("127.0.0.1:" + client.getLocalPort());
    }

    @Test
    void shouldTellTheSenderOverIpv6() throws Exception {
        final Recorder recorder = new Recorder();
        final DatagramServer server = bind("udp://[::1]:0", DatagramOptions.DEFAULT, recorder);
        final DatagramSocket client = socket("::1");
        send(client, new byte[] {1}, server);
        final PeerAddress sender = next(recorder.received).sender();
        assertThat(sender.isIpv4()).isFalse();
        assertThat(sender.toSocketAddress())
                .isEqualTo(new InetSocketAddress(InetAddress.ofLiteral("::1"), client.getLocalPort()));
    }

    @Test
    void shouldTakeAMappedSenderForIpv4AndAnswerIt() throws Exception {
        final BlockingQueue<PeerAddress> senders = new LinkedBlockingQueue<>();
        final DatagramServer server = bind("udp://[::]:0", DatagramOptions.DEFAULT, (_, datagram) -> {
            senders.add(datagram.sender().copy());
            datagram.reply(datagram.reader());
        });
        final int port = server.address().port();
        final DatagramSocket fourth = socket();
        send(fourth, new byte[] {4}, new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), port));
        assertThat(receive(fourth)).containsExactly(4);
        assertThat(next(senders).toSocketAddress()).isEqualTo(fourth.getLocalSocketAddress());
        final DatagramSocket sixth = socket("::1");
        send(sixth, new byte[] {6}, new InetSocketAddress(InetAddress.ofLiteral("::1"), port));
        assertThat(receive(sixth)).containsExactly(6);
        assertThat(next(senders).isIpv4()).isFalse();
    }

    @Test
    void shouldHearNoIpv4OnUdp6() throws Exception {
        final Recorder recorder = new Recorder();
        final DatagramServer server = bind("udp6://[::]:0", DatagramOptions.DEFAULT, recorder);
        final int port = server.address().port();
        send(socket(), new byte[] {4}, new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), port));
        send(socket("::1"), new byte[] {6}, new InetSocketAddress(InetAddress.ofLiteral("::1"), port));
        assertThat(next(recorder.received).payload()).containsExactly(6);
        assertThat(recorder.received).isEmpty();
    }

    @Test
    void shouldSendToAnybody() throws Exception {
        final DatagramServer server = bind(DEAF);
        final DatagramSocket a = socket();
        final DatagramSocket b = socket();
        onLoop(server, endpoint -> {
            assertThat(endpoint.send("to a".getBytes(UTF_8), peer(a))).isTrue();
            assertThat(endpoint.send("to b".getBytes(UTF_8), peer(b))).isTrue();
            assertThat(endpoint.send("to a again".getBytes(UTF_8), peer(a))).isTrue();
        });
        assertThat(receive(a)).asString(UTF_8).isEqualTo("to a");
        assertThat(receive(a)).asString(UTF_8).isEqualTo("to a again");
        assertThat(receive(b)).asString(UTF_8).isEqualTo("to b");
    }

    @Test
    void shouldServeOnEachLoopWithReusePort() throws Exception {
        final Engine engine = engine(builder().loops(2));
        final DatagramOptions options =
                DatagramOptions.builder().reusePort(true).build();
        final DatagramServer server = engine.bind(Address.parse("udp://127.0.0.1:0"), options, ECHO);
        assertThat(server.endpoints()).hasSize(2);
        for (int i = 0; i < 50; i++) {
            final DatagramSocket client = socket();
            send(client, new byte[] {(byte) i}, server);
            assertThat(receive(client)).containsExactly(i);
        }
        assertThat(stats(server).received()).isEqualTo(50);
    }

    // ---- sizes

    @Test
    void shouldReportTruncation() throws Exception {
        final Recorder recorder = new Recorder();
        final DatagramServer server = bind(
                "udp://127.0.0.1:0",
                DatagramOptions.builder().maxDatagramBytes(100).build(),
                recorder);
        final DatagramSocket client = socket();
        for (int length : new int[] {99, 100, 101, 5000, 1}) {
            send(client, pattern(length, length), server);
            final Copy copy = next(recorder.received);
            assertThat(copy.truncated()).as("truncated at " + length).isEqualTo(length > 100);
            assertThat(copy.payload()).isEqualTo(Arrays.copyOf(pattern(length, length), Math.min(100, length)));
        }
        assertThat(stats(server).truncated()).isEqualTo(2);
    }

    @Test
    void shouldReceiveAndSendEmptyDatagrams() throws Exception {
        final AtomicInteger length = new AtomicInteger(-1);
        final DatagramServer server = bind((_, datagram) -> {
            length.set(datagram.length());
            datagram.reply(datagram.reader());
            datagram.reply(new byte[0]);
            datagram.reply(new byte[] {1});
        });
        final DatagramSocket client = socket();
        send(client, new byte[0], server);
        assertThat(receive(client)).isEmpty();
        assertThat(receive(client)).isEmpty();
        assertThat(receive(client)).hasSize(1);
        assertThat(length).hasValue(0);
    }

    @Test
    void shouldServeSocketsOfAllSizesOnOneLoop() throws Exception {
        final Engine engine = engine(builder());
        for (int size : new int[] {64, 900, 2048, 9000, 65_507}) {
            final DatagramOptions options =
                    DatagramOptions.builder().maxDatagramBytes(size).build();
            final DatagramServer server = engine.bind(Address.parse("udp://127.0.0.1:0"), options, ECHO);
            final DatagramSocket client = socket();
            for (int i = 0; i < 40; i++) {
                final byte[] payload = pattern(size, i);
                send(client, payload, server);
                assertThat(receive(client)).isEqualTo(payload);
            }
            assertThat(stats(server).truncated()).isZero();
        }
    }

    @Test
    void shouldRefuseWhatNoDatagramCanHold() throws Exception {
        final DatagramServer server = bind(DEAF);
        final PeerAddress to = peer(socket());
        final PeerAddress ipv6 = PeerAddress.of(new InetSocketAddress(InetAddress.ofLiteral("::1"), 9));
        onLoop(server, endpoint -> {
            assertThatThrownBy(() -> endpoint.send(new byte[65_508], to))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("A datagram has at most 65507 bytes, not 65508");
            assertThatThrownBy(() -> endpoint.send(new byte[1], ipv6))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("IPv4");
            assertThatThrownBy(() -> endpoint.send(new byte[1])).isInstanceOf(IllegalStateException.class);
        });
        assertThatThrownBy(() -> server.endpoints().getFirst().send(new byte[1], to))
                .isInstanceOf(IllegalStateException.class);
    }

    // ---- connected clients

    @Test
    void shouldTalkWithOnePeerOnly() throws Exception {
        final DatagramServer server = bind(ECHO);
        final Recorder recorder = new Recorder();
        final DatagramEndpoint client =
                await(engine(builder()).connectDatagram(server.address(), DatagramOptions.DEFAULT, recorder));
        assertThat(client.remoteAddress()).contains(addressOf(server));
        final DatagramSocket stranger = socket();
        send(stranger, "from a stranger".getBytes(UTF_8), client.localAddress());
        onLoop(client, endpoint -> endpoint.send("hello".getBytes(UTF_8)));
        final Copy copy = next(recorder.received);
        assertThat(copy.text()).isEqualTo("hello");
        assertThat(copy.sender().toSocketAddress()).isEqualTo(addressOf(server));
        assertThat(recorder.received).isEmpty();
        onLoop(
                client,
                endpoint -> assertThatThrownBy(() -> endpoint.send(new byte[1], peer(stranger)))
                        .isInstanceOf(IllegalStateException.class));
    }

    @Test
    void shouldReportARefusalAndGoOn() throws Exception {
        final DatagramSocket gone = socket();
        final InetSocketAddress address = (InetSocketAddress) gone.getLocalSocketAddress();
        gone.close();
        final Recorder recorder = new Recorder();
        final DatagramEndpoint client = await(engine(builder())
                .connectDatagram(
                        Address.parse("udp://127.0.0.1:" + address.getPort()), DatagramOptions.DEFAULT, recorder));
        onLoop(client, endpoint -> endpoint.send(new byte[] {1}));
        assertThat(next(recorder.errors)).isInstanceOf(PortUnreachableException.class);
        assertThat(client.isOpen()).isTrue();
        try (DatagramSocket back = new DatagramSocket(address)) {
            back.setSoTimeout(PATIENCE_MS);
            onLoop(client, endpoint -> endpoint.send(new byte[] {2}));
            assertThat(receive(back)).containsExactly(2);
            send(back, new byte[] {3}, client.localAddress());
            assertThat(next(recorder.received).payload()).containsExactly(3);
        }
    }

    @Test
    void shouldReportADatagramThatCannotBeSentAndSendTheOthers() throws Exception {
        final Recorder recorder = new Recorder();
        final DatagramServer server = bind(recorder);
        final DatagramSocket client = socket();
        final PeerAddress nowhere = PeerAddress.of(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 0));
        onLoop(server, endpoint -> {
            endpoint.send(new byte[] {1}, peer(client));
            endpoint.send(new byte[] {2}, nowhere);
            endpoint.send(new byte[] {3}, peer(client));
        });
        assertThat(receive(client)).containsExactly(1);
        assertThat(receive(client)).containsExactly(3);
        assertThat(next(recorder.errors)).isInstanceOf(IOException.class).hasMessageContaining("127.0.0.1");
        final DatagramStats stats = stats(server);
        assertThat(stats.sent()).isEqualTo(2);
        assertThat(stats.failed()).isEqualTo(1);
    }

    // ---- multicast

    @Test
    void shouldReceiveFromAGroupOnAnInterface() throws Exception {
        final NetworkInterface lo = NetworkInterface.getByInetAddress(InetAddress.getLoopbackAddress());
        multicast("udp://0.0.0.0:0", InetAddress.ofLiteral("239.255.77.7"), lo, InetAddress.ofLiteral("127.0.0.1"));
    }

    @Test
    void shouldReceiveFromAnIpv6GroupOnAnInterface() throws Exception {
        // Linux has no IPv6 multicast route on the loopback interface; what goes to ff01::/16 stays on the machine all
        // the same.
        final NetworkInterface multicasting = NetworkInterface.networkInterfaces()
                .filter(each -> each.inetAddresses().anyMatch(Inet6Address.class::isInstance))
                .filter(DatagramTest::supportsMulticast)
                .findFirst()
                .orElseThrow();
        multicast("udp://[::]:0", InetAddress.ofLiteral("ff01::4857"), multicasting, InetAddress.ofLiteral("::1"));
    }

    private static boolean supportsMulticast(NetworkInterface networkInterface) {
        try {
            return networkInterface.isUp() && networkInterface.supportsMulticast();
        } catch (SocketException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void multicast(String any, InetAddress group, NetworkInterface lo, InetAddress loopback) throws Exception {
        final Recorder recorder = new Recorder();
        final DatagramServer member = bind(any, DatagramOptions.DEFAULT, recorder);
        final DatagramOptions options =
                DatagramOptions.builder().multicastInterface(lo).multicastTtl(0).build();
        final DatagramServer from = bind(any, options, DEAF);
        final int port = member.address().port();
        final PeerAddress to = PeerAddress.of(new InetSocketAddress(group, port));
        final PeerAddress direct = PeerAddress.of(new InetSocketAddress(loopback, port));
        onLoop(member, endpoint -> {
            endpoint.join(group, lo);
            assertThatThrownBy(() -> endpoint.join(group, lo)).isInstanceOf(IOException.class);
        });
        onLoop(from, endpoint -> endpoint.send("to the group".getBytes(UTF_8), to));
        assertThat(next(recorder.received).text()).isEqualTo("to the group");
        onLoop(member, endpoint -> {
            endpoint.leave(group, lo);
            assertThatThrownBy(() -> endpoint.leave(group, lo)).isInstanceOf(IOException.class);
            assertThatThrownBy(() -> endpoint.join(InetAddress.getLoopbackAddress(), lo))
                    .isInstanceOf(IOException.class);
        });
        onLoop(from, endpoint -> {
            endpoint.send("to nobody".getBytes(UTF_8), to);
            endpoint.send("to you".getBytes(UTF_8), direct);
        });
        assertThat(next(recorder.received).text()).isEqualTo("to you");
    }

    // ---- bounds

    @Test
    void shouldRefuseToQueueMoreThanTheBoundAndSayWhenThereIsRoom() throws Exception {
        final CompletableFuture<Void> writable = new CompletableFuture<>();
        final DatagramHandler handler = new DatagramHandler() {
            @Override
            public void onDatagram(DatagramEndpoint endpoint, Datagram datagram) {}

            @Override
            public void onWritable(DatagramEndpoint endpoint) {
                writable.complete(null);
            }
        };
        final DatagramServer server = bind(
                "udp://127.0.0.1:0",
                DatagramOptions.builder().maxQueued(10, 1000).build(),
                handler);
        final DatagramSocket client = socket();
        onLoop(server, endpoint -> {
            for (int i = 0; i < 10; i++) {
                assertThat(endpoint.send(new byte[] {(byte) i}, peer(client))).isTrue();
            }
            assertThat(endpoint.send(new byte[] {10}, peer(client))).isFalse();
        });
        await(writable);
        onLoop(server, endpoint -> {
            // One of any length fits into an empty queue, and then no other.
            assertThat(endpoint.send(new byte[1001], peer(client))).isTrue();
            assertThat(endpoint.send(new byte[1], peer(client))).isFalse();
        });
        for (int i = 0; i < 10; i++) {
            assertThat(receive(client)).containsExactly(i);
        }
        assertThat(receive(client)).hasSize(1001);
        final DatagramStats stats = stats(server);
        assertThat(stats.sent()).isEqualTo(11);
        assertThat(stats.refused()).isEqualTo(2);
    }

    @Test
    void shouldCountWhatIsLostOfAFlood() throws Exception {
        final int count = 10_000;
        final Recorder recorder = new Recorder();
        final DatagramServer receiver = bind(recorder);
        final DatagramServer sender = bind(DEAF);
        final PeerAddress to = PeerAddress.of(addressOf(receiver));
        final AtomicInteger taken = new AtomicInteger();
        while (taken.get() < count) {
            onLoop(sender, endpoint -> {
                while (taken.get() < count
                        && endpoint.send(Integer.toString(taken.get()).getBytes(UTF_8), to)) {
                    taken.incrementAndGet();
                }
            });
        }
        assertThat(until(sender, s -> s.sent() == count).failed()).isZero();
        // The JDK does not tell what the kernel drops.
        final boolean counted = !transport.equals("nio");
        final DatagramStats end =
                until(receiver, s -> counted ? s.received() + s.dropped() == count : s.received() > 0);
        assertThat(end.received() + end.dropped()).isLessThanOrEqualTo(count);
        int last = -1;
        for (Copy copy : recorder.received) {
            final int number = Integer.parseInt(copy.text());
            assertThat(number).as("order on one socket of one sender").isGreaterThan(last);
            last = number;
        }
    }

    @Test
    void shouldDropAndCountWhileThereIsNoMemoryAndGoOnAfterwards() throws Exception {
        final Engine engine = engine(builder()
                .limits(Limits.DEFAULT.withBufferMemoryBytes(4 << 20))
                .transportConfig(
                        c -> new TransportConfig(c.blocks(), 1024, c.edgeTriggered(), 16, c.submissionEntries())));
        final List<Slice> kept = Collections.synchronizedList(new ArrayList<>());
        final DatagramOptions options =
                DatagramOptions.builder().receiveBufferBytes(16 * 1024).build();
        final DatagramServer server = engine.bind(Address.parse("udp://127.0.0.1:0"), options, (_, datagram) -> {
            if (datagram.length() == 1) {
                datagram.reply(datagram.reader());
            } else {
                kept.add(datagram.reader().slice(datagram.length()));
            }
        });
        final Task release = _ -> {
            kept.forEach(Slice::close);
            kept.clear();
        };
        final DatagramSocket client = socket();
        int sent = 0;
        while (stats(server).dropped() == 0) {
            for (int i = 0; i < 4; i++) {
                send(client, new byte[1000], server);
            }
            sent += 4;
            final int total = sent;
            // So that none is lost for want of time: each burst is received, or waits for memory.
            if (kept.size() < 500) {
                until(server, s -> s.received() + s.dropped() == total);
            }
            assertThat(sent).as("datagrams for a pool of 4 MiB").isLessThan(100_000);
        }
        final int total = sent;
        assertThat(kept).as("as many as the memory takes").hasSizeGreaterThan(500);
        onLoop(server, release);
        // What waited in the kernel comes now.
        until(server, s -> s.received() + s.dropped() == total);
        onLoop(server, release);
        send(client, new byte[] {1}, server);
        assertThat(receive(client)).containsExactly(1);
    }

    // ---- pausing, failing, closing

    @Test
    void shouldReceiveAfterAPauseWhatCameMeanwhile() throws Exception {
        final Recorder recorder = new Recorder();
        final DatagramServer server = bind(recorder);
        onLoop(server, DatagramEndpoint::pause);
        final DatagramSocket client = socket();
        for (int i = 0; i < 5; i++) {
            send(client, new byte[] {(byte) i}, server);
        }
        onLoop(server, DatagramEndpoint::resume);
        for (int i = 0; i < 5; i++) {
            assertThat(next(recorder.received).payload()).containsExactly(i);
        }
    }

    @Test
    void shouldSurviveAHandlerThatThrows() throws Exception {
        final Recorder recorder = new Recorder() {
            @Override
            public void onDatagram(DatagramEndpoint endpoint, Datagram datagram) {
                datagram.reader().readInt();
                datagram.reply("understood".getBytes(UTF_8));
            }
        };
        final DatagramServer server = bind(recorder);
        final DatagramSocket client = socket();
        send(client, new byte[3], server);
        send(client, new byte[4], server);
        assertThat(receive(client)).asString(UTF_8).isEqualTo("understood");
        assertThat(next(recorder.errors)).isInstanceOf(RuntimeException.class);
        assertThat(recorder.closes).isEmpty();
    }

    @Test
    void shouldCloseOnceWithPacketsInFlight() throws Exception {
        final Recorder recorder = new Recorder();
        final DatagramServer server = bind(recorder);
        final DatagramSocket client = socket();
        final DatagramSocket target = socket();
        final Thread flood = Thread.ofPlatform().daemon().start(() -> {
            try {
                for (int i = 0; i < 20_000; i++) {
                    send(client, new byte[100], server);
                }
            } catch (IOException _) {
                // Nobody listens any more.
            }
        });
        next(recorder.received);
        onLoop(server, endpoint -> {
            endpoint.send("last words".getBytes(UTF_8), peer(target));
            endpoint.close();
            endpoint.close();
            assertThat(endpoint.send(new byte[1], peer(target))).isFalse();
        });
        await(server.closeAsync());
        flood.join();
        assertThat(receive(target)).asString(UTF_8).isEqualTo("last words");
        assertThat(recorder.closes).hasSize(1);
        assertThat(next(recorder.closes).kind()).isEqualTo(CloseCause.Kind.LOCAL);
        assertThat(stats(server).received()).isPositive();
    }

    @Test
    void shouldCloseFromWithinTheHandler() throws Exception {
        final Recorder recorder = new Recorder() {
            @Override
            public void onDatagram(DatagramEndpoint endpoint, Datagram datagram) {
                datagram.reply(datagram.reader());
                endpoint.close();
                assertThat(closes).as("closes before the callback has returned").isEmpty();
            }
        };
        final DatagramServer server = bind(recorder);
        final DatagramSocket client = socket();
        onLoop(server, DatagramEndpoint::pause);
        for (int i = 0; i < 3; i++) {
            send(client, new byte[] {5}, server);
        }
        onLoop(server, DatagramEndpoint::resume);
        assertThat(receive(client)).containsExactly(5);
        assertThat(next(recorder.closes).kind()).isEqualTo(CloseCause.Kind.LOCAL);
        assertThat(recorder.errors).isEmpty();
        assertThat(stats(server).received()).isEqualTo(1);
    }

    @Test
    void shouldFreeTheAddressWhenClosed() throws Exception {
        // An address where nobody else takes a free port, since the port is free for a moment each time.
        final DatagramServer server = bind("udp://127.41.7.1:0", DatagramOptions.DEFAULT, ECHO);
        final Engine engine = server.engine();
        assertThatThrownBy(() -> engine.bind(server.address(), DatagramOptions.DEFAULT, ECHO))
                .isInstanceOf(BindException.class);
        for (int i = 0; i < 50; i++) {
            final DatagramSocket client = socket();
            final DatagramServer again = i == 0 ? server : engine.bind(server.address(), DatagramOptions.DEFAULT, ECHO);
            send(client, new byte[] {(byte) i}, again);
            assertThat(receive(client)).containsExactly(i);
            again.close();
        }
    }

    @Test
    void shouldCloseWithItsEngine() throws Exception {
        final Recorder recorder = new Recorder();
        final DatagramServer server = bind(recorder);
        server.engine().close();
        assertThat(next(recorder.closes).kind()).isEqualTo(CloseCause.Kind.SHUTDOWN);
        assertThatThrownBy(() -> server.engine().bind("udp://127.0.0.1:0", ECHO))
                .isInstanceOf(IOException.class);
    }

    @Test
    void shouldNotOpenIfTheHandlerFails() throws Exception {
        final Recorder recorder = new Recorder() {
            @Override
            public void onOpen(DatagramEndpoint endpoint) {
                throw new IllegalStateException("not today");
            }
        };
        assertThatThrownBy(() -> bind(recorder)).isInstanceOf(IOException.class).hasMessageContaining("not today");
        assertThat(next(recorder.closes).kind()).isEqualTo(CloseCause.Kind.ERROR);
    }

    @Test
    void shouldTellStreamsFromDatagrams() throws Exception {
        final Engine engine = engine(builder());
        assertThatThrownBy(() -> engine.bind("tcp://127.0.0.1:0", ECHO)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> engine.listen("udp://127.0.0.1:0", _ -> {}))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> engine.dial("udp://127.0.0.1:1", _ -> {}))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> await(engine.connectDatagram("udp6://127.0.0.1:1", ECHO)))
                .isInstanceOf(ExecutionException.class)
                .hasCauseInstanceOf(IOException.class);
    }

    // ---- segmentation and coalescing

    @Test
    void shouldSendAndReceiveRunsOfOneLengthAsSingleDatagrams() throws Exception {
        final Recorder recorder = new Recorder();
        final DatagramOptions coalescing = DatagramOptions.builder()
                .coalescing(true)
                .maxDatagramBytes(1000)
                .receiveBufferBytes(1 << 20)
                .build();
        final DatagramServer receiver = bind("udp://127.0.0.1:0", coalescing, recorder);
        final DatagramServer sender = bind(DEAF);
        final PeerAddress to = PeerAddress.of(addressOf(receiver));
        // Equal lengths, more than one message takes; a shorter last one; empty ones between; ones that are cut.
        final List<Integer> lengths = Stream.of(
                        Collections.nCopies(70, 500),
                        List.of(100, 100, 40, 40, 40, 0, 40, 0, 0, 300),
                        Collections.nCopies(5, 1200),
                        List.of(1, 2, 3, 2, 1))
                .flatMap(List::stream)
                .toList();
        onLoop(sender, endpoint -> {
            for (int i = 0; i < lengths.size(); i++) {
                assertThat(endpoint.send(pattern(lengths.get(i), i), to)).isTrue();
            }
        });
        for (int i = 0; i < lengths.size(); i++) {
            final Copy copy = next(recorder.received);
            final int length = lengths.get(i);
            assertThat(copy.payload())
                    .as("datagram " + i)
                    .isEqualTo(Arrays.copyOf(pattern(length, i), Math.min(1000, length)));
            assertThat(copy.truncated()).as("datagram " + i).isEqualTo(length > 1000);
            assertThat(copy.sender().toSocketAddress()).isEqualTo(addressOf(sender));
        }
        assertThat(stats(receiver).received()).isEqualTo(lengths.size());
        assertThat(stats(sender).sent()).isEqualTo(lengths.size());
    }

    @Test
    void shouldKeepSlicesOfCoalescedDatagrams() throws Exception {
        final BlockingQueue<Slice> slices = new LinkedBlockingQueue<>();
        final DatagramOptions coalescing =
                DatagramOptions.builder().coalescing(true).build();
        final DatagramServer receiver = bind(
                "udp://127.0.0.1:0",
                coalescing,
                (_, datagram) -> slices.add(datagram.reader().slice(datagram.length())));
        final DatagramServer sender = bind(DEAF);
        final PeerAddress to = PeerAddress.of(addressOf(receiver));
        onLoop(sender, endpoint -> {
            for (int i = 0; i < 20; i++) {
                endpoint.send(pattern(200, i), to);
            }
        });
        for (int i = 0; i < 20; i++) {
            try (Slice slice = next(slices)) {
                assertThat(slice.readBytes(200)).isEqualTo(pattern(200, i));
            }
        }
    }
}
