// SPDX-License-Identifier: Apache-2.0
package io.hawser.buffer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A loop's own stock of blocks. */
class BlockCacheTest {
    private static final int KIB = 1024;
    private static final int MIB = 1024 * KIB;

    @RegisterExtension
    final LeakCheck memory = new LeakCheck();

    private BlockCache bound() {
        final BlockCache cache = memory.pool().newCache();
        cache.bind();
        return cache;
    }

    private static <T> T elsewhere(Callable<T> call) throws Exception {
        try (ExecutorService thread = Executors.newSingleThreadExecutor()) {
            return thread.submit(call).get(10, TimeUnit.SECONDS);
        }
    }

    @Test
    void shouldGiveTheYoungestBlockBack() {
        try (BlockCache cache = bound()) {
            final Block first = cache.acquire(1000);
            final Block second = cache.acquire(1000);
            first.release();
            second.release();
            assertThat(cache.acquire(1000)).isSameAs(second);
            assertThat(cache.acquire(1000)).isSameAs(first);
            first.release();
            second.release();
        }
    }

    @Test
    void shouldNotCountIdleBlocksAsUsed() {
        try (BlockCache cache = bound()) {
            final Block block = cache.acquire(5000);
            assertThat(cache.freeBytes()).isPositive();
            assertThat(memory.pool().usedBytes()).isEqualTo(16 * KIB);
            block.release();
            assertThat(memory.pool().usedBytes()).isZero();
            assertThat(cache.pool()).isSameAs(memory.pool());
        }
    }

    @Test
    void shouldTakeNoMoreThanItNeedsForAThreadThatIsCarried() throws Exception {
        try (BlockCache cache = bound()) {
            final CompletableFuture<Block> taken = new CompletableFuture<>();
            final Thread carried = Thread.ofVirtual().unstarted(() -> taken.complete(cache.acquire(1000)));
            cache.lend(carried);
            carried.start();
            final Block block = taken.get();
            // It may have waited for the pool and been overtaken, so it must not fill the stock meanwhile.
            assertThat(cache.freeBytes()).isZero();
            cache.bind();
            block.release();

            final CompletableFuture<Block> again = new CompletableFuture<>();
            final Block own = cache.acquire(1000);
            own.release();
            final Thread second = Thread.ofVirtual().unstarted(() -> {
                final Block reused = cache.acquire(1000);
                reused.release();
                again.complete(reused);
            });
            cache.lend(second);
            second.start();
            assertThat(again.get()).isSameAs(own);
            cache.bind();
        }
        assertThat(memory.pool().usedBytes()).isZero();
    }

    @Test
    void shouldRefuseImpossibleSizes() {
        try (BlockCache cache = bound()) {
            assertThatIllegalArgumentException().isThrownBy(() -> cache.acquire(-1));
            assertThatIllegalArgumentException().isThrownBy(() -> cache.tryAcquire(BlockPool.MAX_BLOCK_BYTES + 1));
        }
    }

    @Test
    void shouldGiveBackToThePoolWhatPassesItsShare() {
        try (BlockCache cache = bound()) {
            for (int size : new int[] {KIB, 64 * KIB, 4 * MIB}) {
                final List<Block> blocks = new ArrayList<>();
                for (int i = 0; i < Math.min(1000, 24 * MIB / size); i++) {
                    blocks.add(cache.acquire(size));
                }
                final long before = cache.freeBytes();
                blocks.forEach(Block::release);
                assertThat(cache.freeBytes() - before)
                        .as("idle in blocks of %d", size)
                        .isBetween(1L, 4L * MIB);
                assertThat(memory.pool().usedBytes()).isZero();
                // They are where another thread finds them.
                final long reserved = memory.pool().reservedBytes();
                final Block found = memory.pool().acquire(size);
                assertThat(memory.pool().reservedBytes()).isEqualTo(reserved);
                found.release();
            }
        }
    }

    @Test
    void shouldKeepEveryBlockOnceThroughOverflow() {
        try (BlockCache cache = bound()) {
            for (int round = 0; round < 3; round++) {
                final List<Block> blocks = new ArrayList<>();
                for (int i = 0; i < 1500; i++) {
                    blocks.add(cache.acquire(KIB));
                }
                assertThat(blocks).doesNotHaveDuplicates();
                blocks.forEach(Block::release);
            }
        }
    }

