// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.hawser.buffer.UncheckedJvm;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** From the socket to the handler and back, on real sockets: nothing is allocated per request in the steady state. */
class DataPathAllocationTest {
    private record Cost(String name, long bytes, long requests) {
        static Cost parse(String line) {
            final String[] words = line.split(" ", -1);
            return new Cost(words[0], Long.parseLong(words[1]), Long.parseLong(words[2]));
        }

        @Override
        public String toString() {
            return String.format("%-24s %8.3f bytes a request", name, (double) bytes / requests);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"io_uring", "epoll", "nio"})
    void shouldAllocateNothingForARequest(String transport) throws Exception {
        final List<Cost> costs = UncheckedJvm.run(DataPathProbe.class, transport).stream()
                .map(Cost::parse)
                .toList();
        costs.forEach(System.out::println);
        assertThat(costs).hasSize(4);
        assertThat(costs)
                .allSatisfy(cost -> assertThat(cost.bytes())
                        .as("bytes allocated by %s", cost)
                        .isLessThanOrEqualTo(cost.requests() * allowed(cost.name())));
    }

    /**
     * What is the JDK's own doing, for each time that a thread goes on, which here is for 8 requests: its scheduler of virtual threads makes an
     * object, and its channels want a view of the memory that a blocking handler has cut from a block.
     */
    private static int allowed(String name) {
        return switch (name) {
            case "io_uring-blocking", "epoll-blocking", "nio-loop-carried" -> 8;
            case "nio-blocking" -> 16;
            default -> 0;
        };
    }
}
