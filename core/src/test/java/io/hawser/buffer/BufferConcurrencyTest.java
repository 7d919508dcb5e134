// SPDX-License-Identifier: Apache-2.0
package io.hawser.buffer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * One thread writes, another reads, at once: every byte arrives, in order, and no block is lost. Each byte says its
 * place, so that one that is read before it was written, or twice, shows.
 */
class BufferConcurrencyTest {
    private static final ValueLayout.OfLong BIG_ENDIAN_LONG =
            ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

    private static final long BYTES = 24L << 20;

    @RegisterExtension
    final LeakCheck memory = new LeakCheck();

    @ParameterizedTest(name = "seed {0}")
    @ValueSource(longs = {1, 2, 3, 4})
    void shouldCarryEveryByteFromOneThreadToAnother(long seed) throws Exception {
        try (BlockCache cache = memory.pool().newCache();
                ExecutorService threads = Executors.newFixedThreadPool(2)) {
            // As on a connection: the loop's thread, which owns the cache, fills the buffer, and a handler's thread
            // reads it.
            final var pipe = new Pipe(new Buffer(cache), 512 << 10);
            final Future<?> writer = threads.submit(() -> {
                cache.bind();
                pipe.run(() -> new Writing(pipe, cache, seed).run());
            });
            final Future<?> reader = threads.submit(() -> pipe.run(() -> new Reading(pipe, memory.pool(), seed).run()));
            pipe.await(writer, reader, seed);
        }
    }

    /**
     * Where the reader takes a whole block, its writer must have left it: it may grow, and get a successor, at any
     * moment.
     */
    @Test
    void shouldHandOverAllThereIsWhileTheLastBlockGrows() throws Exception {
        final int numbers = 1_000_000;
        try (Arena arena = Arena.ofShared();
                ExecutorService threads = Executors.newFixedThreadPool(2)) {
            final MemorySegment ready = arena.allocate(8L * numbers);
            for (int i = 0; i < numbers; i++) {
                ready.set(BIG_ENDIAN_LONG, 8L * i, i);
            }
            final var pipe = new Pipe(new Buffer(memory.pool()), 8 << 10);
            final Future<?> writer = threads.submit(() -> pipe.run(() -> {
                for (int i = 0; i < numbers; i++) {
                    pipe.awaitRoom();
                    if (i % 5 == 0) {
                        pipe.buffer.appendBlock(Block.foreign(ready.asSlice(8L * i, 8), memory.pool(), () -> {}));
                    } else {
                        pipe.buffer.writeLong(i);
                    }
                }
            }));
            final Future<?> reader = threads.submit(() -> pipe.run(() -> {
                try (var other = new Buffer(memory.pool())) {
                    for (int i = 0; i < numbers; ) {
                        other.append(pipe.buffer);
                        pipe.madeRoom();
                        pipe.requireAlive();
                        while (other.readableBytes() > 0) {
                            assertEquals(i++, other.readLong());
                        }
                    }
                }
            }));
            pipe.await(writer, reader, 0);
        }
    }

    /** What both threads know: the buffer, and how each waits for the other. */
    private static final class Pipe {
        final Buffer buffer;
        final Semaphore written = new Semaphore(0);
        final Semaphore room = new Semaphore(0);
        final AtomicBoolean failed = new AtomicBoolean();

        /** The writer stops while so much lies unread, so that both keep near each other, where races are. */
        final long ahead;

        Pipe(Buffer buffer, long ahead) {
            this.buffer = buffer;
            this.ahead = ahead;
            buffer.setConcurrent(true);
            buffer.setReaderHook((same, needed) -> {
                while (same.readableBytes() < needed) {
                    acquire(written);
                }
            });
        }

        /** If one thread fails, the other must not wait for it. */
        void run(Runnable side) {
            try {
                side.run();
            } catch (Throwable e) {
                failed.set(true);
                throw e;
            } finally {
                written.release(1 << 20);
                room.release(1 << 20);
            }
        }

        /** Ends when both have ended, whatever happens: a thread that has been given up must not go on. */
        void await(Future<?> writer, Future<?> reader, long seed) throws Exception {
            final var failure = new AssertionError("Seed " + seed);
            for (Future<?> side : List.of(writer, reader)) {
                try {
                    side.get(60, TimeUnit.SECONDS);
                } catch (ExecutionException e) {
                    failure.addSuppressed(e.getCause());
                } catch (TimeoutException e) {
                    failure.addSuppressed(e);
                    failed.set(true);
                    written.release();
                    room.release();
                }
            }
            if (failure.getSuppressed().length > 0) {
                throw failure;
            }
            buffer.close();
        }

        void awaitRoom() {
            while (buffer.pendingBytes() > ahead) {
                acquire(room);
            }
        }

        void madeRoom() {
            if (buffer.readableBytes() < ahead / 2 && room.availablePermits() == 0) {
                room.release();
            }
        }

        private void acquire(Semaphore semaphore) {
            semaphore.acquireUninterruptibly();
            semaphore.drainPermits();
            requireAlive();
        }

        void requireAlive() {
            if (failed.get()) {
                throw new IllegalStateException("The other thread failed");
            }
        }
    }

    private static final class Writing implements Runnable {
        private final Pipe pipe;
        private final Buffer buffer;
        private final BlockSource source;
        private final Random random;
        private long at;

        Writing(Pipe pipe, BlockSource source, long seed) {
            this.pipe = pipe;
            this.buffer = pipe.buffer;
            this.source = source;
            this.random = new Random(seed);
        }

        @Override
        public void run() {
            while (at < BYTES) {
                pipe.awaitRoom();
                at += write();
                pipe.written.release();
            }
        }

