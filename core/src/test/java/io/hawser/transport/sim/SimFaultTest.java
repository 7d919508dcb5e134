// SPDX-License-Identifier: Apache-2.0
package io.hawser.transport.sim;

import static io.hawser.transport.sim.SimFixture.SECOND_NS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.hawser.buffer.Buffer;
import io.hawser.transport.ConnectionResetException;
import io.hawser.transport.StreamSocket;
import io.hawser.transport.sim.SimFixture.Sink;
import java.io.IOException;
import java.net.ConnectException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What each fault of the network does; those of loops are in {@code SimulationTest}. */
class SimFaultTest {
    private static final long LATENCY_NS = 100_000;

    private final SimFixture sim = new SimFixture(7);

    @AfterEach
    void shouldLeakNothingAndViolateNothing() {
        assertThat(sim.network.violations()).isEmpty();
        assertThat(sim.pool.usedBytes()).isZero();
        sim.close();
    }

    private Sink connected() throws IOException {
        sim.listen();
        return sim.connected();
    }

    private void strike(SimFault fault) {
        sim.network.fault(fault, 1);
    }

    private void send(Sink sink, int count) throws IOException {
        try (Buffer bytes = sim.bytes(count)) {
            assertThat(sink.send(bytes)).isEqualTo(count);
        }
    }

    @Test
    void shouldDelaySegments() throws IOException {
        final Sink sink = connected();
        strike(SimFault.DELAY);
        send(sink, 10);
        sim.runFor(9 * LATENCY_NS);
        assertThat(sim.served().calls).isEmpty();
        sim.runFor(SECOND_NS);
        assertThat(sim.served().received.size()).isEqualTo(10);
    }

    @Test
    void shouldLetAnotherConnectionOvertakeADelayedOne() throws IOException {
        final Sink first = connected();
        final Sink servedFirst = sim.served();
        final Sink second = sim.connected();
        strike(SimFault.DELAY);
        send(first, 10);
        sim.network.fault(SimFault.DELAY, 0);
        send(second, 10);
        send(first, 10);
        sim.runFor(5 * LATENCY_NS);
        assertThat(sim.served().received.size()).isEqualTo(10);
        assertThat(servedFirst.received.size())
                .as("nothing overtakes within a connection")
                .isZero();
        sim.runFor(SECOND_NS);
        assertThat(servedFirst.received.size()).isEqualTo(20);
    }

    @Test
    void shouldReadLessThanThereIs() throws IOException {
        final Sink sink = connected();
        strike(SimFault.SHORT_READ);
        send(sink, 500);
        sim.runFor(SECOND_NS);
        assertThat(sim.served().received.size()).isEqualTo(500);
        assertThat(sim.served().calls.toString()).hasSizeGreaterThan(2);
    }

    @Test
    void shouldSendLessThanThereIsRoomFor() throws IOException {
        final Sink sink = connected();
        strike(SimFault.SHORT_WRITE);
        try (Buffer bytes = sim.bytes(500)) {
            int sends = 0;
            while (bytes.readableBytes() > 0) {
                assertThat(sink.send(bytes)).isPositive();
                sends++;
            }
            assertThat(sends).isGreaterThan(1);
        }
        sim.runFor(SECOND_NS);
        assertThat(sim.served().received.size()).isEqualTo(500);
    }

    @Test
    void shouldFindNoRoomAndThenSome() throws IOException {
        final Sink sink = connected();
        strike(SimFault.FULL_BUFFER);
        try (Buffer bytes = sim.bytes(10)) {
            assertThat(sink.send(bytes)).isEqualTo(StreamSocket.PENDING);
            sim.runFor(SECOND_NS);
            assertThat(sink.calls).hasToString("CS");
            assertThat(bytes.readableBytes()).isZero();
        }
    }

    @Test
    void shouldCompleteASendLater() throws IOException {
        final Sink sink = connected();
        strike(SimFault.PENDING_SEND);
        try (Buffer bytes = sim.bytes(10)) {
            assertThat(sink.send(bytes)).isEqualTo(StreamSocket.PENDING);
            assertThat(sim.client.isReady()).isTrue();
            sim.client.dispatch();
            assertThat(sink.calls).hasToString("CS");
        }
    }

