// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import io.hawser.buffer.BufferQueue;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** One message in an {@link Outbox}: completes when the kernel has taken its last byte. */
final class WriteReceipt extends CompletableFuture<Void> implements BufferQueue.Receipt {
    private final Outbox outbox;
    /** Where the message ends in the stream of all that is sent. The loop's thread. */
    long end;

    @Nullable
    WriteReceipt next;

    WriteReceipt(Outbox outbox) {
        this.outbox = outbox;
    }

    @Override
    public void drained(long position) {
        outbox.drained(this, position);
    }
}
