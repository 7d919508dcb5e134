// SPDX-License-Identifier: Apache-2.0
package io.hawser.buffer;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The data path allocates nothing in its steady state. What it costs is printed, and no more than that. */
class AllocationTest {
    private record Cost(String name, long bytes, int operations, double ns) {
        static Cost parse(String line) {
            final String[] words = line.split(" ", -1);
            return new Cost(
                    words[0], Long.parseLong(words[1]), Integer.parseInt(words[2]), Double.parseDouble(words[3]));
        }

        @Override
        public String toString() {
            return String.format("%-12s %6.1f ns, %5.1f bytes each", name, ns, (double) bytes / operations);
        }
    }

    @Test
    void shouldAllocateNothingInTheSteadyState() throws Exception {
        final Map<String, Cost> costs = probe();
        costs.values().forEach(System.out::println);
        // A byte in a thousand operations is the JVM's, not the operation's.
        assertThat(List.of("numbers", "echo", "copies", "proxy"))
                .allSatisfy(name -> assertThat(costs.get(name).bytes())
                        .as("bytes allocated by %s", name)
                        .isLessThan(costs.get(name).operations() / 1000));
    }

    private static Map<String, Cost> probe() throws Exception {
        return UncheckedJvm.run(AllocationProbe.class).stream()
                .map(Cost::parse)
                .collect(Collectors.toMap(Cost::name, cost -> cost));
    }
}
