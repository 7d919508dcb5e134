// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import io.hawser.loop.LoopTask;
import java.util.concurrent.CompletableFuture;

/**
 * Looks at all connections of one loop, some in each turn, so that 100,000 of them hold nobody up. One that comes meanwhile may be seen
 * or not; one that is moved, since another one went, may be missed.
 *
 * <p><b>Thread:</b> the loop's, but for {@link #start}.
 */
abstract class ConnectionWalk<R> extends LoopTask {
    /** So many in a turn. */
    private static final int STEP = 1024;

    private final LoopConnections home;
    private final CompletableFuture<R> result = new CompletableFuture<>();
    private int next;

    ConnectionWalk(LoopConnections home) {
        this.home = home;
    }

    /** Looks at one; whether to go on. */
    abstract boolean visit(StreamConnection connection, long ageNs);

    /** What was found. */
    abstract R found();

    /** Any thread. */
    final CompletableFuture<R> start() {
        goOn();
        return result;
    }

    private void goOn() {
        if (!home.loop().executeAlways(this)) {
            // The loop has ended, and its connections with it.
            result.complete(found());
        }
    }

    @Override
    public final void run() {
        try {
            final int end = Math.min(next + STEP, home.size());
            boolean wanted = true;
            while (wanted && next < end) {
                final StreamConnection connection = home.connection(next);
                wanted = visit(connection, home.ageNs(connection));
                next++;
            }
            if (wanted && next < home.size()) {
                goOn();
            } else {
                result.complete(found());
            }
        } catch (RuntimeException | Error e) {
            result.completeExceptionally(e);
        }
    }
}
