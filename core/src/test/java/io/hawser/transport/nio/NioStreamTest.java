// SPDX-License-Identifier: Apache-2.0
package io.hawser.transport.nio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hawser.buffer.Block;
import io.hawser.buffer.Buffer;
import io.hawser.transport.ConnectionResetException;
import io.hawser.transport.SocketOptions;
import io.hawser.transport.StreamSocket;
import java.io.IOException;
import java.net.SocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class NioStreamTest {
    private final RecordingSink sink = new RecordingSink();
    private NioFixture nio;
    private SocketChannel peer;
    private StreamSocket stream;

    @BeforeEach
    void open() throws IOException {
        nio = new NioFixture();
        peer = nio.connectRaw();
        stream = nio.attach(sink);
    }

    @AfterEach
    void close() throws IOException {
        stream.close();
        peer.close();
        nio.close();
    }

    @Test
    void shouldKeepBytesAndFinForLaterWhilePausedWithoutBeingReady() throws IOException {
        stream.receive(true);
        nio.turns(1);
        stream.receive(false);
        NioFixture.write(peer, "hello");
        peer.shutdownOutput();
        for (int i = 0; i < 5; i++) {
            nio.transport.await(0);
            assertThat(nio.transport.readyCount()).isZero();
        }
        assertThat(sink.events).isEmpty();

        stream.receive(true);
        nio.until(() -> sink.events.contains("inputEnded"));

        assertThat(sink.events).containsExactly("received", "inputEnded");
        assertThat(sink.bytes).hasToString("hello");
    }

    @Test
    void shouldNotDeliverEventThatWasCollectedBeforeThePause() throws IOException {
        stream.receive(true);
        NioFixture.write(peer, "hello");
        nio.transport.await(Long.MAX_VALUE);

        stream.receive(false);

        assertThat(nio.transport.dispatch()).isZero();
        stream.receive(true);
        nio.until(() -> sink.bytes.size() == 5);
    }

    @Test
    void shouldStopInTheMiddleOfTurnWhenPaused() throws IOException {
        NioFixture.write(peer, "x".repeat(8 * NioFixture.READ_BLOCK_BYTES));
        sink.onReceived = () -> stream.receive(false);
        stream.receive(true);

        nio.turns(5);

        assertThat(sink.events).containsExactly("received");
    }

    @Test
    void shouldReceiveAtMostItsQuotaInOneTurn() throws IOException {
        int blocks = 2 * NioStream.BLOCKS_PER_TURN + 2;
        NioFixture.write(peer, "x".repeat(blocks * nio.blockCapacity()));
        stream.receive(true);
        nio.transport.await(Long.MAX_VALUE);

        assertThat(nio.transport.dispatch()).isEqualTo(NioStream.BLOCKS_PER_TURN);
        assertThat(sink.count("received")).isEqualTo(NioStream.BLOCKS_PER_TURN);
        nio.until(() -> sink.bytes.size() == blocks * nio.blockCapacity());
    }

    @Test
    void shouldWaitForBlockWhilePoolIsAtItsCapAndNotSpin() throws IOException {
        List<Block> taken = nio.takeAllBlocks();
        stream.receive(true);
        NioFixture.write(peer, "hello");
        peer.shutdownOutput();
        nio.turns(1);
        assertThat(sink.events).isEmpty();
        for (int i = 0; i < 3; i++) {
            nio.transport.await(0);
            assertThat(nio.transport.readyCount()).isZero();
            assertThat(nio.transport.dispatch()).isZero();
        }

        taken.forEach(Block::release);
        // Nobody announces a released block: a wait for ever must end by itself.
        nio.transport.await(Long.MAX_VALUE);
        nio.transport.dispatch();
        nio.until(() -> sink.events.contains("inputEnded"));

        assertThat(sink.events).containsExactly("received", "inputEnded");
        assertThat(sink.bytes).hasToString("hello");
    }

    @Test
    void shouldForgetStreamThatIsClosedOrPausedWhileItWaitsForBlock() throws IOException {
        RecordingSink pausedSink = new RecordingSink();
        try (SocketChannel pausedPeer = nio.connectRaw()) {
            StreamSocket paused = nio.attach(pausedSink);
            List<Block> taken = nio.takeAllBlocks();
            stream.receive(true);
            paused.receive(true);
            NioFixture.write(peer, "hello");
            NioFixture.write(pausedPeer, "hello");
            nio.turns(2);

            stream.close();
            paused.receive(false);
            taken.forEach(Block::release);
            nio.turns(3);

            assertThat(sink.events).containsExactly("closed");
            assertThat(pausedSink.events).isEmpty();
            paused.receive(true);
            nio.until(() -> pausedSink.bytes.size() == 5);
            paused.close();
        }
    }

    @Test
    void shouldReportResetWhileReceiving() throws IOException {
        SocketAddress remote = peer.getLocalAddress();
        stream.receive(true);
        NioFixture.write(peer, "last");
        nio.until(() -> sink.bytes.size() == 4);

        NioFixture.reset(peer);
        nio.until(() -> sink.events.contains("failed"));
        nio.transport.await(0);
        assertThat(nio.transport.readyCount()).isZero();

        assertThat(sink.failures).singleElement().isInstanceOf(ConnectionResetException.class);
        assertThat(stream.remoteAddress()).contains(remote);
        nio.turns(3);
        stream.close();
        assertThat(stream.remoteAddress()).contains(remote);
        assertThat(stream.localAddress()).isPresent();
        assertThat(sink.events).containsExactly("received", "failed", "closed");
    }

    @Test
    void shouldReportResetWhileSendIsPending() throws IOException {
        fillSocket();

        NioFixture.reset(peer);
        nio.until(() -> sink.events.contains("failed"));

        assertThat(sink.failures).singleElement().isInstanceOf(ConnectionResetException.class);
        nio.turns(3);
        assertThat(sink.events).containsExactly("failed");
    }

    @Test
    void shouldThrowResetFromSendAndBeSilentUntilClosed() throws IOException {
        stream.receive(true);
        NioFixture.reset(peer);

        assertThatThrownBy(() -> {
                    for (int i = 0; i < 100; i++) {
                        stream.send(nio.buffer("x"));
                    }
                })
                .isInstanceOf(ConnectionResetException.class);
        nio.turns(3);

        assertThat(sink.events).isEmpty();
        assertThatThrownBy(() -> stream.send(nio.buffer("x"))).isInstanceOf(IOException.class);
        assertThatThrownBy(stream::shutdownOutput).isInstanceOf(IOException.class);
        stream.close();
        assertThat(sink.events).containsExactly("closed");
    }

    @Test
    void shouldNotBeReadyAfterResetThatFollowsHalfClose() throws IOException {
        stream.receive(true);
        peer.shutdownOutput();
        nio.until(() -> sink.events.contains("inputEnded"));
        nio.turns(1);

        NioFixture.reset(peer);
        for (int i = 0; i < 5; i++) {
            nio.transport.await(0);
            assertThat(nio.transport.readyCount()).isZero();
        }

        assertThatThrownBy(() -> stream.send(nio.buffer("x"))).isInstanceOf(ConnectionResetException.class);
        assertThat(sink.events).containsExactly("inputEnded");
    }

    @Test
    void shouldSendOnAfterPeerHalfClosed() throws IOException {
        stream.receive(true);
        peer.shutdownOutput();
        nio.until(() -> sink.events.contains("inputEnded"));

        assertThat(stream.send(nio.buffer("answer"))).isEqualTo(6);
        stream.shutdownOutput();

        assertThat(NioFixture.read(peer, 100)).isEqualTo("answer");
    }

    @Test
    void shouldSendMoreBlocksThanFitOneCallInOrder() throws IOException {
        byte[] bytes = new byte[3 * GatheringWriter.MAX_BLOCKS * 200 + 150];
        new Random(1).nextBytes(bytes);
        Buffer outbound = nio.buffer(bytes, 200);
        assertThat(NioFixture.blocks(outbound)).isGreaterThan(3 * GatheringWriter.MAX_BLOCKS);

        assertThat(stream.send(outbound)).isEqualTo(bytes.length);

        assertThat(NioFixture.readBytes(peer, bytes.length)).isEqualTo(bytes);
    }

    @Test
    void shouldSendEverythingInOrderThroughFullSocket() throws IOException {
        byte[] bytes = new byte[4 << 20];
        new Random(2).nextBytes(bytes);
        Buffer outbound = nio.buffer(bytes, 8 * 1024);
        peer.configureBlocking(false);
        ByteBuffer arrived = ByteBuffer.allocate(bytes.length);
        int pendings = 0;
        boolean pending = false;
        long reported = 0;
        for (int turn = 0; turn < 100_000 && arrived.hasRemaining(); turn++) {
            if (sink.sentBytes > reported) {
                NioFixture.skip(outbound, sink.sentBytes - reported);
                reported = sink.sentBytes;
                pending = false;
            }
            if (!pending && outbound.readableBytes() > 0) {
                long sent = stream.send(outbound);
                pending = sent == StreamSocket.PENDING;
                pendings += pending ? 1 : 0;
                NioFixture.skip(outbound, pending ? 0 : sent);
            }
            peer.read(arrived);
            nio.transport.await(0);
            nio.transport.dispatch();
        }

        assertThat(arrived.array()).isEqualTo(bytes);
        assertThat(pendings).isPositive();
        assertThat(sink.count("sent")).isPositive();
        assertThat(outbound.readableBytes()).isZero();
    }

    @Test
    void shouldNotTryFullSocketBeforeTheSelectorSaidThatThereIsRoom() throws IOException {
        Buffer outbound = nio.buffer(new byte[16 << 20], 8 * 1024);
        long taken = stream.send(outbound);
        assertThat(taken).isBetween(1L, (16L << 20) - 1);
        NioFixture.skip(outbound, taken);
        NioFixture.readBytes(peer, (int) taken);

        assertThat(stream.send(outbound)).isEqualTo(StreamSocket.PENDING);

        nio.until(() -> sink.events.contains("sent"));
        assertThat(sink.events).containsExactly("sent");
        assertThat(sink.sentBytes).isPositive();
    }

    @Test
    void shouldNotBeReadyForWritingWhenNothingIsPending() throws IOException {
        assertThat(stream.send(nio.buffer("hello"))).isEqualTo(5);
        assertThat(stream.send(nio.buffer(""))).isZero();
        stream.receive(true);

        nio.transport.await(0);

        assertThat(nio.transport.readyCount()).isZero();
    }

    @Test
    void shouldRefuseSecondPendingSend() throws IOException {
        fillSocket();

        assertThatThrownBy(() -> stream.send(nio.buffer("x"))).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(stream::shutdownOutput).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void shouldReportOnlyTheCloseAfterItIsClosedWithSendPending() throws IOException {
        fillSocket();
        stream.receive(true);
        NioFixture.write(peer, "too late");
        nio.transport.await(0);

        stream.close();
        nio.turns(3);
        stream.close();
        stream.abort();
        stream.receive(true);

        assertThat(sink.events).containsExactly("closed");
        assertThatThrownBy(() -> stream.send(nio.buffer("x"))).isInstanceOf(IOException.class);
    }

    @Test
    void shouldNotSendWhatIsPendingAfterClose() throws IOException {
        long taken = fillSocket();
        NioFixture.readBytes(peer, (int) taken);
        nio.transport.await(Long.MAX_VALUE);
        assertThat(nio.transport.readyCount()).isEqualTo(1);

        stream.close();

        assertThat(nio.transport.dispatch()).isZero();
        assertThat(sink.events).containsExactly("closed");
    }

    @Test
    void shouldEndThePeersInputWhenClosed() throws IOException {
        assertThat(stream.send(nio.buffer("bye"))).isEqualTo(3);
        stream.close();
        nio.transport.await(0);

        assertThat(NioFixture.read(peer, 100)).isEqualTo("bye");
    }

    @Test
    void shouldResetThePeerWhenAborted() throws IOException {
        stream.abort();
        nio.transport.await(0);

        assertThatThrownBy(() -> peer.read(ByteBuffer.allocate(1)))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("reset");
        assertThat(sink.events).containsExactly("closed");
    }

    @Test
    void shouldDeliverNothingToSocketThatAnotherClosedInTheSameTurn() throws IOException {
        RecordingSink otherSink = new RecordingSink();
        try (SocketChannel otherPeer = nio.connectRaw()) {
            StreamSocket other = nio.attach(otherSink);
            sink.onReceived = other::close;
            otherSink.onReceived = stream::close;
            stream.receive(true);
            other.receive(true);
            NioFixture.write(peer, "one");
            NioFixture.write(otherPeer, "two");
            nio.transport.await(0);
            assertThat(nio.transport.readyCount()).isEqualTo(2);

            assertThat(nio.transport.dispatch()).isEqualTo(1);
            nio.turns(3);

            List<List<String>> seen = new ArrayList<>(List.of(sink.events, otherSink.events));
            assertThat(seen).containsExactlyInAnyOrder(List.of("received"), List.of("closed"));
            other.close();
        }
    }

    @Test
    void shouldDeliverNothingMoreToSocketThatClosesItselfWhileReceiving() throws IOException {
        NioFixture.write(peer, "x".repeat(3 * nio.blockCapacity()));
        sink.onReceived = stream::close;
        stream.receive(true);

        nio.turns(3);

        assertThat(sink.events).containsExactly("received", "closed");
    }

    @Test
    void shouldCloseInsideFailure() throws IOException {
        sink.onFailed = stream::close;
        stream.receive(true);
        NioFixture.reset(peer);

        nio.until(() -> sink.events.contains("closed"));
        nio.turns(3);

        assertThat(sink.events).containsExactly("failed", "closed");
    }

    @Test
    void shouldSetOptions() throws IOException {
        NioFixture.write(peer, "x");
        SocketOptions options = SocketOptions.DEFAULT.withKeepAlive(true).withReceiveBufferBytes(8192);
        try (SocketChannel channel = NioChannels.client(nio.listenAddress(), options)) {
            assertThat(channel.isBlocking()).isFalse();
            assertThat(channel.getOption(StandardSocketOptions.TCP_NODELAY)).isTrue();
            assertThat(channel.getOption(StandardSocketOptions.SO_KEEPALIVE)).isTrue();
            assertThat(channel.getOption(StandardSocketOptions.SO_RCVBUF)).isBetween(8192, 4 * 8192);
        }
        try (SocketChannel channel = NioChannels.client(
                nio.listenAddress(), SocketOptions.DEFAULT.withNoDelay(false).withKeepAlive(false))) {
            assertThat(channel.getOption(StandardSocketOptions.TCP_NODELAY)).isFalse();
            assertThat(channel.getOption(StandardSocketOptions.SO_KEEPALIVE)).isFalse();
        }
    }

    /** Leaves a send pending; the bytes that the kernel took before. */
    private long fillSocket() throws IOException {
        Buffer outbound = nio.buffer(new byte[16 << 20], 8 * 1024);
        long taken = 0;
        long sent = stream.send(outbound);
        while (sent != StreamSocket.PENDING) {
            taken += sent;
            NioFixture.skip(outbound, sent);
            sent = stream.send(outbound);
        }
        assertThat(outbound.readableBytes()).isPositive();
        return taken;
    }
}
