// SPDX-License-Identifier: Apache-2.0
package io.hawser.transport.sim;

import static io.hawser.transport.sim.SimFixture.SECOND_NS;
import static io.hawser.transport.sim.SimFixture.SERVER;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.hawser.buffer.Buffer;
import io.hawser.transport.ConnectionResetException;
import io.hawser.transport.SocketOptions;
import io.hawser.transport.StreamSocket;
import io.hawser.transport.sim.SimFixture.Sink;
import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.NoRouteToHostException;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ClosedChannelException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The contract of the SPI, as every transport has to keep it; and what the simulation notices of those who do not. */
class SimTransportTest {
    private final SimFixture sim = new SimFixture(1);

    @AfterEach
    void shouldLeakNothing() {
        assertThat(sim.pool.usedBytes()).isZero();
        sim.close();
    }

    @Test
    void shouldConnectNotBeforeConnectHasReturned() throws IOException {
        sim.listen();
        final Sink sink = sim.connect();
        assertThat(sink.calls).isEmpty();
        sim.runFor(SECOND_NS);
        assertThat(sink.calls).hasToString("C");
        assertThat(sim.served().calls).isEmpty();
        assertThat(sim.served().socket.remoteAddress()).isEqualTo(sink.socket.localAddress());
        assertThat(sink.socket.remoteAddress()).contains(SERVER);
    }

    @Test
    void shouldCarryBytesBothWaysInOrder() throws IOException {
        sim.listen();
        final Sink sink = sim.connected();
        try (Buffer there = sim.bytes(3000);
                Buffer back = sim.bytes(2000)) {
            sink.send(there);
            sim.served().send(back);
            sim.runFor(SECOND_NS);
        }
        assertThat(sim.served().received.toByteArray()).hasSize(3000).startsWith(0, 1, 2);
        assertThat(sink.received.toByteArray()).hasSize(2000).startsWith(0, 1, 2);
    }

    @Test
    void shouldReceiveNothingWhilePaused() throws IOException {
        sim.listen();
        final Sink sink = sim.connected();
        sim.served().socket.receive(false);
        try (Buffer bytes = sim.bytes(100)) {
            sink.send(bytes);
        }
        sim.runFor(SECOND_NS);
        assertThat(sim.served().calls).isEmpty();
        sim.served().socket.receive(true);
        sim.runFor(SECOND_NS);
        assertThat(sim.served().received.size()).isEqualTo(100);
    }

    @Test
    void shouldHoldTheSenderBackByTheWindowAndSendOnLater() throws IOException {
        sim.listen();
        sim.network.socketBufferBytes(1000);
        final Sink sink = sim.connected();
        sim.served().socket.receive(false);
        try (Buffer bytes = sim.bytes(5000)) {
            while (sink.send(bytes) != StreamSocket.PENDING) {
                sim.runFor(SECOND_NS);
            }
            assertThat(bytes.readableBytes()).isGreaterThanOrEqualTo(2000);
            sim.served().socket.receive(true);
            sim.runFor(SECOND_NS);
            assertThat(sink.calls).hasToString("CS");
            assertThat(sim.served().received.size()).isEqualTo(5000 - (int) bytes.readableBytes());
        }
    }

    @Test
    void shouldDeliverWhatIsInFlightBeforeTheEnd() throws IOException {
        sim.listen();
        final Sink sink = sim.connected();
        try (Buffer bytes = sim.bytes(3000)) {
            sink.send(bytes);
        }
        sink.socket.shutdownOutput();
        sim.runFor(SECOND_NS);
        assertThat(sim.served().received.size()).isEqualTo(3000);
        assertThat(sim.served().calls.toString()).matches("R+E");
    }

    @Test
    void shouldEndTheInputOnTheOtherSideOfAClose() throws IOException {
        sim.listen();
        final Sink sink = sim.connected();
        sink.socket.close();
        assertThat(sink.calls).hasToString("CX");
        sink.socket.close();
        sim.runFor(SECOND_NS);
        assertThat(sink.calls).hasToString("CX");
        assertThat(sim.served().calls).hasToString("E");
    }

