// SPDX-License-Identifier: Apache-2.0
package io.hawser.transport.nio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hawser.transport.SocketOptions;
import io.hawser.transport.StreamSocket;
import java.io.IOException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 30, unit = TimeUnit.SECONDS)
final class NioTransportTest {
    private NioFixture nio;

    @BeforeEach
    void open() throws IOException {
        nio = new NioFixture();
    }

    @AfterEach
    void close() {
        nio.close();
    }

    @Test
    void shouldBeNamed() {
        assertThat(nio.transport.name()).isEqualTo("nio").isEqualTo(new NioTransportProvider().name());
    }

    @Test
    void shouldEndNextWaitByWakeup() {
        nio.transport.wakeup();
        nio.transport.await(Long.MAX_VALUE);

        assertThat(nio.transport.dispatch()).isZero();
    }

    @Test
    void shouldEndWaitByWakeupFromAnotherThread() throws InterruptedException {
        Thread waker = Thread.ofPlatform().start(nio.transport::wakeup);

        nio.transport.await(Long.MAX_VALUE);

        waker.join();
    }

    @Test
    void shouldEndWaitWhenItsTimeHasPassedHoweverShort() {
        nio.transport.await(-1);
        nio.transport.await(0);
        nio.transport.await(1);
        nio.transport.await(1_500_000);

        assertThat(nio.transport.dispatch()).isZero();
    }

    @Test
    void shouldClearInterruptThatEndedWait() {
        Thread.currentThread().interrupt();

        nio.transport.await(Long.MAX_VALUE);

        assertThat(Thread.currentThread().isInterrupted()).isFalse();
    }

    @Test
    void shouldNotWaitWhileSomethingIsCollectedButNotDispatched() throws IOException {
        RecordingSink sink = new RecordingSink();
        try (SocketChannel peer = nio.connectRaw()) {
            StreamSocket stream = nio.attach(sink);
            stream.receive(true);
            NioFixture.write(peer, "hello");

            nio.transport.await(Long.MAX_VALUE);
            nio.transport.await(Long.MAX_VALUE);
            assertThat(nio.transport.dispatch()).isEqualTo(1);

            assertThat(sink.events).containsExactly("received");
            stream.close();
        }
    }

    @Test
    void shouldGiveDescriptorsOfClosedSocketsBackInTheNextAwaitEvenIfItDoesNotWait() throws IOException {
        try (ServerSocketChannel server = nio.rawServer()) {
            RecordingSink sink = new RecordingSink();
            StreamSocket stream = nio.transport.connect(server.getLocalAddress(), SocketOptions.DEFAULT, sink);
            nio.until(() -> sink.events.contains("connected"));
            try (SocketChannel peer = server.accept()) {
                NioFixture.write(peer, "unread");
                stream.close();

                nio.transport.await(0);

                // Closed with bytes unread: the system resets the connection once the descriptor is really closed.
                assertThatThrownBy(() -> NioFixture.write(peer, "x")).isInstanceOf(IOException.class);
            }
        }
    }

    @Test
    void shouldIgnoreWakeupAndSecondCloseAfterClose() {
        nio.transport.close();

        assertThatCode(() -> {
                    nio.transport.wakeup();
                    nio.transport.close();
                    nio.transport.wakeup();
                })
                .doesNotThrowAnyException();
    }

    @Test
    void shouldGiveSpareBlockBackWhenClosed() throws IOException {
        RecordingSink sink = new RecordingSink();
        try (SocketChannel peer = nio.connectRaw()) {
            StreamSocket stream = nio.attach(sink);
            stream.receive(true);
            peer.shutdownOutput();
            nio.until(() -> sink.events.contains("inputEnded"));
            assertThat(nio.blocksInUse()).isEqualTo(1);

            stream.close();
            nio.transport.close();

            assertThat(nio.blocksInUse()).isZero();
        }
    }

    @Test
    void shouldCloseDescriptorsOfSocketsThatWereLeftOpen() throws IOException {
        try (SocketChannel peer = nio.connectRaw()) {
            nio.attach(new RecordingSink());

            nio.transport.close();

            assertThat(NioFixture.read(peer, 1)).isEmpty();
        }
    }
}
