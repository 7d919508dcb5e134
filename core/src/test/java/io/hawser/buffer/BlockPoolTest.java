// SPDX-License-Identifier: Apache-2.0
package io.hawser.buffer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Blocks, and the pool that they come from. */
class BlockPoolTest {
    private static final int KIB = 1024;
    private static final int MIB = 1024 * KIB;

    @RegisterExtension
    final LeakCheck memory = new LeakCheck();

    @ParameterizedTest
    @CsvSource({
        "0, 1024",
        "1, 1024",
        "1024, 1024",
        "1025, 4096",
        "4096, 4096",
        "4097, 16384",
        "16384, 16384",
        "16385, 65536",
        "65536, 65536",
        "65537, 262144",
        "262145, 1048576",
        "1048577, 4194304",
        "4194305, 16777216",
        "16777216, 16777216"
    })
    void shouldGiveTheSmallestBlockThatIsLargeEnough(int wanted, int capacity) {
        final Block block = memory.pool().acquire(wanted);
        assertThat(block.capacity()).isEqualTo(capacity);
        assertThat(block.memory().byteSize()).isEqualTo(capacity);
        assertThat(block.memory().address()).isEqualTo(block.address());
        assertThat(block.readableBytes()).isZero();
        assertThat(block.next()).isNull();
        assertThat(memory.pool().usedBytes()).isEqualTo(capacity);
        block.release();
        assertThat(memory.pool().usedBytes()).isZero();
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, Integer.MIN_VALUE, BlockPool.MAX_BLOCK_BYTES + 1, Integer.MAX_VALUE})
    void shouldRefuseImpossibleSizes(int wanted) {
        assertThatIllegalArgumentException().isThrownBy(() -> memory.pool().acquire(wanted));
        assertThatIllegalArgumentException().isThrownBy(() -> memory.pool().tryAcquire(wanted));
        assertThat(memory.pool().reservedBytes()).isZero();
    }

    @ParameterizedTest
    @ValueSource(longs = {0, -1, Long.MIN_VALUE})
    void shouldRefuseACapThatIsNotPositive(long cap) {
        assertThatIllegalArgumentException().isThrownBy(() -> new BlockPool(cap));
    }

    @Test
    void shouldNeverReserveMoreThanItsCap() {
        // Not a multiple of any size: what is left over is cut into what still fits.
        final long cap = MIB + 70 * KIB + 1;
        try (var pool = new BlockPool(cap)) {
            final List<Block> blocks = new ArrayList<>();
            for (int size : new int[] {MIB, 64 * KIB, 4 * KIB, KIB}) {
                for (Block block = pool.tryAcquire(size); block != null; block = pool.tryAcquire(size)) {
                    blocks.add(block);
                    assertThat(pool.reservedBytes()).isLessThanOrEqualTo(cap);
                }
            }
            assertThat(pool.reservedBytes()).isEqualTo(MIB + 70 * KIB);
            assertThat(pool.usedBytes()).isEqualTo(MIB + 70 * KIB);
            assertThat(pool.capBytes()).isEqualTo(cap);
            assertThatExceptionOfType(PoolExhaustedException.class)
                    .isThrownBy(() -> pool.acquire(1))
                    .withMessage("No block of 1 bytes: 1120256 bytes are reserved of at most 1120257");
            blocks.forEach(Block::release);
            assertThat(pool.usedBytes()).isZero();
            assertThat(pool.reservedBytes()).isEqualTo(MIB + 70 * KIB);
        }
    }

    @Test
    void shouldGiveALargerBlockAtTheCapWhenOneIsIdle() {
        try (var pool = new BlockPool(MIB)) {
            final Block large = pool.acquire(64 * KIB);
            final Block small = pool.acquire(10);
            assertThat(small.capacity()).isEqualTo(64 * KIB);
            assertThat(pool.tryAcquire(64 * KIB + 1)).isNull();
            large.release();
            small.release();
            LeakCheck.assertNothingLeaks(pool);
        }
    }

    @Test
    void shouldTakeNothingWhenItFails() {
        try (var pool = new BlockPool(KIB)) {
            final Block only = pool.acquire(KIB);
            assertThat(pool.tryAcquire(KIB)).isNull();
            assertThatExceptionOfType(PoolExhaustedException.class).isThrownBy(() -> pool.acquire(KIB));
            assertThat(pool.usedBytes()).isEqualTo(KIB);
            only.release();
            final Block again = pool.acquire(KIB);
            assertThat(again.address()).isEqualTo(only.address());
            again.release();
        }
    }

    @Test
    void shouldGiveDifferentMemoryToEach() {
        final List<Block> blocks = new ArrayList<>();
        for (int i = 0; i < 3000; i++) {
            final Block block = memory.pool().acquire(KIB << (2 * (i % 3)));
            block.memory().fill((byte) i);
            block.received(block.capacity());
            blocks.add(block);
        }
        for (int i = 0; i < blocks.size(); i++) {
            assertThat(blocks.get(i).memory().mismatch(filled(blocks.get(i).capacity(), (byte) i)))
                    .as("block %d", i)
                    .isEqualTo(-1);
        }
        blocks.forEach(Block::release);
    }

    private static MemorySegment filled(int size, byte value) {
        return MemorySegment.ofArray(new byte[size]).fill(value);
    }

    @Test
    void shouldAccountExactlyWhateverTheOrder() {
        final var random = new Random(5);
        final List<Block> blocks = new ArrayList<>();
        long expected = 0;
        for (int i = 0; i < 5000; i++) {
            if (random.nextBoolean() || blocks.isEmpty()) {
                final Block block = memory.pool().tryAcquire(1 << random.nextInt(18));
                if (block != null) {
                    blocks.add(block);
                    expected += block.capacity();
                }
            } else {
                final Block block = blocks.remove(random.nextInt(blocks.size()));
                expected -= block.capacity();
                block.release();
            }
            assertThat(memory.pool().usedBytes()).as("step %d, seed 5", i).isEqualTo(expected);
            assertThat(memory.pool().leaks()).hasSize(blocks.size());
        }
        blocks.forEach(Block::release);
    }

    @Test
    void shouldTakeBlocksBackFromAnyThread() throws Exception {
        final int blocks = 20_000;
        final var queue = new LinkedBlockingQueue<Block>(100);
        try (ExecutorService threads = Executors.newFixedThreadPool(2)) {
            final Future<?> taking = threads.submit(() -> {
                for (int i = 0; i < blocks; i++) {
                    queue.put(memory.pool().acquire(i % 5000));
                }
                return null;
            });
            final Future<?> releasing = threads.submit(() -> {
                for (int i = 0; i < blocks; i++) {
                    queue.take().release();
                }
                return null;
            });
            taking.get(30, TimeUnit.SECONDS);
            releasing.get(30, TimeUnit.SECONDS);
        }
        assertThat(memory.pool().usedBytes()).isZero();
        // What is released is used again.
        assertThat(memory.pool().reservedBytes()).isLessThanOrEqualTo(4L * MIB);
    }

    @Test
    void shouldGiveSharedMemoryBackOnceWhicheverThreadIsLast() throws Exception {
        try (ExecutorService threads = Executors.newFixedThreadPool(2)) {
            for (int i = 0; i < 3000; i++) {
                final Block block = memory.pool().acquire(10);
                final Block view = block.view(0, 5);
                final Future<?> one = threads.submit(block::release);
                final Future<?> other = threads.submit(view::release);
                one.get(10, TimeUnit.SECONDS);
                other.get(10, TimeUnit.SECONDS);
                assertThat(memory.pool().usedBytes()).as("round %d", i).isZero();
            }
        }
        final Block first = memory.pool().acquire(10);
        final Block second = memory.pool().acquire(10);
        assertThat(first.address()).as("given back once").isNotEqualTo(second.address());
        first.release();
        second.release();
    }

    @Test
    void shouldRefuseToGiveBlocksWhenClosed() {
        final var pool = new BlockPool(MIB);
        final BlockCache cache = pool.newCache();
        cache.bind();
        pool.acquire(10).release();
        pool.close();
        pool.close();
        assertThatIllegalStateException().isThrownBy(() -> pool.acquire(10));
        assertThatIllegalStateException().isThrownBy(() -> pool.tryAcquire(10));
        assertThatIllegalStateException().isThrownBy(() -> cache.acquire(10));
        assertThatIllegalStateException().isThrownBy(() -> cache.acquire(64 * KIB));
    }

    @Test
    void shouldMakeMemoryUnusableWhenClosed() {
        final var pool = new BlockPool(MIB);
        final Block block = pool.acquire(10);
        final MemorySegment segment = block.memory();
        block.release();
        pool.close();
        assertThatIllegalStateException().isThrownBy(() -> segment.fill((byte) 0));
    }

    @Test
    void shouldCountWhatATransportReceived() {
        final Block block = memory.pool().acquire(100);
        block.received(40);
        assertThat(block.start()).isZero();
        assertThat(block.end()).isEqualTo(40);
        assertThat(block.readableBytes()).isEqualTo(40);
        assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> block.received(1025));
        assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> block.received(-1));
        block.release();
    }

    @Test
    void shouldShowItsMemoryAsOneByteBuffer() {
        final Block block = Bytes.block(memory.pool(), Bytes.pattern(100));
        final ByteBuffer first = block.byteBuffer(90, 100);
        assertThat(first.remaining()).isEqualTo(10);
        assertThat(first.get()).isEqualTo(Bytes.at(90));
        // From the end to the front, where a limit set first would move the position.
        final ByteBuffer second = block.byteBuffer(10, 30);
        assertThat(second).isSameAs(first);
        assertThat(second.position()).isEqualTo(10);
        assertThat(second.limit()).isEqualTo(30);
        assertThat(second.get()).isEqualTo(Bytes.at(10));
        assertThat(block.byteBuffer(500, 1024).remaining()).isEqualTo(524);
        block.release();
    }

    @Test
    void shouldBeFreshWhenTakenAgain() {
        final Buffer buffer = new Buffer(memory.pool());
        buffer.appendBlock(Bytes.block(memory.pool(), Bytes.pattern(100)));
        buffer.appendBlock(Bytes.block(memory.pool(), Bytes.pattern(100)));
        final Slice slice = buffer.slice(150);
        buffer.close();
        slice.close();
        for (int i = 0; i < 3; i++) {
            final Block block = memory.pool().acquire(10);
            assertThat(block.start()).isZero();
            assertThat(block.end()).isZero();
            assertThat(block.next()).isNull();
            assertThat(block.writable).isFalse();
            assertThat(block.isUnshared()).isTrue();
            block.release();
        }
    }
}