    @Test
    void shouldResetThePeerOfAnAbort() throws IOException {
        sim.listen();
        final Sink sink = sim.connected();
        sink.socket.abort();
        sim.runFor(SECOND_NS);
        assertThat(sim.served().calls).hasToString("F");
        assertThat(sim.served().failure).isInstanceOf(ConnectionResetException.class);
        sim.served().socket.close();
        assertThat(sim.served().calls).hasToString("FX");
    }

    /** RFC 2525, 2.17. */
    @Test
    void shouldResetThePeerOfACloseWithUnreadBytes() throws IOException {
        sim.listen();
        final Sink sink = sim.connected();
        sim.served().socket.receive(false);
        try (Buffer bytes = sim.bytes(10)) {
            sink.send(bytes);
        }
        sim.runFor(SECOND_NS);
        sim.served().socket.close();
        sim.runFor(SECOND_NS);
        assertThat(sink.failure).isInstanceOf(ConnectionResetException.class);
    }

    @Test
    void shouldResetWhoSendsToAClosedSocket() throws IOException {
        sim.listen();
        final Sink sink = sim.connected();
        sim.served().socket.close();
        sim.runFor(SECOND_NS);
        assertThat(sink.calls).hasToString("CE");
        try (Buffer bytes = sim.bytes(10)) {
            sink.send(bytes);
            sim.runFor(SECOND_NS);
            assertThat(sink.failure).isInstanceOf(ConnectionResetException.class);
            assertThatExceptionOfType(ClosedChannelException.class).isThrownBy(() -> sink.send(sim.bytes(0)));
        }
    }

    @Test
    void shouldRefuseWhereNobodyListens() throws IOException {
        final Sink sink = sim.connect();
        sim.runFor(SECOND_NS);
        assertThat(sink.calls).hasToString("F");
        assertThat(sink.failure).isInstanceOf(ConnectException.class).hasMessageContaining("refused");
    }

    @Test
    void shouldHaveNoRouteToAHostThatIsNotThere() throws IOException {
        final Sink sink = new Sink();
        sink.socket = sim.client.connect(new InetSocketAddress("10.9.9.9", 1), SocketOptions.DEFAULT, sink);
        sim.runFor(SECOND_NS);
        assertThat(sink.failure).isInstanceOf(NoRouteToHostException.class);
    }

    @Test
    void shouldResetTheBacklogOfAListenerThatCloses() throws IOException {
        final var listener = sim.listen();
        listener.accept(false);
        final Sink sink = sim.connect();
        sim.runFor(SECOND_NS);
        sink.socket.receive(true);
        listener.close();
        sim.runFor(SECOND_NS);
        assertThat(sink.calls).hasToString("CF");
        assertThat(sim.accepts.served).isEmpty();
    }

    @Test
    void shouldAcceptLaterWhatFoundTheBacklogFull() throws IOException {
        final var listener = sim.server.listen(SERVER, SocketOptions.DEFAULT.withBacklog(1), sim.accepts);
        final Sink first = sim.connect();
        final Sink second = sim.connect();
        sim.runFor(SECOND_NS / 2);
        assertThat(first.calls.toString() + second.calls).isEqualTo("C");
        listener.accept(true);
        sim.runFor(10 * SECOND_NS);
        assertThat(first.calls.toString() + second.calls).isEqualTo("CC");
    }

    @Test
    void shouldBindAnAddressOnceUnlessThePortIsShared() throws IOException {
        final SocketOptions shared = SocketOptions.DEFAULT.withReusePort(true);
        sim.server.listen(SERVER, shared, sim.accepts);
        sim.server.listen(SERVER, shared, sim.accepts);
        assertThatExceptionOfType(BindException.class)
                .isThrownBy(() -> sim.server.listen(SERVER, SocketOptions.DEFAULT, sim.accepts))
                .withMessageContaining("in use");
    }

