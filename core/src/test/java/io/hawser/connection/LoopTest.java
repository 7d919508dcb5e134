// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hawser.loop.EventLoop;
import io.hawser.loop.IdleStrategy;
import io.hawser.loop.ScheduledTask;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Loops over a real transport: wake-ups, tasks and timers. */
@ParameterizedClass
@EnumSource(TestTransport.class)
final class LoopTest {
    @RegisterExtension
    final EngineFixture engines;

    LoopTest(TestTransport transport) {
        engines = new EngineFixture(transport);
    }

    // ---- tasks

    @Test
    void shouldRunTheTasksOfManyThreadsEachInTheirOrder() throws Exception {
        final int threads = 8;
        final int tasks = 10_000;
        final EventLoop loop = loop(Limits.DEFAULT.withTasksPerLoop(threads * tasks));
        final List<List<Integer>> ran = IntStream.range(0, threads)
                .<List<Integer>>mapToObj(_ -> new ArrayList<>())
                .toList();
        final CountDownLatch all = new CountDownLatch(threads * tasks);

        final List<CompletableFuture<Void>> producers = ran.stream()
                .map(own -> EngineFixture.async(() -> {
                    for (int i = 0; i < tasks; i++) {
                        final int number = i;
                        loop.execute(() -> {
                            own.add(number);
                            all.countDown();
                        });
                    }
                }))
                .toList();
        for (CompletableFuture<Void> producer : producers) {
            EngineFixture.await(producer);
        }

        await(all);
        final List<Integer> inOrder = IntStream.range(0, tasks).boxed().toList();
        assertThat(ran).allSatisfy(own -> assertThat(own).isEqualTo(inOrder));
    }

    @Test
    void shouldWakeUpForEachTaskThatFindsItAsleep() throws Exception {
        final EventLoop loop = loop(Limits.DEFAULT);
        for (int i = 0; i < 2000; i++) {
            EngineFixture.onLoop(loop, () -> {});
        }
    }

    @Test
    void shouldWakeUpOtherLoops() throws Exception {
        final Engine engine = engines.engine(b -> b.loops(2));
        final EventLoop ping = engine.loops().get(0);
        final EventLoop pong = engine.loops().get(1);
        final CountDownLatch rallies = new CountDownLatch(2000);
        final Runnable[] strokes = new Runnable[1];
        strokes[0] = () -> {
            rallies.countDown();
            if (rallies.getCount() > 0) {
                (ping.inLoop() ? pong : ping).execute(strokes[0]);
            }
        };

        ping.execute(strokes[0]);

        await(rallies);
    }

    @Test
    void shouldSurviveATaskThatFails() throws Exception {
        final EventLoop loop = loop(Limits.DEFAULT);
        loop.execute(() -> {
            throw new IllegalStateException("on purpose, to be logged");
        });
        loop.execute(() -> {
            throw new StackOverflowError("on purpose, to be logged");
        });
        loop.schedule(
                () -> {
                    throw new IllegalStateException("on purpose, to be logged");
                },
                Duration.ZERO);

        EngineFixture.onLoop(loop, () -> {});
        final CompletableFuture<Void> fired = new CompletableFuture<>();
        loop.schedule(() -> fired.complete(null), Duration.ofMillis(1));
        EngineFixture.await(fired);
    }

    @Test
    void shouldRejectTasksOverTheLimitAndRunTheOthers() throws Exception {
        final EventLoop loop = loop(Limits.DEFAULT.withTasksPerLoop(16));
        final CountDownLatch release = EngineFixture.block(loop);
        final AtomicInteger ran = new AtomicInteger();
        for (int i = 0; i < 16; i++) {
            loop.execute(ran::incrementAndGet);
        }

        assertThatThrownBy(() -> loop.execute(ran::incrementAndGet))
                .isInstanceOf(RejectedExecutionException.class)
                .hasMessageContaining(loop.toString());

        release.countDown();
        EngineFixture.until("the queue is empty", () -> ran.get() == 16);
        EngineFixture.onLoop(loop, () -> {});
        assertThat(ran).hasValue(16);
    }

    @Test
    void shouldServeConnectionsWhileTasksNeverEnd() throws Exception {
        final Engine engine = engines.engine();
        final EventLoop loop = engine.loops().getFirst();
        final AtomicBoolean over = new AtomicBoolean();
        final Runnable[] endless = new Runnable[1];
        endless[0] = () -> {
            if (!over.get()) {
                loop.execute(endless[0]);
            }
        };
        for (int i = 0; i < 1000; i++) {
            loop.execute(endless[0]);
        }
        final Peer peer = engines.connect(engines.listen(engine, Family.TCP, Recorder.echo()));

        for (int i = 0; i < 10; i++) {
            assertThat(peer.send("x").receive(1)).containsExactly('x');
        }
        over.set(true);
    }

