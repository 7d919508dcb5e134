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

/** {@link Buffer} with one thread that writes and one that reads: what is readable is there, in its order. */
final class BufferStress {
    private BufferStress() {}

    /** Blocks are linked to the tail, as a loop does with what it received. */
    @JCStressTest
    @Outcome(
            id = {"0, 12", "1, 12", "12, 12"},
            expect = ACCEPTABLE,
            desc = "Both in their order, now or later.")
    @Outcome(expect = FORBIDDEN, desc = "Lost, doubled, swapped, or other bytes.")
    @State
    public static class LinkedBlocks {
        private final Buffer buffer = Stressed.concurrent();
        private final Buffer one = Stressed.of(1);
        private final Buffer two = Stressed.of(2);
        private int digits;

        @Actor
        public void writer() {
            buffer.append(one);
            buffer.append(two);
        }

        @Actor
        public void reader(II_Result result) {
            digits = Stressed.read(buffer, 0);
            result.r1 = digits;
        }

        @Arbiter
        public void after(II_Result result) {
            result.r2 = Stressed.read(buffer, digits);
            one.close();
            two.close();
            buffer.close();
        }
    }

    /** Bytes are written into the block from which the other reads. */
    @JCStressTest
    @Outcome(
            id = {"0, 12", "1, 12", "12, 12"},
            expect = ACCEPTABLE,
            desc = "Both in their order, now or later.")
    @Outcome(expect = FORBIDDEN, desc = "Lost, doubled, swapped, or other bytes.")
    @State
    public static class OneBlock {
        private final Buffer buffer = Stressed.concurrent();
        private int digits;

        @Actor
        public void writer() {
            buffer.writeLong(1);
            buffer.writeLong(2);
        }

        @Actor
        public void reader(II_Result result) {
            digits = Stressed.read(buffer, 0);
            result.r1 = digits;
        }

        @Arbiter
        public void after(II_Result result) {
            result.r2 = Stressed.read(buffer, digits);
            buffer.close();
        }
    }

    /** The reader has read all there was, and holds the last block, when the next is linked. */
    @JCStressTest
    @Outcome(
            id = {"1, 12", "12, 12"},
            expect = ACCEPTABLE,
            desc = "Both in their order, now or later.")
    @Outcome(expect = FORBIDDEN, desc = "Lost, doubled, swapped, or other bytes.")
    @State
    public static class DrainedTail {
        private final Buffer buffer = Stressed.concurrent();
        private final Buffer two = Stressed.of(2);
        private int digits;

        public DrainedTail() {
            buffer.writeLong(1);
            digits = Stressed.read(buffer, 0);
        }

        @Actor
        public void writer() {
            buffer.append(two);
        }

        @Actor
        public void reader(II_Result result) {
            digits = Stressed.read(buffer, digits);
            result.r1 = digits;
        }

        @Arbiter
        public void after(II_Result result) {
            result.r2 = Stressed.read(buffer, digits);
            two.close();
            buffer.close();
        }
    }
}
