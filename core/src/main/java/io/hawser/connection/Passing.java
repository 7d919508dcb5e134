// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import io.hawser.loop.EventLoop;
import io.hawser.transport.PassedSocket;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** How a server, of streams or of datagrams, goes from process to process. Any thread but those of loops. */
interface Passing {
    /** The address as the user has given it. */
    Address asked();

    /** The address that is really bound. */
    Address address();

    /** Duplicates of its sockets, for another process; they are the caller's. */
    List<PassedSocket> duplicate() throws IOException;

    /** Takes nothing from its sockets any more; completes when that is so. What comes waits in the kernel. */
    CompletableFuture<Void> hold();

    /** Goes on after {@link #hold()}, or begins where its sockets come from another process; completes when that is so. */
    CompletableFuture<Void> start();

    /** From now on what its sockets leave behind in the file system is this process's to remove. */
    void keep();

    /** Another process has its sockets: closes the own descriptors and leaves the file system alone. */
    CompletableFuture<Void> release();

    /** Runs {@code task} on {@code loop}; completes when that is done, or when the loop has ended. */
    static CompletableFuture<Void> onLoop(EventLoop loop, Runnable task) {
        final CompletableFuture<Void> done = new CompletableFuture<>();
        final boolean accepted = loop.executeAlways(() -> {
            try {
                task.run();
                done.complete(null);
            } catch (Throwable t) {
                done.completeExceptionally(t);
            }
        });
        if (!accepted) {
            done.complete(null);
        }
        return done;
    }
}
