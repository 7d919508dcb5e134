// SPDX-License-Identifier: Apache-2.0
package io.hawser.bench.peers;

import io.netty.buffer.AdaptiveByteBufAllocator;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.PooledByteBufAllocator;
import java.util.Locale;

/** Where Netty's buffers come from. */
enum Allocator {
    /** What Netty takes when nobody says anything. */
    DEFAULT,
    ADAPTIVE,
    POOLED;

    ByteBufAllocator create() {
        return switch (this) {
            case DEFAULT -> ByteBufAllocator.DEFAULT;
            case ADAPTIVE -> new AdaptiveByteBufAllocator();
            case POOLED -> PooledByteBufAllocator.DEFAULT;
        };
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
