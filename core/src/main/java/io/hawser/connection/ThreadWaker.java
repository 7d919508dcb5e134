// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import io.hawser.loop.EventLoop;
import io.hawser.loop.Flushable;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Makes the threads ready, at the end of a turn of their loop, for which bytes have come in it.
 *
 * <p>If there are several, a virtual thread of its own does it: its carrier puts them into its own queue. Done by the loop, each would be a call for
 * a thread of the JDK's pool, which on a busy core interrupts the loop, runs one handler, finds no other, and goes to sleep again.
 *
 * <p><b>Thread:</b> the loop's, but for {@link #end}.
 */
final class ThreadWaker implements Flushable {
    private final EventLoop loop;
    /** Whose threads are to be made ready in this turn, linked by {@link BlockingConnection#wakeNext}. */
    private @Nullable BlockingConnection first;

    private @Nullable BlockingConnection last;
    /** What the waker has not taken yet. */
    private final AtomicReference<@Nullable BlockingConnection> handed = new AtomicReference<>();

    private volatile @Nullable Thread waker;
    private volatile boolean ended;

    ThreadWaker(EventLoop loop) {
        this.loop = loop;
    }

    /** The connection is in no queue of this object, and is in one until its {@link BlockingConnection#wakeNow} is called. */
    void add(BlockingConnection connection) {
        final BlockingConnection before = last;
        if (before == null) {
            first = connection;
            loop.flushLater(this);
        } else {
            before.wakeNext = connection;
        }
        last = connection;
    }

    @Override
    public void flush() {
        final BlockingConnection head = first;
        final BlockingConnection tail = last;
        first = null;
        last = null;
        if (head == null || tail == null) {
            return;
        }
        if (head == tail) {
            head.wakeNow();
            return;
        }
        BlockingConnection before;
        do {
            before = handed.get();
            tail.wakeNext = before;
        } while (!handed.compareAndSet(before, head));
        Thread thread = waker;
        if (thread == null) {
            thread = Thread.ofVirtual().name("hawser-waker").unstarted(this::wake);
            waker = thread;
            thread.start();
        } else {
            LockSupport.unpark(thread);
        }
    }

    /** The waker's thread. */
    private void wake() {
        while (true) {
            BlockingConnection next = handed.getAndSet(null);
            if (next == null) {
                if (ended) {
                    return;
                }
                LockSupport.park(this);
            }
            while (next != null) {
                final BlockingConnection after = next.wakeNext;
                next.wakeNext = null;
                next.wakeNow();
                next = after;
            }
        }
    }

    /** Its thread, once there was need for one. Any thread. */
    Optional<Thread> thread() {
        return Optional.ofNullable(waker);
    }

    /** The loop has ended: nobody is added any more. Any thread. */
    void end() {
        ended = true;
        final Thread thread = waker;
        if (thread != null) {
            LockSupport.unpark(thread);
        }
    }
}
