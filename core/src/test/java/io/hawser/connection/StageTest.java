// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import static org.assertj.core.api.Assertions.assertThat;

import io.hawser.buffer.Block;
import io.hawser.buffer.Buffer;
import io.hawser.stage.Stage;
import io.hawser.stage.StageContext;
import io.hawser.stage.StageFactory;
import io.hawser.transport.StreamSink;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** What stands between a socket and its connection. */
@ParameterizedClass
@EnumSource(TestTransport.class)
final class StageTest {
    private static final InetSocketAddress ELSEWHERE = new InetSocketAddress("10.1.2.3", 4567);

    private final TestTransport transport;

    @RegisterExtension
    final EngineFixture engines;

    StageTest(TestTransport transport) {
        this.transport = transport;
        engines = new EngineFixture(transport);
    }

    @BeforeEach
    void needTransport() {
        transport.assumeAvailable();
    }

    /** Wants a word of four bytes first, and tells another address of the peer. */
    private static final class Word extends Stage {
        private final String word;
        private final boolean lasting;
        private final AtomicInteger live;
        private final Buffer held;
        private boolean known;

        Word(StageContext context, StreamSink above, String word, boolean lasting, AtomicInteger live) {
            super(above);
            this.word = word;
            this.lasting = lasting;
            this.live = live;
            held = new Buffer(context.loop().blocks());
        }

        static StageFactory of(String word, boolean lasting, AtomicInteger live) {
            return (context, above) -> new Word(context, above, word, lasting, live);
        }

        @Override
        public void connected() {
            live.incrementAndGet();
            below().receive(true);
        }

        @Override
        public void received(Block block) {
            if (known) {
                above().received(block);
                return;
            }
            held.appendBlock(block);
            if (held.readableBytes() < word.length()) {
                return;
            }
            if (!held.readString(word.length()).equals(word)) {
                above().failed(new IOException("not the word"));
                return;
            }
            known = true;
            above().connected();
            for (Block head = held.head(); head != null; head = held.head()) {
                above().received(held.nextBlock(head.readableBytes()));
            }
            held.trim();
        }

        @Override
        public void inputEnded() {
            if (known) {
                above().inputEnded();
            } else {
                above().failed(new IOException("no word"));
            }
        }

        @Override
        public void closed() {
            live.decrementAndGet();
            held.close();
            above().closed();
        }

        @Override
        public Optional<SocketAddress> remoteAddress() {
            return Optional.of(ELSEWHERE);
        }

        @Override
        public <T> Optional<T> find(Class<T> kind) {
            return kind == String.class ? Optional.of(kind.cast(word)) : super.find(kind);
        }

        @Override
        public boolean isDetachable() {
            return !lasting && super.isDetachable();
        }
    }

    private final AtomicInteger live = new AtomicInteger();

    private Server listen(Recorder handler, StageFactory... stages) throws IOException {
        return engines.listen(
                engines.engine(),
                Family.TCP,
                ServerOptions.DEFAULT.withConnections(ConnectionOptions.DEFAULT.withStages(List.of(stages))),
                handler);
    }

    @Test
    void shouldOpenWhenTheLastStageSaysSo() throws Exception {
        final Recorder handler = Recorder.echo();
        final Server server = listen(handler, Word.of("door", false, live), Word.of("gate", false, live));
        final Peer peer = engines.connect(server);

        peer.send("do");
        EngineFixture.until("the first stage", () -> live.get() == 1);
        assertThat(handler.events()).isEmpty();
        peer.send("or");
        EngineFixture.until("the second stage", () -> live.get() == 2);
        assertThat(handler.events()).isEmpty();
        peer.send("gatehello");

        assertThat(peer.receiveText(5)).isEqualTo("hello");
        assertThat(handler.awaitOpen().remoteAddress()).contains(ELSEWHERE);
        peer.finish().expectEnd();
        assertThat(handler.awaitClose().kind()).isEqualTo(CloseCause.Kind.PEER_CLOSED);
        assertThat(live).hasValue(0);
    }

    @Test
    void shouldTellNobodyOfAConnectionThatAStageRefuses() throws Exception {
        final Recorder handler = Recorder.echo();
        final Server server = listen(handler, Word.of("door", false, live));

        engines.connect(server).send("window").expectGone();
        engines.connect(server).send("do").finish().expectGone();

        EngineFixture.until("both to be gone", () -> server.engine().connectionCount() == 0);
        assertThat(handler.events()).isEmpty();
        assertThat(live).hasValue(0);
    }

    @Test
    void shouldCloseWithTheEngineWhatHasNotOpened() throws Exception {
        final Recorder handler = Recorder.echo();
        final Server server = listen(handler, Word.of("door", false, live));
        final Peer peer = engines.connect(server).send("do");
        EngineFixture.until("the stage", () -> live.get() == 1);

        server.engine().close();

        peer.expectGone();
        assertThat(live).hasValue(0);
        assertThat(handler.events()).isEmpty();
    }

    @Test
    void shouldDialWhenTheStagesAgree() throws Exception {
        final Engine engine = engines.engine();
        try (ServerSocketChannel server = ServerSocketChannel.open().bind(new InetSocketAddress("127.0.0.1", 0))) {
            final Address address = Address.of(server.getLocalAddress());
            final ConnectionOptions options =
                    ConnectionOptions.DEFAULT.withStages(List.of(Word.of("door", false, live)));
            final Recorder handler = engines.watched(new Recorder());
            final CompletableFuture<Connection> good = engine.dial(address, options, handler);
            try (Peer peer = Peer.accept(server)) {
                peer.send("do");
                assertThat(good.isDone()).isFalse();
                peer.send("or!");
                EngineFixture.await(good);
                assertThat(handler.awaitText(1)).isEqualTo("!");
            }
            final CompletableFuture<Connection> bad = engine.dial(address, options, new Recorder());
            try (Peer peer = Peer.accept(server)) {
                peer.send("window");
                assertThat(EngineFixture.awaitFailure(bad)).hasMessageContaining("not the word");
                peer.expectGone();
            }
            final CompletableFuture<Connection> slow =
                    engine.dial(address, options.withDialTimeout(Duration.ofMillis(20)), new Recorder());
            try (Peer peer = Peer.accept(server)) {
                assertThat(EngineFixture.awaitFailure(slow)).hasMessageContaining("no connection within 20 ms");
                peer.expectGone();
            }
        }
    }

    @Test
    void shouldDetachOnlyWhereNoStageIsNeededAnyMore() throws Exception {
        final Recorder handler = new Recorder();
        final Server server = listen(handler, Word.of("door", false, live), Word.of("gate", true, live));
        final Peer peer = engines.connect(server).send("doorgate");
        final Connection lasting = handler.awaitOpen();

        assertThat(EngineFixture.awaitFailure(lasting.detach()))
                .isInstanceOf(UnsupportedOperationException.class)
                .hasMessageContaining("cannot be detached");
        assertThat(lasting.isOpen()).isTrue();
        peer.close();

        final Recorder passing = new Recorder();
        final Server other = listen(passing, Word.of("door", false, live));
        final Peer second = engines.connect(other).send("door");
        try (DetachedConnection detached =
                EngineFixture.await(passing.awaitOpen().detach())) {
            assertThat(detached.unread().remaining()).isZero();
        }
        second.expectGone();
    }
}