        private int write() {
            final int left = (int) Math.min(BYTES - at, 70_000);
            switch (left < 8 ? 0 : random.nextInt(8)) {
                case 0 -> {
                    buffer.writeByte(Bytes.at(at));
                    return 1;
                }
                case 1 -> {
                    buffer.writeShort(ByteBuffer.wrap(Bytes.pattern(at, 2)).getShort());
                    return 2;
                }
                case 2 -> {
                    buffer.writeInt(ByteBuffer.wrap(Bytes.pattern(at, 4)).getInt());
                    return 4;
                }
                case 3 -> {
                    buffer.writeLong(ByteBuffer.wrap(Bytes.pattern(at, 8)).getLong());
                    return 8;
                }
                case 4 -> {
                    final int n = random.nextInt(left) + 1;
                    buffer.writeBytes(Bytes.pattern(at, n));
                    return n;
                }
                case 5 -> {
                    final int n = random.nextInt(Math.min(left, 100)) + 1;
                    buffer.write(ByteBuffer.wrap(Bytes.pattern(at, n)));
                    return n;
                }
                default -> {
                    final int n = random.nextInt(Math.min(left, 20_000)) + 1;
                    buffer.appendBlock(Bytes.block(source, Bytes.pattern(at, n)));
                    return n;
                }
            }
        }
    }

    private static final class Reading implements Runnable {
        private final Pipe pipe;
        private final Buffer buffer;
        private final Random random;
        private final Buffer other;
        private final ArrayDeque<Slice> slices = new ArrayDeque<>();
        private long at;
        /** The position of the first byte in {@link #other} and of each slice. */
        private long otherAt;

        private final ArrayDeque<Long> sliceAt = new ArrayDeque<>();

        Reading(Pipe pipe, BlockPool pool, long seed) {
            this.pipe = pipe;
            this.buffer = pipe.buffer;
            this.random = new Random(~seed);
            this.other = new Buffer(pool);
        }

        @Override
        public void run() {
            try {
                while (at < BYTES) {
                    at += read();
                    if (random.nextInt(50) == 0) {
                        buffer.release();
                    }
                    pipe.madeRoom();
                }
                assertThat(buffer.readableBytes()).isZero();
            } finally {
                other.close();
                slices.forEach(Slice::close);
            }
        }

        /** Often all that there is, since that ends where the writer is at work. */
        private int size(int most) {
            final int left = (int) Math.min(BYTES - at, most);
            final long readable = buffer.readableBytes();
            return random.nextInt(3) == 0 && readable > 0 && readable <= left
                    ? (int) readable
                    : random.nextInt(left) + 1;
        }

        private int read() {
            switch (BYTES - at < 8 ? 0 : random.nextInt(12)) {
                case 0 -> {
                    assertThat(buffer.readByte()).isEqualTo(Bytes.at(at));
                    return 1;
                }
                case 1 -> {
                    assertThat(buffer.readInt())
                            .isEqualTo(ByteBuffer.wrap(Bytes.pattern(at, 4)).getInt());
                    return 4;
                }
                case 2 -> {
                    assertThat(buffer.getLong(0)).isEqualTo(buffer.readLong());
                    return 8;
                }
                case 3 -> {
                    final int n = size(5000);
                    expect(at, buffer.next(n));
                    return n;
                }
                case 4 -> {
                    final int n = size(20_000);
                    expect(at, buffer.peek(n));
                    return 0;
                }
                case 5 -> {
                    final int n = size(50_000);
                    buffer.skip(n);
                    return n;
                }
                case 6 -> {
                    final int n = size(50_000);
                    expect(at, buffer.readBytes(n));
                    return n;
                }
                case 7 -> {
                    final long most = BYTES - at;
                    final byte[] ahead = Bytes.pattern(at, (int) Math.min(most, 2000));
                    final int end = find(ahead, (byte) 0x55);
                    if (end < 0) {
                        return 0;
                    }
                    final MemorySegment line = buffer.until((byte) 0x55, 2000);
                    expect(at, line);
                    assertThat(line.byteSize()).isEqualTo(end + 1);
                    return end + 1;
                }
                case 8, 9 -> {
                    final int n = size(30_000);
                    slices.add(buffer.slice(n));
                    sliceAt.add(at);
                    if (slices.size() > 8) {
                        final Slice slice = slices.remove();
                        final int bytes = (int) slice.readableBytes();
                        expect(sliceAt.remove(), slice.readBytes(bytes));
                        slice.close();
                    }
                    return n;
                }
                default -> {
                    if (other.readableBytes() == 0) {
                        otherAt = at;
                    }
                    final int n = size(30_000);
                    if (otherAt + other.readableBytes() != at) {
                        drain();
                        otherAt = at;
                    }
                    other.append(buffer, n);
                    return n;
                }
            }
        }

        private void drain() {
            expect(otherAt, other.readBytes((int) other.readableBytes()));
            other.trim();
        }

        private static int find(byte[] bytes, byte value) {
            for (int i = 0; i < bytes.length; i++) {
                if (bytes[i] == value) {
                    return i;
                }
            }
            return -1;
        }

        private static void expect(long position, MemorySegment actual) {
            expect(position, actual.toArray(ValueLayout.JAVA_BYTE));
        }

        private static void expect(long position, byte[] actual) {
            final int wrong = Arrays.mismatch(actual, Bytes.pattern(position, actual.length));
            if (wrong >= 0) {
                throw new AssertionError("Wrong byte at " + (position + wrong) + ", " + wrong + " of " + actual.length);
            }
        }
    }
}
