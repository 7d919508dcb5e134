// SPDX-License-Identifier: Apache-2.0
package io.hawser.micrometer;

import static org.assertj.core.api.Assertions.assertThat;

import io.hawser.connection.Engine;
import io.hawser.connection.EngineFixture;
import io.hawser.connection.Family;
import io.hawser.connection.Limits;
import io.hawser.connection.Peer;
import io.hawser.connection.Server;
import io.hawser.connection.TestTransport;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** An engine as meters. */
@ParameterizedClass
@EnumSource(TestTransport.class)
final class HawserMetricsTest {
    @RegisterExtension
    final EngineFixture engines;

    private final MeterRegistry registry = new SimpleMeterRegistry();

    HawserMetricsTest(TestTransport transport) {
        engines = new EngineFixture(transport);
    }

    private double sum(String name, String... tags) {
        return registry.find(name).tags(tags).meters().stream()
                .mapToDouble(meter -> meter.measure().iterator().next().getValue())
                .sum();
    }

    @Test
    void shouldTellWhatTheEngineDoes() throws Exception {
        final Engine engine = engines.engine(b -> b.loops(2).limits(Limits.DEFAULT.withConnections(1)));
        final var metrics = engines.closing(new HawserMetrics(engine, Tags.of("region", "north")));
        metrics.bindTo(registry);
        final Server server = engines.listen(engine, Family.TCP, c -> c.writer().append(c.reader()));
        final Peer peer = engines.connect(server);
        assertThat(peer.send("hello").receiveText(5)).isEqualTo("hello");
        engines.connect(server).expectGone();
        final var timer = engine.loops().getFirst().schedule(() -> {}, Duration.ofHours(1));

        EngineFixture.until("all bytes are counted", () -> sum("hawser.bytes", "direction", "sent") == 5);
        EngineFixture.until("the timer is armed", () -> sum("hawser.loop.timers.armed") == 1);
        assertThat(sum("hawser.bytes", "direction", "received")).isEqualTo(5);
        assertThat(sum("hawser.connections")).isEqualTo(1);
        assertThat(sum("hawser.connections.max")).isEqualTo(1);
        assertThat(sum("hawser.connections.accepted")).isEqualTo(1);
        assertThat(sum("hawser.connections.opened")).isEqualTo(1);
        assertThat(sum("hawser.limits.hit", "limit", "connections")).isEqualTo(1);
        assertThat(sum("hawser.limits.hit")).isEqualTo(1);
        assertThat(sum("hawser.loop.turns")).isPositive();
        assertThat(sum("hawser.loop.busy")).isPositive();
        assertThat(sum("hawser.loop.tasks")).isPositive();
        assertThat(sum("hawser.loop.turn.max")).isPositive();
        assertThat(sum("hawser.memory.max")).isEqualTo((double) engine.pool().capBytes());
        assertThat(sum("hawser.memory")).isEqualTo((double) engine.pool().reservedBytes());
        assertThat(sum("hawser.connections.closed")).isZero();
        timer.cancel();

        peer.close();
        EngineFixture.until(
                "the close is counted", () -> sum("hawser.connections.closed", "cause", "peer_closed") == 1);
        assertThat(sum("hawser.connections.closed")).isEqualTo(1);
        assertThat(registry.getMeters())
                .allSatisfy(meter -> assertThat(meter.getId().getTags())
                        .contains(Tags.of("region", "north", "engine", engine.name()).stream()
                                .toArray(Tag[]::new)));
    }

    @Test
    void shouldLeaveNothingBehind() throws Exception {
        final Engine first = engines.engine();
        final Engine second = engines.engine();
        final var metrics = new HawserMetrics(first);
        final var others = new HawserMetrics(second);
        metrics.bindTo(registry);
        final List<Meter> own = List.copyOf(registry.getMeters());
        others.bindTo(registry);
        assertThat(registry.getMeters()).hasSize(2 * own.size());
        metrics.close();
        assertThat(registry.getMeters()).hasSize(own.size()).doesNotContainAnyElementsOf(own);
        others.close();
        assertThat(registry.getMeters()).isEmpty();
    }
}