    @Test
    void shouldBindOnlyAddressesOfTheHost() {
        assertThatExceptionOfType(BindException.class)
                .isThrownBy(() -> sim.client.listen(SERVER, SocketOptions.DEFAULT, sim.accepts));
        assertThatExceptionOfType(BindException.class)
                .isThrownBy(() ->
                        sim.client.listen(UnixDomainSocketAddress.of("/tmp/no"), SocketOptions.DEFAULT, sim.accepts));
    }

    @Test
    void shouldPickAPortIfNoneIsGiven() throws IOException {
        final var listener =
                sim.server.listen(new InetSocketAddress("10.0.0.1", 0), SocketOptions.DEFAULT, sim.accepts);
        assertThat(((InetSocketAddress) listener.localAddress()).getPort()).isPositive();
    }

    @Test
    void shouldWakeUpTheNextWaitIfThereIsNone() {
        sim.client.dispatch();
        sim.client.wakeup();
        sim.client.await(Long.MAX_VALUE);
        assertThat(sim.client.isReady()).isTrue();
        sim.client.dispatch();
        sim.client.await(Long.MAX_VALUE);
        assertThat(sim.client.isReady()).isFalse();
    }

    @Test
    void shouldWaitAsLongAsItIsTold() {
        sim.client.await(1000);
        assertThat(sim.client.isReady()).isFalse();
        sim.network.advanceTo(sim.network.nowNs() + 1000);
        assertThat(sim.client.isReady()).isTrue();
    }

    // ---- what its users must keep

    @Test
    void shouldNoticeASecondSendWhileOneIsPending() throws IOException {
        sim.listen();
        sim.network.fault(SimFault.PENDING_SEND, 1);
        final Sink sink = sim.connected();
        try (Buffer bytes = sim.bytes(10)) {
            sink.send(bytes);
            assertThatExceptionOfType(IllegalStateException.class).isThrownBy(() -> sink.send(bytes));
        }
        assertThat(sim.network.violations()).singleElement().asString().contains("pending");
    }

    @Test
    void shouldNoticeChangedBytesOfAPendingSend() throws IOException {
        sim.listen();
        sim.network.fault(SimFault.PENDING_SEND, 1);
        final Sink sink = sim.connected();
        try (Buffer bytes = sim.bytes(10)) {
            sink.send(bytes);
            bytes.skip(1);
            sim.runFor(SECOND_NS);
        }
        assertThat(sim.network.violations()).singleElement().asString().contains("changed");
    }

    @Test
    void shouldNoticeAUseAfterTheClose() throws IOException {
        sim.listen();
        final Sink sink = sim.connected();
        sink.socket.close();
        assertThatExceptionOfType(ClosedChannelException.class).isThrownBy(sink.socket::shutdownOutput);
        assertThat(sim.network.violations()).singleElement().asString().contains("CLOSED");
    }

    @Test
    void shouldNoticeASendBehindTheEnd() throws IOException {
        sim.listen();
        final Sink sink = sim.connected();
        sink.socket.shutdownOutput();
        try (Buffer bytes = sim.bytes(10)) {
            assertThatExceptionOfType(IOException.class).isThrownBy(() -> sink.send(bytes));
        }
        assertThat(sim.network.violations()).hasSize(1);
    }

    @Test
    void shouldNoticeSocketsThatAreOpenAtTheEnd() throws IOException {
        sim.listen();
        sim.connected();
        sim.client.close();
        assertThat(sim.network.violations()).singleElement().asString().contains("1 streams");
        assertThat(sim.network.openSockets()).isEqualTo(3);
    }

    @Test
    void shouldNoticeAUseOutsideOfTheOwnTurn() throws IOException {
        sim.listen();
        final Sink sink = sim.connected();
        sim.network.enter(sim.server);
        sink.socket.receive(false);
        sim.network.leave();
        assertThat(sim.network.violations()).singleElement().asString().contains("elsewhere");
    }
}
