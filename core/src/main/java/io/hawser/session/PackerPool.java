// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * Lends what compresses messages to the sessions of a codec, for as long as one message takes: zlib's state is 300 KiB, and sessions are many. It is
 * kept while there are sessions. Any thread.
 */
final class PackerPool {
    private final Compression compression;
    private final AtomicReferenceArray<MessagePacker> idle =
            new AtomicReferenceArray<>(Math.clamp(2L * Runtime.getRuntime().availableProcessors(), 4, 64));
    private final AtomicInteger sessions = new AtomicInteger();

    PackerPool(Compression compression) {
        this.compression = compression;
    }

    void sessionBegins() {
        sessions.getAndIncrement();
    }

    void sessionEnds() {
        if (sessions.decrementAndGet() == 0) {
            drain();
        }
    }

    /** One that is the caller's until {@link #give}. */
    MessagePacker take() {
        for (int i = 0; i < idle.length(); i++) {
            final MessagePacker packer = idle.get(i);
            if (packer != null && idle.compareAndSet(i, packer, null)) {
                return packer;
            }
        }
        return compression.newMessagePacker();
    }

    void give(MessagePacker packer) {
        for (int i = 0; i < idle.length(); i++) {
            if (idle.get(i) == null && idle.compareAndSet(i, null, packer)) {
                if (sessions.get() == 0) {
                    // The last session has ended meanwhile, and may have looked here before.
                    drain();
                }
                return;
            }
        }
        packer.close();
    }

    private void drain() {
        for (int i = 0; i < idle.length(); i++) {
            final MessagePacker packer = idle.getAndSet(i, null);
            if (packer != null) {
                packer.close();
            }
        }
    }

    @Override
    public String toString() {
        return compression.toString();
    }
}
