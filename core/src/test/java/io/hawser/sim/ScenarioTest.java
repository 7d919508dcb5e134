// SPDX-License-Identifier: Apache-2.0
package io.hawser.sim;

import static org.assertj.core.api.Assertions.assertThat;

import io.hawser.transport.sim.SimTrace;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Random scenarios. To play more of them, or one again with a trace: {@code tools/simulate}. */
class ScenarioTest {
    /** Some seconds in the checked mode. */
    private static final int SEEDS = 1000;

    @Test
    void shouldHoldTheRulesWhateverHappens() {
        for (long seed = 1; seed <= SEEDS; seed++) {
            final var outcome = Scenario.play(seed, SimTrace.hashing());
            assertThat(outcome.failures())
                    .as("tools/simulate --replay %d", seed)
                    .isEmpty();
        }
    }

    @Test
    void shouldGoTheSameWayForTheSameSeed() {
        final Set<Long> hashes = new HashSet<>();
        for (long seed = 1; seed <= 50; seed++) {
            final List<String> lines = new ArrayList<>();
            final var first = Scenario.play(seed, SimTrace.hashing());
            final var second = Scenario.play(seed, SimTrace.printing(lines::add));
            assertThat(second.traceHash()).as("seed %d", seed).isEqualTo(first.traceHash());
            assertThat(second).as("seed %d", seed).isEqualTo(first);
            assertThat(lines).isNotEmpty();
            hashes.add(first.traceHash());
        }
        assertThat(hashes).hasSize(50);
    }
}
