// SPDX-License-Identifier: Apache-2.0
package io.hawser.loop;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class LoadBalancerTest {
    private static final int PINNED_10_0_0_1 = 126;

    private static final LoadBalancer.LoadView NO_LOAD = loop -> 0;

    private static int[] counts(LoadBalancer balancer, int loops, int connections) {
        int[] counts = new int[loops];
        for (int i = 0; i < connections; i++) {
            counts[balancer.select(loops, loop -> counts[loop], i)]++;
        }
        return counts;
    }

    private static void assertEven(int[] counts, double tolerance) {
        double mean = (double) Arrays.stream(counts).sum() / counts.length;
        for (int count : counts) {
            assertThat((double) count).isBetween(mean * (1 - tolerance), mean * (1 + tolerance));
        }
    }

    static Stream<LoadBalancer> all() {
        return Stream.of(
                LoadBalancer.roundRobin(),
                LoadBalancer.leastConnections(),
                LoadBalancer.sourceHash(),
                LoadBalancer.random(1),
                LoadBalancer.random(new SplittableRandom(1)));
    }

    @ParameterizedTest
    @MethodSource("all")
    void shouldStayInRangeAndUseEveryLoop(LoadBalancer balancer) {
        for (int loops = 1; loops <= 65; loops++) {
            assertThat(counts(balancer, loops, 100 * loops)).doesNotContain(0);
        }
    }

    @Test
    void shouldTakeTurns() {
        LoadBalancer balancer = LoadBalancer.roundRobin();
        for (int i = 0; i < 10; i++) {
            assertThat(balancer.select(3, NO_LOAD, 42)).isEqualTo(i % 3);
        }
    }

    @Test
    void shouldTakeTurnsAmongSeveralAcceptors() throws InterruptedException {
        LoadBalancer balancer = LoadBalancer.roundRobin();
        var counts = new AtomicIntegerArray(4);
        var done = new CountDownLatch(4);
        for (int t = 0; t < 4; t++) {
            new Thread(() -> {
                        for (int i = 0; i < 10_000; i++) {
                            counts.incrementAndGet(balancer.select(4, NO_LOAD, 0));
                        }
                        done.countDown();
                    })
                    .start();
        }
        done.await();
        for (int i = 0; i < 4; i++) {
            assertThat(counts.get(i)).isEqualTo(10_000);
        }
    }

    @Test
    void shouldSelectTheLoopWithTheFewestConnections() {
        int[] load = {5, 3, 0, 9, 3};
        LoadBalancer balancer = LoadBalancer.leastConnections();
        for (int i = 0; i < 10; i++) {
            assertThat(balancer.select(load.length, loop -> load[loop], i)).isEqualTo(2);
        }
        load[2] = Integer.MAX_VALUE;
        assertThat(Stream.generate(() -> balancer.select(load.length, loop -> load[loop], 0))
                        .limit(20)
                        .distinct())
                .as("takes turns among equals")
                .containsExactlyInAnyOrder(1, 4);
    }

    @Test
    void shouldLevelOutAnUnevenLoad() {
        int[] load = {100, 0, 50};
        LoadBalancer balancer = LoadBalancer.leastConnections();
        for (int i = 0; i < 150; i++) {
            load[balancer.select(3, loop -> load[loop], i)]++;
        }
        assertThat(load).containsExactly(100, 100, 100);
    }

    @Test
    void shouldSendASourceToTheSameLoopEveryTime() {
        var random = new SplittableRandom(3);
        for (int i = 0; i < 1_000; i++) {
            long source = random.nextLong();
            int loops = 1 + random.nextInt(64);
            int selected = LoadBalancer.sourceHash().select(loops, NO_LOAD, source);
            assertThat(LoadBalancer.sourceHash().select(loops, loop -> loop, source))
                    .isEqualTo(selected);
        }
        // The promise holds across processes and releases.
        assertThat(LoadBalancer.sourceHash().select(1_000, NO_LOAD, 0x0a000001)).isEqualTo(PINNED_10_0_0_1);
    }

    @Test
    void shouldSpreadNeighbouringSourcesEvenly() {
        for (int step : new int[] {1, 2, 256, 65_536}) {
            for (int loops : new int[] {2, 3, 4, 7, 8, 16}) {
                int[] counts = new int[loops];
                for (int i = 0; i < 20_000; i++) {
                    counts[LoadBalancer.sourceHash().select(loops, NO_LOAD, 0x0a000000 + (long) i * step)]++;
                }
                assertEven(counts, 0.15);
            }
        }
    }

    @Test
    void shouldSelectAtRandomEvenlyAndReproducibly() {
        int[] first = counts(LoadBalancer.random(42), 5, 50_000);
        assertEven(first, 0.05);
        assertThat(counts(LoadBalancer.random(42), 5, 50_000)).isEqualTo(first);
        assertThat(counts(LoadBalancer.random(43), 5, 50_000)).isNotEqualTo(first);
        assertEven(counts(LoadBalancer.random(new SplittableRandom(42)), 5, 50_000), 0.05);
    }

    @Test
    void shouldAcceptAStrategyOfOnesOwn() {
        LoadBalancer last = (loops, load, sourceHash) -> loops - 1;
        assertThat(counts(last, 3, 9)).containsExactly(0, 0, 9);
    }

    @ParameterizedTest
    @MethodSource("all")
    void shouldAllocateNothing(LoadBalancer balancer) {
        long[] sum = new long[1];
        long bytes = AllocationMeter.allocatedBytes(() -> {
            for (int i = 0; i < 10_000; i++) {
                sum[0] += balancer.select(4, NO_LOAD, i);
            }
        });
        assertThat(sum[0]).isPositive();
        assertThat(bytes).isLessThan(1_024);
    }
}
