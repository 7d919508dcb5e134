// SPDX-License-Identifier: Apache-2.0
package io.hawser.buffer;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * A lock for a few instructions, for which nobody parks.
 *
 * <p>A lock that parks would deadlock where a loop's thread carries virtual threads: the lock is handed to a virtual thread that waits
 * for it, which cannot run before the loop's thread, which waits behind it. Here a holder is always running, since nothing under the lock
 * parks, and who waits gets out of the way of the others now and then. Not reentrant.
 */
final class SpinLock {
    private static final int SPINS = 128;
    private static final VarHandle HELD;

    static {
        try {
            HELD = MethodHandles.lookup().findVarHandle(SpinLock.class, "held", boolean.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    @SuppressWarnings("unused") // through HELD
    private boolean held;

    @SuppressWarnings("ThreadPriorityCheck") // the holder may be waiting for this very processor
    void lock() {
        for (int i = 1; !HELD.compareAndSet(this, false, true); i++) {
            if (i % SPINS == 0) {
                Thread.yield();
            } else {
                Thread.onSpinWait();
            }
        }
    }

    void unlock() {
        HELD.setRelease(this, false);
    }
}