    @Test
    void shouldServeOtherThreadsFromThePool() throws Exception {
        try (BlockCache cache = bound()) {
            final Block mine = cache.acquire(10);
            final long idle = cache.freeBytes();
            final Block theirs = elsewhere(() -> cache.acquire(10));
            assertThat(theirs).isNotSameAs(mine);
            elsewhere(() -> {
                mine.release();
                return mine;
            });
            assertThat(cache.freeBytes()).as("not touched by the other thread").isEqualTo(idle);
            theirs.release();
            assertThat(memory.pool().usedBytes()).isZero();
        }
    }

    @Test
    void shouldServeEveryoneFromThePoolWhileNobodyOwnsIt() {
        try (BlockCache cache = memory.pool().newCache()) {
            final Block block = cache.acquire(10);
            block.release();
            assertThat(cache.freeBytes()).isZero();
            assertThat(memory.pool().usedBytes()).isZero();
        }
    }

    @Test
    void shouldReuseViewsOnItsOwnThread() {
        try (BlockCache cache = bound()) {
            final Block block = Bytes.block(cache, Bytes.pattern(100));
            final Block other = Bytes.block(cache, Bytes.pattern(5000, 5000));
            final Block view = block.view(10, 20);
            assertThat(view.byteBuffer(10, 20).get()).isEqualTo(Bytes.at(10));
            view.release();
            final Block again = other.view(0, 5000);
            assertThat(again).isSameAs(view);
            assertThat(again.address()).isEqualTo(other.address());
            assertThat(again.capacity()).isEqualTo(other.capacity());
            assertThat(again.byteBuffer(4999, 5000).get())
                    .as("not the other block's")
                    .isEqualTo(Bytes.at(9999));
            assertThat(again.isUnshared()).isFalse();
            other.release();
            assertThat(again.byteBuffer(0, 1).get()).isEqualTo(Bytes.at(5000));
            again.release();
            block.release();
        }
    }

    @Test
    void shouldTakeViewsBackFromOtherThreads() throws Exception {
        try (BlockCache cache = bound()) {
            final Block block = Bytes.block(cache, Bytes.pattern(100));
            final Block view = block.view(10, 20);
            block.release();
            elsewhere(() -> {
                view.release();
                return view;
            });
            assertThat(memory.pool().usedBytes()).isZero();
            final Block fresh = cache.acquire(10);
            assertThat(fresh.isUnshared()).isTrue();
            fresh.release();
        }
    }

    @Test
    void shouldGiveEverythingBackWhenClosed() {
        final BlockCache cache = bound();
        final Block out = cache.acquire(10);
        final Block view = out.view(0, 10);
        cache.acquire(100_000).release();
        cache.close();
        assertThat(cache.freeBytes()).isZero();
        assertThat(memory.pool().usedBytes()).isEqualTo(KIB);
        out.release();
        view.release();
        assertThat(memory.pool().usedBytes()).isZero();
        assertThat(cache.freeBytes()).as("goes to the pool").isZero();
        cache.acquire(10).release();
        assertThat(cache.freeBytes()).isZero();
        cache.close();
        assertThat(memory.pool().usedBytes()).isZero();
    }

    @Test
    void shouldFailAtTheCap() {
        try (var pool = new BlockPool(8 * KIB);
                BlockCache cache = pool.newCache()) {
            cache.bind();
            final List<Block> blocks = new ArrayList<>();
            for (Block block = cache.tryAcquire(KIB); block != null; block = cache.tryAcquire(KIB)) {
                blocks.add(block);
            }
            assertThat(blocks).hasSize(8);
            assertThatExceptionOfType(PoolExhaustedException.class).isThrownBy(() -> cache.acquire(KIB));
            assertThat(cache.tryAcquire(KIB)).isNull();
            blocks.forEach(Block::release);
            LeakCheck.assertNothingLeaks(pool);
        }
    }

    @Test
    void shouldGiveALargerBlockOfItsOwnAtTheCap() {
        try (var pool = new BlockPool(MIB);
                BlockCache cache = pool.newCache()) {
            cache.bind();
            final List<Block> blocks = new ArrayList<>();
            for (Block block = cache.tryAcquire(64 * KIB); block != null; block = cache.tryAcquire(64 * KIB)) {
                blocks.add(block);
            }
            blocks.removeLast().release();
            assertThat(cache.freeBytes())
                    .as("the only idle block is the cache's own")
                    .isEqualTo(64 * KIB);
            final Block small = cache.acquire(10);
            assertThat(small.capacity()).isEqualTo(64 * KIB);
            assertThat(cache.tryAcquire(10)).isNull();
            small.release();
            blocks.forEach(Block::release);
            LeakCheck.assertNothingLeaks(pool);
        }
    }
}
