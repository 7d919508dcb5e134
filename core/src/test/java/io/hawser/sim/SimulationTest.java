// SPDX-License-Identifier: Apache-2.0
package io.hawser.sim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.hawser.connection.Engine;
import io.hawser.transport.sim.SimFault;
import io.hawser.transport.sim.SimTrace;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** Loops that are stepped, on a clock that is moved. */
class SimulationTest {
    private static final long SECOND_NS = Duration.ofSeconds(1).toNanos();

    private final Simulation simulation = new Simulation(3, SimTrace.hashing());

    @Test
    void shouldRunAnEngineWithoutAnyThread() throws IOException {
        final List<Thread> threads = new ArrayList<>();
        final Engine engine = simulation.engine("10.0.0.1").loops(2).start();
        final var server = engine.listen("tcp://10.0.0.1:0", c -> {
            threads.add(Thread.currentThread());
            c.writer().append(c.reader());
        });
        final CompletableFuture<Integer> answer = new CompletableFuture<>();
        final var dial = engine.dial(
                server.address().toString(), c -> answer.complete(c.reader().readInt()));
        simulation.await(dial);
        dial.join().execute(() -> dial.join().writer().writeInt(42));
        simulation.await(answer);
        assertThat(answer).isCompletedWithValue(42);
        engine.close();
        assertThat(threads).containsOnly(Thread.currentThread());
        assertThat(simulation.network().openSockets()).isZero();
    }

    @Test
    void shouldBeOnALoopDuringItsTurnOnly() throws IOException {
        final Engine engine = simulation.engine("10.0.0.1").loops(2).start();
        final var one = engine.loops().getFirst();
        final var other = engine.loops().getLast();
        final List<Boolean> inLoop = new ArrayList<>();
        one.execute(() -> inLoop.addAll(List.of(one.inLoop(), other.inLoop())));
        assertThat(one.inLoop()).isFalse();
        simulation.runFor(SECOND_NS);
        assertThat(inLoop).containsExactly(true, false);
        engine.close();
    }

    @Test
    void shouldFireTimersOnVirtualTime() throws IOException {
        final Engine engine = simulation.engine("10.0.0.1").loops(1).start();
        final List<Long> firedNs = new ArrayList<>();
        engine.loops()
                .getFirst()
                .schedule(() -> firedNs.add(simulation.network().nowNs()), Duration.ofDays(1));
        simulation.runFor(Duration.ofDays(2).toNanos());
        assertThat(firedNs)
                .singleElement()
                .satisfies(ns -> assertThat(ns)
                        .isBetween(
                                Duration.ofDays(1).toNanos(),
                                Duration.ofDays(1).plusMillis(3).toNanos()));
        engine.close();
    }

    @Test
    void shouldStallLoops() throws IOException {
        final Engine engine = simulation.engine("10.0.0.1").loops(1).start();
        simulation.runFor(SECOND_NS);
        simulation.network().fault(SimFault.STALL, 0.9);
        final CompletableFuture<Long> ranNs = new CompletableFuture<>();
        final long beforeNs = simulation.network().nowNs();
        engine.loops()
                .getFirst()
                .execute(() -> ranNs.complete(simulation.network().nowNs()));
        simulation.await(ranNs);
        assertThat(ranNs.join() - beforeNs).isGreaterThan(1_000_000);
        assertThat(simulation.delayedNs()).isPositive();
        simulation.network().fault(SimFault.STALL, 0);
        engine.close();
    }

    @Test
    void shouldMakeTheClockJump() throws IOException {
        final Engine engine = simulation.engine("10.0.0.1").loops(1).start();
        simulation.network().fault(SimFault.CLOCK_JUMP, 1);
        engine.loops().getFirst().execute(() -> {});
        simulation.runUntil(() -> simulation.delayedNs() > 0, SECOND_NS);
        assertThat(simulation.network().nowNs()).isGreaterThanOrEqualTo(simulation.delayedNs());
        assertThat(simulation.delayedNs()).isPositive();
        simulation.network().fault(SimFault.CLOCK_JUMP, 0);
        engine.close();
    }

    @Test
    void shouldNoticeThatNothingWillEverHappen() {
        assertThatExceptionOfType(SimulationException.class)
                .isThrownBy(() -> simulation.await(new CompletableFuture<>()))
                .withMessageContaining("Nothing will ever happen");
    }

    @Test
    void shouldNoticeALoopThatSpins() throws IOException {
        final Engine engine = simulation.engine("10.0.0.1").loops(1).start();
        final var loop = engine.loops().getFirst();
        loop.execute(new Runnable() {
            @Override
            public void run() {
                loop.execute(this);
            }
        });
        assertThatExceptionOfType(SimulationException.class)
                .isThrownBy(() -> simulation.runFor(SECOND_NS))
                .withMessageContaining("spins");
    }

    @Test
    void shouldRefuseToWaitOnALoop() throws IOException {
        final Engine engine = simulation.engine("10.0.0.1").loops(1).start();
        final CompletableFuture<Throwable> thrown = new CompletableFuture<>();
        engine.loops().getFirst().execute(() -> {
            try {
                simulation.await(new CompletableFuture<>());
            } catch (IllegalStateException e) {
                thrown.complete(e);
            }
        });
        simulation.await(thrown);
        assertThatIllegalStateException().isThrownBy(() -> {
            throw thrown.join();
        });
        engine.close();
    }
}
