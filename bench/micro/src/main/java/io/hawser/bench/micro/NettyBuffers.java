// SPDX-License-Identifier: Apache-2.0
package io.hawser.bench.micro;

import io.netty.buffer.AdaptiveByteBufAllocator;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.PooledByteBufAllocator;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** Netty's allocators. */
public final class NettyBuffers {
    /** What a receive of about 1 KiB gets from Netty's default guess. */
    private static final int RECEIVE_BYTES = 2048;

    private NettyBuffers() {}

    /** A buffer as a channel fills it. */
    static ByteBuf received(ByteBufAllocator allocator, int bytes) {
        return allocator.ioBuffer(RECEIVE_BYTES).writerIndex(bytes);
    }

    /** A buffer that holds {@code bytes}. */
    static ByteBuf received(ByteBufAllocator allocator, byte[] bytes) {
        return allocator.ioBuffer(RECEIVE_BYTES).writeBytes(bytes);
    }

    /** Netty's default. */
    @State(Scope.Thread)
    public static class Adaptive {
        final ByteBufAllocator allocator = new AdaptiveByteBufAllocator(true);
    }

    /** Netty's default before 4.2. */
    @State(Scope.Thread)
    public static class Pooled {
        final ByteBufAllocator allocator = new PooledByteBufAllocator(true);
    }
}
