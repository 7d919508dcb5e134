// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;

/** Threads that take tasks from queues, which are filled in turn. Any thread. What may wait is bounded by those who use it. */
final class Workers {
    /** Tells a thread to end. */
    private enum End implements Runnable {
        END;

        @Override
        public void run() {}
    }

    private final int threads;
    private final BlockingQueue<Runnable>[] queues;
    private final AtomicInteger next = new AtomicInteger();

    @SuppressWarnings({"unchecked", "rawtypes"}) // an array of a generic type
    Workers(String name, int threads, int queueCount) {
        this.threads = threads;
        queues = IntStream.range(0, queueCount)
                .mapToObj(_ -> new LinkedBlockingQueue<Runnable>())
                .toArray(BlockingQueue[]::new);
        for (int i = 0; i < threads; i++) {
            final BlockingQueue<Runnable> queue = queues[i % queueCount];
            Thread.ofPlatform().daemon().name(name + "-" + i).start(() -> serve(queue));
        }
    }

    private static void serve(BlockingQueue<Runnable> queue) {
        while (true) {
            try {
                final Runnable task = queue.take();
                if (task == End.END) {
                    return;
                }
                task.run();
            } catch (InterruptedException _) {
                // A task has left it so: it is not meant for the next one.
            }
        }
    }

    void execute(Runnable task) {
        queues[Math.floorMod(next.getAndIncrement(), queues.length)].add(task);
    }

    /** The threads end when they have nothing left to do. */
    void end() {
        for (int i = 0; i < threads; i++) {
            queues[i % queues.length].add(End.END);
        }
    }
}