    @Test
    void shouldCompleteInALaterTurn() throws IOException {
        final Sink sink = connected();
        send(sink, 10);
        sim.network.advanceTo(sim.network.nowNs() + LATENCY_NS);
        sim.network.runDue();
        strike(SimFault.LATE_COMPLETION);
        assertThat(sim.server.dispatch()).isZero();
        sim.server.await(Long.MAX_VALUE);
        assertThat(sim.server.isReady()).isTrue();
        sim.network.fault(SimFault.LATE_COMPLETION, 0);
        assertThat(sim.server.dispatch()).isOne();
    }

    @Test
    void shouldDeliverAfterAPauseWhatWasOnItsWay() throws IOException {
        final Sink sink = connected();
        send(sink, 100);
        sim.network.advanceTo(sim.network.nowNs() + LATENCY_NS);
        sim.network.runDue();
        strike(SimFault.LATE_PAUSE);
        sim.served().socket.receive(false);
        sim.runFor(SECOND_NS);
        final int late = sim.served().received.size();
        assertThat(late).isPositive();
        send(sink, 100);
        sim.runFor(SECOND_NS);
        assertThat(sim.served().received.size()).isEqualTo(late);
    }

    @Test
    void shouldCompleteACloseLater() throws IOException {
        final Sink sink = connected();
        strike(SimFault.LATE_CLOSE);
        sink.socket.close();
        assertThat(sink.calls).hasToString("C");
        sim.client.dispatch();
        assertThat(sink.calls).hasToString("CX");
    }

    @Test
    void shouldWakeUpForNoReason() {
        strike(SimFault.SPURIOUS_WAKEUP);
        sim.client.await(Long.MAX_VALUE);
        sim.network.advanceTo(sim.network.nowNs() + 1);
        assertThat(sim.client.isReady()).isTrue();
    }

    @Test
    void shouldReceiveNothingWithoutABlockAndGoOnWithOne() throws IOException {
        final Sink sink = connected();
        strike(SimFault.NO_BUFFER);
        send(sink, 10);
        sim.runFor(SECOND_NS);
        assertThat(sim.served().calls).isEmpty();
        sim.network.fault(SimFault.NO_BUFFER, 0);
        sim.runFor(SECOND_NS);
        assertThat(sim.served().received.size()).isEqualTo(10);
    }

    @Test
    void shouldResetBothSides() throws IOException {
        final Sink sink = connected();
        strike(SimFault.RESET);
        send(sink, 10);
        sim.runFor(SECOND_NS);
        assertThat(sink.failure).isInstanceOf(ConnectionResetException.class);
        assertThat(sim.served().failure).isInstanceOf(ConnectionResetException.class);
        assertThat(sim.served().received.size()).isZero();
    }

    @Test
    void shouldLeaveAConnectionHalfOpen() throws IOException {
        final Sink sink = connected();
        strike(SimFault.HALF_OPEN);
        send(sink, 10);
        sim.runFor(SimNetwork.GIVE_UP_NS / 2);
        assertThat(sink.calls).hasToString("C");
        sim.runFor(SimNetwork.GIVE_UP_NS);
        assertThat(sink.failure).isInstanceOf(SocketTimeoutException.class);
        assertThat(sim.served().calls).as("who sends nothing never finds out").isEmpty();
    }

    @Test
    void shouldHoldBackWhatCannotPassAPartition() throws IOException {
        final Sink sink = connected();
        sim.network.partition(sim.here, sim.there);
        send(sink, 10);
        final Sink late = sim.connect();
        sim.runFor(SECOND_NS);
        assertThat(sim.served().calls).isEmpty();
        sim.network.heal(sim.here, sim.there);
        sim.runFor(10 * SECOND_NS);
        assertThat(sim.accepts.served.getFirst().received.size()).isEqualTo(10);
        assertThat(late.calls).hasToString("C");
    }

