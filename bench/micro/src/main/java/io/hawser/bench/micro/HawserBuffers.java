// SPDX-License-Identifier: Apache-2.0
package io.hawser.bench.micro;

import io.hawser.buffer.Block;
import io.hawser.buffer.BlockCache;
import io.hawser.buffer.BlockPool;
import io.hawser.buffer.Buffer;
import io.hawser.transport.TransportConfig;
import java.lang.foreign.MemorySegment;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** The two buffers of a connection, and the blocks of its loop. */
@State(Scope.Thread)
public class HawserBuffers {
    private BlockPool pool;
    private BlockCache blocks;
    Buffer in;
    Buffer out;

    /** On the thread that will use them. */
    @Setup(Level.Trial)
    public void open() {
        pool = new BlockPool(64 << 20);
        blocks = pool.newCache();
        blocks.bind();
        in = new Buffer(blocks);
        out = new Buffer(blocks);
    }

    /** A block as a transport fills it, of which {@code bytes} are whatever was there before. */
    Block received(int bytes) {
        final Block block = blocks.acquire(TransportConfig.DEFAULT_READ_BLOCK_BYTES);
        block.received(bytes);
        return block;
    }

    /** A block that holds {@code bytes}. */
    Block received(MemorySegment bytes) {
        final Block block = blocks.acquire(TransportConfig.DEFAULT_READ_BLOCK_BYTES);
        MemorySegment.copy(bytes, 0, block.memory(), 0, bytes.byteSize());
        block.received((int) bytes.byteSize());
        return block;
    }

    /** Nothing may be left. */
    @TearDown(Level.Trial)
    public void close() {
        in.close();
        out.close();
        blocks.close();
        if (pool.usedBytes() != 0) {
            throw new IllegalStateException(pool.usedBytes() + " bytes of blocks were not given back");
        }
        pool.close();
    }
}
