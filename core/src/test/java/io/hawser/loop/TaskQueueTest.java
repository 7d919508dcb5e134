// SPDX-License-Identifier: Apache-2.0
package io.hawser.loop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class TaskQueueTest {
    private static final int NO_LIMIT = Integer.MAX_VALUE;

    private final List<String> ran = new ArrayList<>();
    private final List<Object> failures = new ArrayList<>();
    private final TaskFailureHandler onFailure = (task, cause) -> {
        failures.add(task);
        failures.add(cause);
    };
    private final TaskQueue queue = new TaskQueue(4);

    private Runnable user(String name) {
        return () -> ran.add(name);
    }

    private LoopTask loopTask(Runnable body) {
        return new LoopTask() {
            @Override
            public void run() {
                body.run();
            }
        };
    }

    private int drain() {
        return queue.drain(NO_LIMIT, onFailure);
    }

    @Test
    void shouldRunTasksOfBothKindsInTheOrderOfTheirOffers() {
        queue.offer(user("a"));
        queue.offerAlways(loopTask(user("b")));
        queue.offer(user("c"));
        queue.offer(loopTask(user("d")));

        assertThat(drain()).isEqualTo(4);
        assertThat(ran).containsExactly("a", "b", "c", "d");
        assertThat(drain()).isZero();
    }

    @Test
    void shouldKeepTheOrderAcrossTurnsWithABudget() {
        queue.offer(user("a"));
        queue.offer(user("b"));
        queue.offer(user("c"));
        assertThat(queue.drain(2, onFailure)).isEqualTo(2);
        queue.offer(user("d"));
        queue.offer(user("e"));
        assertThat(queue.drain(0, onFailure)).isZero();
        assertThat(queue.drain(2, onFailure)).isEqualTo(2);
        assertThat(ran).containsExactly("a", "b", "c", "d");
        assertThat(drain()).isEqualTo(1);
        assertThat(ran).endsWith("e");
    }

    @Test
    void shouldBeEmptyOnlyWhenNothingWaits() {
        assertThat(queue.isEmpty()).isTrue();
        queue.offer(user("a"));
        assertThat(queue.isEmpty()).isFalse();
        queue.offer(user("b"));
        queue.drain(1, onFailure);
        assertThat(queue.isEmpty()).as("one has been taken but not run").isFalse();
        drain();
        assertThat(queue.isEmpty()).isTrue();
        queue.offerAlways(loopTask(user("c")));
        assertThat(queue.isEmpty()).isFalse();
    }

    @Test
    void shouldRefuseUserTasksAboveTheCapacity() {
        for (int i = 0; i < 4; i++) {
            assertThat(queue.offer(user("t" + i))).isTrue();
        }
        assertThat(queue.offer(user("too many"))).isFalse();
        assertThat(queue.pendingUserTasks()).isEqualTo(4);

        queue.drain(1, onFailure);
        assertThat(queue.pendingUserTasks()).isEqualTo(3);
        assertThat(queue.offer(user("t4"))).isTrue();
        assertThat(queue.offer(user("too many"))).isFalse();
        drain();
        assertThat(ran).containsExactly("t0", "t1", "t2", "t3", "t4");
        assertThat(queue.pendingUserTasks()).isZero();
    }

    @Test
    void shouldHaveRoomForATaskThatIsOfferedByTheOneThatRuns() {
        var single = new TaskQueue(1);
        single.offer(() -> ran.add("accepted " + single.offer(user("b"))));

        single.drain(NO_LIMIT, onFailure);
        single.drain(NO_LIMIT, onFailure);
        assertThat(ran).containsExactly("accepted true", "b");
    }

    @Test
    void shouldAcceptLoopTasksAboveTheCapacity() {
        for (int i = 0; i < 4; i++) {
            queue.offer(user("u" + i));
        }
        for (int i = 0; i < 10; i++) {
            assertThat(queue.offer(loopTask(user("l" + i)))).isTrue();
        }
        assertThat(drain()).isEqualTo(14);
        assertThat(ran).startsWith("u0").endsWith("l9");
    }

    @Test
    void shouldQueueALoopTaskOnceUntilItRuns() {
        LoopTask task = loopTask(user("once"));
        assertThat(queue.offerAlways(task)).isTrue();
        queue.offer(user("other"));
        assertThat(queue.offerAlways(task)).isTrue();

        assertThat(drain()).isEqualTo(2);
        assertThat(ran).containsExactly("once", "other");
        queue.offerAlways(task);
        assertThat(drain()).isEqualTo(1);
    }

    @Test
    void shouldLeaveWhatATaskOffersToTheNextTurn() {
        LoopTask[] self = new LoopTask[1];
        self[0] = loopTask(() -> {
            ran.add("again");
            queue.offerAlways(self[0]);
            queue.offer(user("user"));
        });
        queue.offerAlways(self[0]);

        assertThat(drain()).isEqualTo(1);
        assertThat(drain()).isEqualTo(2);
        assertThat(ran).containsExactly("again", "again", "user");
    }

    @Test
    void shouldHandOverAFailureAndRunTheRest() {
        var failure = new AssertionError("on purpose");
        Runnable failing = () -> {
            throw failure;
        };
        LoopTask failingLoopTask = loopTask(failing);
        queue.offer(failing);
        queue.offer(failingLoopTask);
        queue.offer(user("rest"));

        assertThat(drain()).isEqualTo(3);
        assertThat(failures).containsExactly(failing, failure, failingLoopTask, failure);
        assertThat(ran).containsExactly("rest");
        assertThat(queue.offerAlways(failingLoopTask)).isTrue();
        assertThat(drain()).as("it may be offered after it has failed").isEqualTo(1);
    }

    @Test
    void shouldKeepTheRestWhenTheHandlerThrows() {
        queue.offer(() -> {
            throw new UnsupportedOperationException();
        });
        queue.offer(user("rest"));

        assertThatThrownBy(() -> queue.drain(NO_LIMIT, (task, cause) -> {
                    throw new IllegalStateException(cause);
                }))
                .isInstanceOf(IllegalStateException.class);
        assertThat(queue.isEmpty()).isFalse();
        assertThat(drain()).isEqualTo(1);
        assertThat(ran).containsExactly("rest");
    }

    @Test
    void shouldRunWhatWasAcceptedBeforeItWasClosedAndRefuseTheRest() {
        queue.offer(user("a"));
        queue.offer(user("b"));
        queue.drain(1, onFailure);
        LoopTask task = loopTask(user("c"));
        queue.offerAlways(task);
        queue.close();
        queue.close();

        assertThat(queue.offer(user("refused"))).isFalse();
        assertThat(queue.offerAlways(loopTask(user("refused")))).isFalse();
        assertThat(queue.isEmpty()).isFalse();
        assertThat(drain()).isEqualTo(2);
        assertThat(ran).containsExactly("a", "b", "c");
        assertThat(queue.isEmpty()).isTrue();
        assertThat(queue.offerAlways(task)).isFalse();
        assertThat(queue.offerAlways(task))
                .as("refused again, not taken for queued")
                .isFalse();
    }

    @Test
    void shouldRefuseNullAndACapacityBelowOne() {
        assertThatNullPointerException().isThrownBy(() -> queue.offer(null));
        assertThat(queue.offer(user("a"))).isTrue();
        assertThat(queue.pendingUserTasks()).isEqualTo(1);
        assertThatIllegalArgumentException().isThrownBy(() -> new TaskQueue(0));
    }

    @Test
    void shouldAllocateNothingForLoopTasks() {
        LoopTask[] tasks = new LoopTask[10];
        for (int i = 0; i < tasks.length; i++) {
            tasks[i] = loopTask(() -> {});
        }
        long bytes = AllocationMeter.allocatedBytes(() -> {
            for (int turn = 0; turn < 10_000; turn++) {
                for (LoopTask task : tasks) {
                    queue.offerAlways(task);
                }
                assertDrained(tasks.length);
            }
        });
        assertThat(bytes).isLessThan(1_024);
    }

    private void assertDrained(int expected) {
        if (drain() != expected || !queue.isEmpty()) {
            throw new AssertionError("not drained");
        }
    }
}