    @ParameterizedTest
    @ValueSource(strings = {"block", "spin", "spin then block"})
    void shouldServeWithEveryIdleStrategy(String name) throws Exception {
        final IdleStrategy strategy = switch (name) {
            case "spin" -> IdleStrategy.spin();
            case "spin then block" -> IdleStrategy.spinThenBlock();
            default -> IdleStrategy.block();
        };
        final Engine engine = engines.engine(b -> b.idle(strategy));
        final Peer peer = engines.connect(engines.listen(engine, Family.TCP, Recorder.echo()));

        for (int i = 0; i < 100; i++) {
            assertThat(peer.send("x").receive(1)).containsExactly('x');
            EngineFixture.onLoop(engine.loops().getFirst(), () -> {});
        }
    }

    @Test
    void shouldRestWhenThereIsNothingToDo() throws Exception {
        final Engine engine = engines.engine();
        engines.connect(engines.listen(engine, Family.TCP, new Recorder()));

        EngineFixture.assertDoesNotSpin(engine.loops().getFirst(), 0);
    }

    // ---- timers

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 5, 30})
    void shouldNeverFireEarly(int delayMs) throws Exception {
        final EventLoop loop = loop(Limits.DEFAULT);
        for (int i = 0; i < 10; i++) {
            final CompletableFuture<Long> firedNs = new CompletableFuture<>();
            final long startNs = System.nanoTime();

            loop.schedule(() -> firedNs.complete(System.nanoTime()), Duration.ofMillis(delayMs));

            assertThat(EngineFixture.await(firedNs) - startNs)
                    .as("nanoseconds until a timer of %d ms", delayMs)
                    .isGreaterThanOrEqualTo(TimeUnit.MILLISECONDS.toNanos(delayMs));
        }
    }

    @Test
    void shouldFireInTheOrderOfTheDeadlines() throws Exception {
        final EventLoop loop = loop(Limits.DEFAULT);
        final List<Integer> fired = new ArrayList<>();
        final CountDownLatch all = new CountDownLatch(3);
        EngineFixture.onLoop(loop, () -> {
            for (int delayMs : new int[] {20, 5, 10}) {
                loop.schedule(
                        () -> {
                            fired.add(delayMs);
                            all.countDown();
                        },
                        Duration.ofMillis(delayMs));
            }
        });

        await(all);
        assertThat(fired).containsExactly(5, 10, 20);
    }

    @Test
    void shouldFirePeriodicallyUntilCancelled() throws Exception {
        final EventLoop loop = loop(Limits.DEFAULT);
        final AtomicInteger count = new AtomicInteger();
        final CountDownLatch five = new CountDownLatch(5);

        final ScheduledTask task = loop.scheduleAtFixedRate(
                () -> {
                    count.incrementAndGet();
                    five.countDown();
                },
                Duration.ZERO,
                Duration.ofMillis(2));
        await(five);

        assertThat(task.cancel()).isTrue();
        assertThat(task.cancel()).as("cancelled again").isFalse();
        EngineFixture.onLoop(loop, () -> {});
        final int atCancel = count.get();
        pass(loop, Duration.ofMillis(20));
        assertThat(count).hasValue(atCancel);
    }

    @Test
    void shouldGoOnPeriodicallyAfterAFailure() throws Exception {
        final EventLoop loop = loop(Limits.DEFAULT);
        final CountDownLatch three = new CountDownLatch(3);

        final ScheduledTask task = loop.scheduleAtFixedRate(
                () -> {
                    three.countDown();
                    throw new IllegalStateException("on purpose, to be logged");
                },
                Duration.ofMillis(1),
                Duration.ofMillis(1));

        await(three);
        task.cancel();
    }

    @Test
    void shouldRejectAPeriodThatIsNotPositive() throws Exception {
        final EventLoop loop = loop(Limits.DEFAULT);
        assertThatThrownBy(() -> loop.scheduleAtFixedRate(() -> {}, Duration.ZERO, Duration.ZERO))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void shouldNotFireWhatWasCancelled() throws Exception {
        final EventLoop loop = loop(Limits.DEFAULT);
        final AtomicInteger fired = new AtomicInteger();
        final ScheduledTask fromOutside = loop.schedule(fired::incrementAndGet, Duration.ofMillis(20));
        assertThat(fromOutside.cancel()).isTrue();
        EngineFixture.onLoop(loop, () -> {
            final ScheduledTask inside = loop.schedule(fired::incrementAndGet, Duration.ofMillis(1));
            assertThat(inside.cancel()).isTrue();
            assertThat(inside.cancel()).isFalse();
        });

        pass(loop, Duration.ofMillis(40));

        assertThat(fired).hasValue(0);
    }

    @Test
    void shouldSayThatItIsTooLateToCancelWhatHasFired() throws Exception {
        final EventLoop loop = loop(Limits.DEFAULT);
        final CompletableFuture<Void> fired = new CompletableFuture<>();
        final ScheduledTask task = loop.schedule(() -> fired.complete(null), Duration.ZERO);
        EngineFixture.await(fired);

        assertThat(task.cancel()).isFalse();
    }

    /** Each task is either run or cancelled, whoever is first. */
    @Test
    void shouldAgreeOnWhetherACancelCameInTime() throws Exception {
        final EventLoop loop = loop(Limits.DEFAULT);
        final int tasks = 2000;
        final AtomicInteger ran = new AtomicInteger();
        int cancelled = 0;
        for (int i = 0; i < tasks; i++) {
            final ScheduledTask task = loop.schedule(ran::incrementAndGet, Duration.ofNanos(i % 3 * 500_000L));
            if (task.cancel()) {
                cancelled++;
            }
        }
        pass(loop, Duration.ofMillis(5));

        assertThat(ran.get() + cancelled).isEqualTo(tasks);
    }

    @Test
    void shouldRejectWorkAfterItsEnd() throws Exception {
        final Engine engine = engines.engine();
        final EventLoop loop = engine.loops().getFirst();
        engine.close();

        assertThatThrownBy(() -> loop.execute(() -> {}))
                .isInstanceOf(RejectedExecutionException.class)
                .hasMessageContaining("stopped");
        assertThatThrownBy(() -> loop.schedule(() -> {}, Duration.ZERO)).isInstanceOf(RejectedExecutionException.class);
        assertThat(loop.executeAlways(() -> {})).isFalse();
        EngineFixture.await(loop.ended());
    }

    // ---- writes from elsewhere than handlers

    @Test
    void shouldSendWhatTasksAndTimersWrite() throws Exception {
        final Recorder handler = new Recorder();
        final Peer peer = engines.connect(engines.listen(engines.engine(), Family.TCP, handler));
        final Connection connection = handler.awaitOpen();

        connection.execute(() -> connection.writer().writeString("task "));
        assertThat(peer.receiveText(5)).isEqualTo("task ");
        connection.loop().schedule(() -> connection.writer().writeString("timer "), Duration.ofMillis(1));
        assertThat(peer.receiveText(6)).isEqualTo("timer ");
        final CountDownLatch three = new CountDownLatch(3);
        final ScheduledTask ticker = connection
                .loop()
                .scheduleAtFixedRate(
                        () -> {
                            if (three.getCount() > 0) {
                                connection.writer().writeString("tick ");
                                three.countDown();
                            }
                        },
                        Duration.ZERO,
                        Duration.ofMillis(1));
        assertThat(peer.receiveText(15)).isEqualTo("tick tick tick ");
        ticker.cancel();
    }

    @Test
    void shouldKeepTheOrderOfWritesOfOneThread() throws Exception {
        final Recorder handler = new Recorder();
        final Peer peer = engines.connect(engines.listen(engines.engine(), Family.TCP, handler));
        final Connection connection = handler.awaitOpen();

        final StringBuilder expected = new StringBuilder();
        for (int i = 0; i < 1000; i++) {
            final String text = i + " ";
            expected.append(text);
            connection.execute(() -> connection.writer().writeString(text));
        }

        assertThat(peer.receiveText(expected.length())).isEqualTo(expected.toString());
    }

    // ---- helpers

    private EventLoop loop(Limits limits) throws Exception {
        return engines.engine(b -> b.limits(limits)).loops().getFirst();
    }

    /** Lets time pass, by a timer of the loop's. */
    private static void pass(EventLoop loop, Duration time) throws Exception {
        final CompletableFuture<Void> passed = new CompletableFuture<>();
        loop.schedule(() -> passed.complete(null), time);
        EngineFixture.await(passed);
    }

    private static void await(CountDownLatch latch) throws InterruptedException {
        assertThat(latch.await(EngineFixture.PATIENCE.toSeconds(), TimeUnit.SECONDS))
                .as("all within " + EngineFixture.PATIENCE + "; left are " + latch.getCount())
                .isTrue();
    }
}
