// SPDX-License-Identifier: Apache-2.0
package io.hawser.buffer;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;
import org.openjdk.jcstress.infra.results.I_Result;

/** {@link BufferQueue}: all that is offered comes out once, each thread's in its order. */
final class BufferQueueStress {
    private BufferQueueStress() {}

    /** One thread offers while the loop drains. */
    @JCStressTest
    @Outcome(
            id = {"0, 12", "1, 12", "12, 12"},
            expect = ACCEPTABLE,
            desc = "Both in their order, now or later.")
    @Outcome(expect = FORBIDDEN, desc = "Lost, doubled, swapped, or other bytes.")
    @State
    public static class ProducerAndConsumer {
        private final BufferQueue queue = new BufferQueue();
        private final Buffer target = Stressed.buffer();
        private final Buffer one = Stressed.of(1);
        private final Buffer two = Stressed.of(2);
        private int digits;

        @Actor
        public void producer() {
            queue.offer(one);
            queue.offer(two);
        }

        @Actor
        public void consumer(II_Result result) {
            queue.drainTo(target);
            digits = Stressed.read(target, 0);
            result.r1 = digits;
        }

        @Arbiter
        public void after(II_Result result) {
            queue.drainTo(target);
            result.r2 = Stressed.read(target, digits);
            one.close();
            two.close();
            target.close();
        }
    }

    /** Two threads offer. */
    @JCStressTest
    @Outcome(
            id = {"123", "132", "312"},
            expect = ACCEPTABLE,
            desc = "Each in its order.")
    @Outcome(expect = FORBIDDEN, desc = "Lost, doubled, swapped, or other bytes.")
    @State
    public static class TwoProducers {
        private final BufferQueue queue = new BufferQueue();
        private final Buffer target = Stressed.buffer();
        private final Buffer one = Stressed.of(1);
        private final Buffer two = Stressed.of(2);
        private final Buffer three = Stressed.of(3);

        @Actor
        public void first() {
            queue.offer(one);
            queue.offer(two);
        }

        @Actor
        public void second() {
            queue.offer(three);
        }

        @Arbiter
        public void after(I_Result result) {
            queue.drainTo(target);
            result.r1 = Stressed.read(target, 0);
            one.close();
            two.close();
            three.close();
            target.close();
        }
    }
}
