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

/** {@link SpinLock} keeps others out, and shows who comes next what was done. */
final class SpinLockStress {
    private SpinLockStress() {}

    /** Two threads count. */
    @JCStressTest
    @Outcome(id = "4", expect = ACCEPTABLE, desc = "All are counted.")
    @Outcome(expect = FORBIDDEN, desc = "Two were inside at once.")
    @State
    public static class Count {
        private final SpinLock lock = new SpinLock();
        private int count;

        private void add() {
            lock.lock();
            count++;
            lock.unlock();
        }

        @Actor
        public void first() {
            add();
            add();
        }

        @Actor
        public void second() {
            add();
            add();
        }

        @Arbiter
        public void after(I_Result result) {
            result.r1 = count;
        }
    }

    /** Two fields that belong together. */
    @JCStressTest
    @Outcome(
            id = {"0, 0", "1, 1"},
            expect = ACCEPTABLE,
            desc = "Before or after.")
    @Outcome(expect = FORBIDDEN, desc = "In between.")
    @State
    public static class Together {
        private final SpinLock lock = new SpinLock();
        private int first;
        private int second;

        @Actor
        public void writer() {
            lock.lock();
            first = 1;
            second = 1;
            lock.unlock();
        }

        @Actor
        public void reader(II_Result result) {
            lock.lock();
            result.r1 = second;
            result.r2 = first;
            lock.unlock();
        }
    }
}
