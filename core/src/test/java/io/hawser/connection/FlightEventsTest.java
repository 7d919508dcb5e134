// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import static io.hawser.connection.EngineFixture.block;
import static io.hawser.connection.EngineFixture.onLoop;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.stream.Stream;
import jdk.jfr.FlightRecorder;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** What the Flight Recorder gets to know. */
@ParameterizedClass
@EnumSource(TestTransport.class)
final class FlightEventsTest {
    private static final List<String> NAMES = Stream.of(
                    "ConnectionOpened", "ConnectionClosed", "SlowHandler", "LoopStall", "LimitHit", "PoolGrowth")
            .map(name -> "io.hawser." + name)
            .toList();

    @RegisterExtension
    final EngineFixture engines;

    private final LinkedBlockingQueue<RecordedEvent> recorded = new LinkedBlockingQueue<>();

    FlightEventsTest(TestTransport transport) {
        engines = new EngineFixture(transport);
    }

    /** Those of a name, of this engine: other tests may have left some that end. */
    private List<RecordedEvent> events(String name, String loop) {
        return recorded.stream()
                .filter(event -> event.getEventType().getName().equals("io.hawser." + name))
                .filter(event ->
                        !event.hasField("loop") || event.getString("loop").equals(loop))
                .toList();
    }

    @Test
    void shouldRecordWhatHappens() throws Exception {
        final String loop;
        final long connection;
        final String peerAddress;
        try (RecordingStream stream = new RecordingStream()) {
            NAMES.forEach(name -> stream.enable(name));
            stream.enable("io.hawser.SlowHandler").withThreshold(Duration.ofMillis(5));
            stream.enable("io.hawser.LoopStall").withThreshold(Duration.ofMillis(5));
            stream.onEvent(recorded::add);
            stream.startAsync();

            final Engine engine = engines.engine(b -> b.limits(Limits.DEFAULT.withConnections(1)));
            loop = engine.loops().getFirst().name();
            final CountDownLatch asked = new CountDownLatch(1);
            final CountDownLatch answered = new CountDownLatch(1);
            final Recorder handler = new Recorder().onData(c -> {
                asked.countDown();
                answered.await();
                c.writer().append(c.reader());
            });
            final Server server = engines.listen(engine, Family.TCP, handler);
            final Peer peer = engines.connect(server);
            peerAddress = peer.localAddress().toString().substring(1);
            peer.send("slow");
            asked.await();
            // The handler keeps its loop until 10 ms have passed.
            final long startNs = System.nanoTime();
            EngineFixture.until("it is slow", () -> System.nanoTime() - startNs > 10_000_000);
            answered.countDown();
            peer.receive(4);
            engines.connect(server).expectGone();
            connection = handler.awaitOpen().id();
            peer.close();
            handler.awaitClose();
            final CountDownLatch release = block(engine.loops().getFirst());
            final long blockedNs = System.nanoTime();
            EngineFixture.until("it stalls", () -> System.nanoTime() - blockedNs > 10_000_000);
            release.countDown();
            onLoop(engine.loops().getFirst(), () -> {});
            onLoop(engine.loops().getFirst(), () -> {});
            stream.stop();
        }

        assertThat(events("ConnectionOpened", loop)).singleElement().satisfies(event -> {
            assertThat(event.getLong("connection")).isEqualTo(connection);
            assertThat(event.getString("peer")).isEqualTo(peerAddress);
            assertThat(event.getString("local")).startsWith("127.0.0.1:");
            assertThat(event.getBoolean("dialled")).isFalse();
        });
        assertThat(events("ConnectionClosed", loop)).singleElement().satisfies(event -> {
            assertThat(event.getLong("connection")).isEqualTo(connection);
            assertThat(event.getString("cause")).isEqualTo("PEER_CLOSED");
            assertThat(event.getString("peer")).isEqualTo(peerAddress);
            assertThat(event.getLong("bytesIn")).isEqualTo(4);
            assertThat(event.getLong("bytesOut")).isEqualTo(4);
            assertThat(event.getDuration("lived")).isLessThan(EngineFixture.PATIENCE);
        });
        assertThat(events("SlowHandler", loop)).anySatisfy(event -> {
            assertThat(event.getString("handler")).isEqualTo(Recorder.class.getName());
            assertThat(event.getString("method")).isEqualTo("onData");
            assertThat(event.getLong("connection")).isEqualTo(connection);
            assertThat(event.getDuration()).isGreaterThanOrEqualTo(Duration.ofMillis(5));
        });
        assertThat(events("LoopStall", loop))
                .hasSizeGreaterThanOrEqualTo(2)
                .allSatisfy(event -> assertThat(event.getDuration()).isGreaterThanOrEqualTo(Duration.ofMillis(5)));
        assertThat(events("LimitHit", loop))
                .anySatisfy(event -> assertThat(event.getString("limit")).isEqualTo("connections"));
        assertThat(events("PoolGrowth", loop)).anySatisfy(event -> {
            assertThat(event.getLong("reservedBytes")).isPositive().isLessThanOrEqualTo(event.getLong("capBytes"));
            assertThat(event.getInt("blockBytes")).isPositive();
        });
    }

    @Test
    void shouldRecordNothingThatNobodyAsksFor() throws Exception {
        try (RecordingStream stream = new RecordingStream()) {
            stream.onEvent(recorded::add);
            stream.startAsync();
            final Engine engine = engines.engine();
            final Recorder handler = Recorder.echo();
            final Server server = engines.listen(engine, Family.TCP, handler);
            final Peer peer = engines.connect(server);
            peer.send("x").receive(1);
            peer.close();
            handler.awaitClose();
            stream.stop();
        }
        assertThat(recorded)
                .noneMatch(event -> NAMES.contains(event.getEventType().getName()));
        assertThat(FlightRecorder.isInitialized()).isTrue();
    }
}
