// SPDX-License-Identifier: Apache-2.0
package io.hawser.buffer;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicBoolean;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/**
 * The two protocols by which a blocking connection waits for bytes, over a real {@link Buffer}: announce, look again, park on the one side,
 * append, fence, look for the announcement on the other. They are written down here a second time, since a connection cannot be made
 * without an engine; what is tested is that they and the buffer's count fit together.
 */
final class WaitForBytesStress {
    private WaitForBytesStress() {}

    /** A reader parks while bytes come. */
    @JCStressTest
    @Outcome(
            id = {"0, 0", "0, 1"},
            expect = ACCEPTABLE,
            desc = "The reader sees the bytes.")
    @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "The reader parks, and is woken.")
    @Outcome(id = "1, 0", expect = FORBIDDEN, desc = "The reader parks, and nobody wakes it.")
    @State
    public static class Park {
        private final Buffer inbound = Stressed.concurrent();
        private final Buffer received = Stressed.of(1);
        private volatile boolean waiting;
        private volatile long needed;

        @Actor
        public void reader(II_Result result) {
            needed = Long.BYTES;
            waiting = true;
            VarHandle.fullFence();
            result.r1 = inbound.readableBytes() < Long.BYTES ? 1 : 0;
        }

        @Actor
        public void loop(II_Result result) {
            inbound.append(received);
            VarHandle.fullFence();
            result.r2 = waiting && inbound.readableBytes() >= needed ? 1 : 0;
        }

        @Arbiter
        public void after(II_Result result) {
            received.close();
            inbound.close();
        }
    }

    /** A thread stops serving while bytes come, for which the loop would start another. */
    @JCStressTest
    @Outcome(id = "1, 0", expect = ACCEPTABLE, desc = "The thread goes on.")
    @Outcome(id = "0, 1", expect = ACCEPTABLE, desc = "The loop starts a new one.")
    @Outcome(id = "0, 0", expect = FORBIDDEN, desc = "Nobody serves the bytes.")
    @Outcome(id = "1, 1", expect = FORBIDDEN, desc = "Two threads serve.")
    @State
    public static class Leave {
        private final Buffer inbound = Stressed.concurrent();
        private final Buffer received = Stressed.of(1);
        private final AtomicBoolean served = new AtomicBoolean(true);

        @Actor
        public void server(II_Result result) {
            served.set(false);
            final boolean more = inbound.readableBytes() >= 1;
            result.r1 = more && served.compareAndSet(false, true) ? 1 : 0;
        }

        @Actor
        public void loop(II_Result result) {
            inbound.append(received);
            VarHandle.fullFence();
            result.r2 = served.compareAndSet(false, true) ? 1 : 0;
        }

        @Arbiter
        public void after(II_Result result) {
            received.close();
            inbound.close();
        }
    }
}
