// SPDX-License-Identifier: Apache-2.0
package io.hawser.bench.peers;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.function.Consumer;

/** A thread that waits for its channels, and the buffers that they share while they are served. */
final class NioLoop {
    private static final int BUFFER_BYTES = 64 << 10;

    /** Serves a channel that is ready. */
    interface Task {
        /**
         * On the loop.
         *
         * @throws IOException ends the channel
         */
        void ready(SelectionKey key) throws IOException;
    }

    private final Selector selector;
    private final ByteBuffer inbound = ByteBuffer.allocateDirect(BUFFER_BYTES);
    private final ByteBuffer outbound = ByteBuffer.allocateDirect(BUFFER_BYTES);
    private final Consumer<SelectionKey> serve = this::serve;
    private final Thread thread = new Thread(this::run, "nio-loop");
    private volatile boolean closed;

    NioLoop() throws IOException {
        this.selector = Selector.open();
    }

    /** Before the start, or on the loop. The channel is non-blocking from here. */
    void register(SelectableChannel channel, int interest, Task task) throws IOException {
        channel.configureBlocking(false);
        channel.register(selector, interest, task);
    }

    /** For what has been received, during one task. */
    ByteBuffer inbound() {
        return inbound.clear();
    }

    /** For what is to be sent, during one task. */
    ByteBuffer outbound() {
        return outbound.clear();
    }

    void start() {
        thread.start();
    }

    private void run() {
        try {
            while (!closed) {
                selector.select(serve);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            closeAll();
        }
    }

    private void serve(SelectionKey key) {
        try {
            ((Task) key.attachment()).ready(key);
        } catch (IOException _) {
            // A reset, for one.
            close(key);
        }
    }

    /** Closes its channels and, if it was started, ends its thread. Any other thread. */
    void close() {
        closed = true;
        if (!thread.isAlive()) {
            closeAll();
            return;
        }
        selector.wakeup();
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException _) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void closeAll() {
        try (selector) {
            if (selector.isOpen()) {
                selector.keys().forEach(NioLoop::close);
                // A channel that is closed gives its port back only when its key is gone.
                selector.selectNow();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void close(SelectionKey key) {
        try {
            key.channel().close();
        } catch (IOException _) {
            // There is nothing left to do for it.
        }
    }
}