    @Test
    void shouldCutHostsOffAndHealThem() throws IOException {
        final Sink sink = connected();
        strike(SimFault.PARTITION);
        send(sink, 10);
        sim.runFor(2 * LATENCY_NS);
        assertThat(sim.network.areCut(sim.here, sim.there)).isTrue();
        sim.network.fault(SimFault.PARTITION, 0);
        sim.runFor(2 * SimNetwork.GIVE_UP_NS);
        assertThat(sim.network.areCut(sim.here, sim.there)).isFalse();
        // The kernel gave up if that took too long, and it came through if not.
        assertThat(sink.failure == null).isEqualTo(sim.served().received.size() == 10);
    }

    @Test
    void shouldRefuseAConnect() throws IOException {
        sim.listen();
        strike(SimFault.REFUSE);
        final Sink sink = sim.connect();
        sim.runFor(SECOND_NS);
        assertThat(sink.failure).isInstanceOf(ConnectException.class);
    }

    @Test
    void shouldNotAnswerAConnect() throws IOException {
        sim.listen();
        strike(SimFault.NO_ANSWER);
        final Sink sink = sim.connect();
        sim.runFor(SimNetwork.GIVE_UP_NS / 2);
        assertThat(sink.calls).isEmpty();
        sim.runFor(SimNetwork.GIVE_UP_NS);
        assertThat(sink.failure).isInstanceOf(SocketTimeoutException.class);
    }

    @Test
    void shouldHaveNoDescriptorForAConnect() {
        strike(SimFault.NO_DESCRIPTOR);
        assertThatExceptionOfType(SocketException.class).isThrownBy(sim::connect);
    }

    @Test
    void shouldPauseAcceptingWithoutADescriptor() throws IOException {
        final var listener = sim.listen();
        strike(SimFault.ACCEPT_EXHAUSTED);
        sim.connect();
        sim.runFor(SECOND_NS);
        assertThat(sim.accepts.exhausted).hasSize(1);
        assertThat(sim.accepts.served).isEmpty();
        sim.network.fault(SimFault.ACCEPT_EXHAUSTED, 0);
        listener.accept(true);
        sim.runFor(SECOND_NS);
        assertThat(sim.accepts.served).hasSize(1);
    }

    @Test
    void shouldRefuseToRegisterAnAcceptedSocket() throws IOException {
        sim.listen();
        strike(SimFault.ATTACH_FAILS);
        final Sink sink = sim.connect();
        sim.runFor(SECOND_NS);
        assertThat(sim.accepts.refusals).hasSize(1);
        sink.socket.receive(true);
        sim.runFor(SECOND_NS);
        assertThat(sink.calls).hasToString("CE");
    }

    @Test
    void shouldLoseAPeerThatWasAccepted() throws IOException {
        sim.listen();
        strike(SimFault.ACCEPTED_GONE);
        sim.connect();
        sim.runFor(SECOND_NS);
        sim.served().socket.receive(true);
        sim.runFor(SECOND_NS);
        assertThat(sim.served().failure).isInstanceOf(ConnectionResetException.class);
    }

    @Test
    void shouldTellAPausedReceiverOfAResetOrNot() throws IOException {
        final Sink sink = connected();
        final Sink other = sim.served();
        other.socket.receive(false);
        sink.socket.abort();
        sim.runFor(SECOND_NS);
        assertThat(other.calls).isEmpty();
        other.socket.receive(true);
        sim.runFor(SECOND_NS);
        assertThat(other.calls).hasToString("F");

        strike(SimFault.RESET_WHILE_PAUSED);
        final Sink second = sim.connected();
        sim.served().socket.receive(false);
        second.socket.abort();
        sim.runFor(SECOND_NS);
        assertThat(sim.served().calls).hasToString("F");
    }

    @Test
    void shouldDeliverBytesBeforeAResetUnlessItOvertakesThem() throws IOException {
        final Sink sink = connected();
        send(sink, 10);
        sink.socket.abort();
        sim.runFor(SECOND_NS);
        assertThat(sim.served().calls).hasToString("RF");

        final Sink second = sim.connected();
        sim.served().socket.receive(false);
        send(second, 10);
        second.socket.abort();
        sim.runFor(SECOND_NS);
        strike(SimFault.RESET_OVERTAKES);
        sim.served().socket.receive(true);
        sim.runFor(SECOND_NS);
        assertThat(sim.served().calls).hasToString("F");
    }
}
