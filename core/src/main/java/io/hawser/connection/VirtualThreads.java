// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import io.hawser.loop.EventLoop;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.concurrent.Executor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Which thread carries the virtual threads of blocking handlers.
 *
 * <p>{@link #JDK} is the JDK's own pool. {@link #LOOP} has each connection's handler carried by the thread of its loop: a hand-over
 * between threads for each message is saved, and blocking code costs about what a callback costs. In return a handler that blocks the
 * carrier (a file, a native call, much computing) stalls all connections of the loop for as long: the JDK adds no other carrier for it,
 * as it may do in its own pool. When the handler goes on, so does the loop, and nothing is lost. Reads and writes of connections, sleeps,
 * and locks, monitors included, do not block the carrier. It needs a constructor that the JDK
 * does not publish, hence {@code --add-opens java.base/java.lang=io.hawser} (or {@code ALL-UNNAMED} on the class path); without it, a log
 * line says so and the JDK's pool is used.
 */
public enum VirtualThreads {
    /** Carried by the JDK's pool. */
    JDK,
    /** Carried by the thread of the connection's loop. */
    LOOP;

    private static final System.Logger LOGGER = System.getLogger("io.hawser.connection");
    private static final String NAME = "hawser-handler";
    private static final AtomicReference<@Nullable LoopCarried> LOOP_CARRIED = new AtomicReference<>();

    /** The way to the JDK's constructor, or the reason why there is none. */
    private record LoopCarried(@Nullable MethodHandle constructor, String reason) {
        static LoopCarried probe() {
            try {
                // static Thread newVirtualThread(Executor scheduler, String name, int characteristics, Runnable task)
                final Class<?> builders = Class.forName("java.lang.ThreadBuilders");
                final MethodHandle constructor = MethodHandles.privateLookupIn(builders, MethodHandles.lookup())
                        .findStatic(
                                builders,
                                "newVirtualThread",
                                MethodType.methodType(
                                        Thread.class, Executor.class, String.class, int.class, Runnable.class));
                return new LoopCarried(constructor, "");
            } catch (ReflectiveOperationException | RuntimeException e) {
                return new LoopCarried(null, String.valueOf(e.getMessage()));
            }
        }
    }

    /** Whether this can be had here; if not, {@link #JDK} takes its place. Any thread. */
    public boolean isAvailable() {
        return this == JDK || loopCarried().constructor() != null;
    }

    private static LoopCarried loopCarried() {
        final LoopCarried known = LOOP_CARRIED.get();
        if (known != null) {
            return known;
        }
        final LoopCarried probed = LoopCarried.probe();
        if (LOOP_CARRIED.compareAndSet(null, probed) && probed.constructor() == null) {
            LOGGER.log(
                    System.Logger.Level.INFO,
                    "Blocking handlers are carried by the JDK's scheduler; for the loop's own thread, start Java with"
                            + " --add-opens java.base/java.lang=io.hawser (" + probed.reason() + ")");
        }
        return probed;
    }

    /** Makes the threads of the connections of {@code loop}. */
    ThreadFactory factory(EventLoop loop) {
        if (this == LOOP) {
            final MethodHandle constructor = loopCarried().constructor();
            if (constructor != null) {
                return task -> {
                    final LoopCarrier carrier = new LoopCarrier(loop);
                    try {
                        final Thread thread = (Thread) constructor.invokeExact((Executor) carrier, NAME, 0, task);
                        carrier.carry(thread);
                        return thread;
                    } catch (Throwable t) {
                        throw new IllegalStateException("The JDK made no virtual thread", t);
                    }
                };
            }
        }
        return Thread.ofVirtual().name(NAME).factory();
    }
}
