// SPDX-License-Identifier: Apache-2.0
package io.hawser.buffer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Long random sequences of everything that buffers and slices can do, against plain arrays. After each step every
 * buffer holds what its array holds, whatever was lent is unchanged until its time is over, and at the end no block is
 * missing. Every third seed runs with so little memory that operations fail in the middle: then they must have done
 * nothing.
 *
 * <p>{@code -Dhawser.test.flags=-Dhawser.test.seeds=5000} runs more of it.
 */
class BufferModelTest {
    private static final int STEPS = 2000;

    static LongStream seeds() {
        return LongStream.rangeClosed(1, Long.getLong("hawser.test.seeds", 50));
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void shouldHoldWhatAPlainArrayHolds(long seed) throws Exception {
        try (var pool = new BlockPool(seed % 3 == 0 ? 2 << 20 : 64 << 20);
                var cache = pool.newCache()) {
            final var world = new World(seed, pool, seed % 2 == 0 ? cache : pool);
            cache.bind();
            for (int i = 0; i < STEPS; i++) {
                try {
                    world.step();
                } catch (Throwable e) {
                    throw new AssertionError("Seed " + seed + ", step " + i + ", after " + world.trace, e);
                }
            }
            world.end();
            LeakCheck.assertNothingLeaks(pool);
        }
    }

    /** An operation on a buffer that the test knows all about. */
    private interface Operation {
        void run(Side side) throws Exception;
    }

    private record Named(String name, Operation operation) {}

    /** Memory that was handed out, and what stands in it. */
    private record Lent(MemorySegment memory, ByteBuffer bytes) {}

    /** A buffer or slice, and what it should hold. */
    private static final class Side {
        final Buffer buffer;
        final ByteModel model = new ByteModel();
        final List<Lent> lent = new ArrayList<>();
        long bound = Long.MAX_VALUE;

        Side(Buffer buffer) {
            this.buffer = buffer;
        }

        void endLoans() {
            checkLoans();
            lent.clear();
        }

        void checkLoans() {
            for (Lent loan : lent) {
                assertEquals(loan.bytes, ByteBuffer.wrap(Bytes.of(loan.memory)), "lent memory");
            }
        }
    }

    private static final class World {
        final Deque<String> trace = new ArrayDeque<>();

        private final Random random;
        private final BlockPool pool;
        private final BlockSource source;
        private final List<Side> buffers = new ArrayList<>();
        private final List<Side> slices = new ArrayList<>();
        private final List<Named> reads = new ArrayList<>();
        private final List<Named> writes = new ArrayList<>();

        World(long seed, BlockPool pool, BlockSource source) {
            this.random = new Random(seed);
            this.pool = pool;
            this.source = source;
            for (int i = 0; i < 3; i++) {
                buffers.add(new Side(new Buffer(source)));
            }
            addReads();
            addWrites();
        }

        // ---- the walk

        void step() throws Exception {
            final boolean write = random.nextBoolean();
            final List<Side> sides = write || slices.isEmpty() || random.nextBoolean() ? buffers : slices;
            final Side side = sides.get(random.nextInt(sides.size()));
            final boolean full = side.model.size() > 200_000;
            final List<Named> choice = write && !full ? writes : reads;
            final Named next = choice.get(random.nextInt(choice.size()));
            trace.addLast(next.name);
            if (trace.size() > 12) {
                trace.removeFirst();
            }
            try {
                next.operation.run(side);
            } catch (PoolExhaustedException e) {
                trace.addLast("(no memory)");
                check(side, true);
                makeRoom();
            }
            check(side, random.nextInt(10) == 0);
            if (random.nextInt(100) == 0) {
                for (Side each : buffers) {
                    check(each, true);
                }
                for (Side each : slices) {
                    check(each, true);
                }
            }
        }

        private void check(Side side, boolean thoroughly) {
            assertEquals(side.model.size(), side.buffer.readableBytes(), "readableBytes");
            assertEquals(side.model.size(), side.buffer.pendingBytes(), "pendingBytes");
            if (thoroughly) {
                assertArrayEquals(side.model.all(), chain(side.buffer), "the blocks as a transport sees them");
                side.checkLoans();
            }
        }

        private static byte[] chain(Buffer buffer) {
            final byte[] bytes = new byte[(int) buffer.readableBytes()];
            int at = 0;
            for (Block block = buffer.head(); block != null; block = block.next()) {
                final int n = block.readableBytes();
                MemorySegment.copy(block.memory(), ValueLayout.JAVA_BYTE, block.start(), bytes, at, n);
                at += n;
            }
            assertEquals(bytes.length, at, "bytes in the blocks");
            return bytes;
        }

        /** As a process does that runs out of memory: some of what it holds, it gives back. */
        private void makeRoom() {
            while (slices.size() > 2) {
                closeSlice(slices.getFirst());
            }
            for (Side side : buffers) {
                final int n = side.model.size() / 2;
                side.buffer.skip(n);
                side.model.take(n);
                side.endLoans();
                side.buffer.trim();
            }
        }

        private void closeSlice(Side slice) {
            check(slice, true);
            slices.remove(slice);
            slice.buffer.close();
            slice.buffer.close();
            slice.model.take(slice.model.size());
            slice.lent.clear();
            assertThrows(IllegalStateException.class, slice.buffer::readByte);
        }

        void end() {
            while (!slices.isEmpty()) {
                closeSlice(slices.getFirst());
            }
            for (Side side : buffers) {
                side.checkLoans();
                side.buffer.close();
            }
        }

        // ---- what is random

        /** Around the sizes of blocks, where the borders are; small more often than large. */
        private int size() {
            final int near = random.nextInt(9) - 4;
            return switch (random.nextInt(20)) {
                case 0, 1, 2, 3, 4, 5, 6, 7 -> random.nextInt(17);
                case 8, 9, 10, 11 -> random.nextInt(300);
                case 12, 13 -> 1024 + near;
                case 14, 15 -> 4096 + near;
                case 16, 17 -> 16_384 + near;
                case 18 -> 65_536 + near;
                default -> random.nextInt(20_000);
            };
        }

        /** How much to read: now and then more than there is, and often all there is. */
        private int size(Side side) {
            return switch (random.nextInt(10)) {
                case 0 -> side.model.size();
                case 1 -> size();
                default -> Math.min(size(), side.model.size());
            };
        }

        private byte[] content(int n) {
            final byte[] bytes = new byte[n];
            if (random.nextInt(3) == 0) {
                Arrays.fill(bytes, (byte) random.nextInt(4));
            } else {
                random.nextBytes(bytes);
            }
            return bytes;
        }

        // ---- reads

        private interface Read {
            Object of(Reader reader);
        }

        private interface Look {
            Object at(Reader reader, long offset);
        }

        private interface Expected {
            Object of(ByteBuffer bytes);
        }

        private void addReads() {
            number("Byte", 1, Reader::readByte, Reader::getByte, b -> b.get(0));
            number("UnsignedByte", 1, Reader::readUnsignedByte, Reader::getUnsignedByte, b -> b.get(0) & 0xff);
            number("Short", 2, Reader::readShort, Reader::getShort, b -> b.getShort(0));
            number(
                    "ShortLE",
                    2,
                    Reader::readShortLE,
                    Reader::getShortLE,
                    b -> little(b).getShort(0));
            number(
                    "UnsignedShort",
                    2,
                    Reader::readUnsignedShort,
                    Reader::getUnsignedShort,
                    b -> b.getShort(0) & 0xffff);
            number(
                    "UnsignedShortLE",
                    2,
                    Reader::readUnsignedShortLE,
                    Reader::getUnsignedShortLE,
                    b -> little(b).getShort(0) & 0xffff);
            number(
                    "UnsignedMedium",
                    3,
                    Reader::readUnsignedMedium,
                    Reader::getUnsignedMedium,
                    b -> (b.getChar(0) << 8) | (b.get(2) & 0xff));
            number(
                    "UnsignedMediumLE",
                    3,
                    Reader::readUnsignedMediumLE,
                    Reader::getUnsignedMediumLE,
                    b -> ((b.get(2) & 0xff) << 16) | little(b).getChar(0));
            number("Int", 4, Reader::readInt, Reader::getInt, b -> b.getInt(0));
            number(
                    "IntLE",
                    4,
                    Reader::readIntLE,
                    Reader::getIntLE,
                    b -> little(b).getInt(0));
            number("UnsignedInt", 4, Reader::readUnsignedInt, Reader::getUnsignedInt, b -> b.getInt(0) & 0xffff_ffffL);
            number(
                    "UnsignedIntLE",
                    4,
                    Reader::readUnsignedIntLE,
                    null,
                    b -> little(b).getInt(0) & 0xffff_ffffL);
            number("Long", 8, Reader::readLong, Reader::getLong, b -> b.getLong(0));
            number(
                    "LongLE",
                    8,
                    Reader::readLongLE,
                    Reader::getLongLE,
                    b -> little(b).getLong(0));
            number("Float", 4, Reader::readFloat, null, b -> b.getFloat(0));
            number("FloatLE", 4, Reader::readFloatLE, null, b -> little(b).getFloat(0));
            number("Double", 8, Reader::readDouble, null, b -> b.getDouble(0));
            number("DoubleLE", 8, Reader::readDoubleLE, null, b -> little(b).getDouble(0));
            number(
                    "Bytes",
                    11,
                    reader -> ByteBuffer.wrap(reader.readBytes(11)),
                    (reader, offset) -> {
                        final byte[] bytes = new byte[15];
                        reader.getBytes(offset, bytes, 3, 11);
                        return ByteBuffer.wrap(bytes, 3, 11);
                    },
                    b -> b.slice(0, 11));

            reads.add(new Named("next", side -> lend(side, true)));
            reads.add(new Named("peek", side -> lend(side, false)));
            reads.add(new Named("until", this::until));
            reads.add(new Named("indexOf", this::indexOf));
            reads.add(new Named("skip", side -> {
                final int n = size(side);
                if (enough(side, n, () -> side.buffer.skip(n))) {
                    side.model.take(n);
                }
            }));
            reads.add(new Named("readBytes", side -> {
                final int n = size(side);
                final var read = new byte[1][];
                if (enough(side, n, () -> read[0] = side.buffer.readBytes(n))) {
                    assertArrayEquals(side.model.take(n), read[0]);
                }
            }));
            reads.add(new Named("readBytes into", side -> {
                final int n = size(side);
                final byte[] target = new byte[n + 5];
                if (enough(side, n, () -> side.buffer.readBytes(target, 3, n))) {
                    assertArrayEquals(side.model.take(n), Arrays.copyOfRange(target, 3, n + 3));
                    assertEquals(0, target[2] | target[n + 3]);
                }
            }));
            reads.add(new Named("readString", side -> {
                final int n = size(side);
                final var read = new String[1];
                if (enough(side, n, () -> read[0] = side.buffer.readString(n))) {
                    assertEquals(new String(side.model.take(n), StandardCharsets.UTF_8), read[0]);
                }
            }));
            reads.add(new Named("read ByteBuffer", side -> {
                final int n = size(side);
                final ByteBuffer target = (random.nextBoolean()
                                ? ByteBuffer.allocate(n + 3)
                                : ByteBuffer.allocateDirect(n + 3))
                        .position(3);
                if (enough(side, n, () -> side.buffer.read(target))) {
                    assertEquals(ByteBuffer.wrap(side.model.take(n)), target.position(3));
                }
            }));
            reads.add(new Named("read MemorySegment", side -> {
                final byte[] target = new byte[size(side)];
                if (enough(side, target.length, () -> side.buffer.read(MemorySegment.ofArray(target)))) {
                    assertArrayEquals(side.model.take(target.length), target);
                }
            }));
            reads.add(new Named("stream", this::stream));
            reads.add(new Named("channel", this::channel));
            reads.add(new Named("slice", this::slice));
            reads.add(new Named("slice", this::slice));
            reads.add(new Named("close slice", side -> {
                if (slices.size() > 6) {
                    closeSlice(slices.get(random.nextInt(slices.size())));
                }
            }));
            reads.add(new Named("release", side -> {
                side.endLoans();
                side.buffer.release();
            }));
            reads.add(new Named("trim", side -> {
                side.endLoans();
                side.buffer.trim();
            }));
            reads.add(new Named("compact", side -> side.buffer.compact()));
            reads.add(new Named("refuse", side -> {
                assertThrows(IllegalArgumentException.class, () -> side.buffer.next(-1 - size()));
                assertThrows(IllegalArgumentException.class, () -> side.buffer.skip(-1 - size()));
                assertThrows(IllegalArgumentException.class, () -> side.buffer.slice(-1 - size()));
                assertThrows(IllegalArgumentException.class, () -> side.buffer.getInt(-1 - size()));
            }));
        }

        private static ByteBuffer little(ByteBuffer bytes) {
            return bytes.order(ByteOrder.LITTLE_ENDIAN);
        }

        private void number(String name, int bytes, Read read, Look look, Expected expected) {
            reads.add(new Named("read" + name, side -> {
                final var value = new Object[1];
                if (enough(side, bytes, () -> value[0] = read.of(side.buffer))) {
                    assertEquals(expected.of(ByteBuffer.wrap(side.model.take(bytes))), value[0]);
                }
            }));
            if (look != null) {
                reads.add(new Named("get" + name, side -> {
                    final int offset = random.nextInt(side.model.size() + 2);
                    final var value = new Object[1];
                    if (enough(side, offset + bytes, () -> value[0] = look.at(side.buffer, offset))) {
                        assertEquals(expected.of(side.model.at(offset)), value[0]);
                    }
                }));
            }
        }

        private interface Action {
            void run() throws Exception;
        }

        /** Runs a read that needs {@code n} bytes; whether it should have worked. If not, it must have failed. */
        private boolean enough(Side side, int n, Action read) throws Exception {
            if (n <= side.model.size()) {
                read.run();
                return true;
            }
            final var failure = assertThrows(NotEnoughBytesException.class, read::run);
            // A medium is looked at in two steps; the first may be the one that fails.
            assertThat(failure.needed()).isBetween(side.model.size() + 1L, (long) n);
            assertEquals(side.model.size(), failure.available());
            return false;
        }

        private void lend(Side side, boolean consume) throws Exception {
            final int n = size(side);
            final var memory = new MemorySegment[1];
            if (enough(side, n, () -> memory[0] = consume ? side.buffer.next(n) : side.buffer.peek(n))) {
                final byte[] expected = consume ? side.model.take(n) : side.model.peek(n);
                assertArrayEquals(expected, Bytes.of(memory[0]));
                side.lent.add(new Lent(memory[0], ByteBuffer.wrap(expected)));
            }
        }

        private void until(Side side) {
            final byte delimiter = (byte) random.nextInt(random.nextBoolean() ? 4 : 256);
            final int max = random.nextBoolean() ? size() : 1_000_000;
            final int size = side.model.size();
            final int at = side.model.indexOf(delimiter, 0, (int) Math.min(size, max + 1L));
            if (at >= 0) {
                final MemorySegment found = max == 1_000_000 && random.nextBoolean()
                        ? side.buffer.until(delimiter)
                        : side.buffer.until(delimiter, max);
                final byte[] expected = side.model.take(at + 1);
                assertArrayEquals(expected, Bytes.of(found));
                side.lent.add(new Lent(found, ByteBuffer.wrap(expected)));
            } else if (size > max) {
                assertThrows(DelimiterNotFoundException.class, () -> side.buffer.until(delimiter, max));
            } else {
                assertThrows(NotEnoughBytesException.class, () -> side.buffer.until(delimiter, max));
            }
        }

        private void indexOf(Side side) {
            final byte value = (byte) random.nextInt(random.nextBoolean() ? 4 : 256);
            final int to = random.nextInt(side.model.size() + 1);
            final int from = random.nextInt(to + 1);
            assertEquals(side.model.indexOf(value, from, to), side.buffer.indexOf(value, from, to));
            assertEquals(side.model.indexOf(value, 0, side.model.size()), side.buffer.indexOf(value));
        }

        private void stream(Side side) throws Exception {
            final byte[] target = new byte[size() + 1];
            final var stream = side.buffer.inputStream();
            final int n = Math.min(target.length, side.model.size());
            assertEquals(side.model.size(), stream.available());
            if (random.nextInt(4) == 0) {
                assertEquals(n, stream.skip(target.length));
                side.model.take(n);
            } else if (random.nextInt(4) == 0) {
                assertEquals(n == 0 ? -1 : side.model.take(1)[0] & 0xff, stream.read());
            } else {
                assertEquals(n == 0 ? -1 : n, stream.read(target));
                assertArrayEquals(side.model.take(n), Arrays.copyOf(target, n));
            }
        }

        private void channel(Side side) throws Exception {
            final ByteBuffer target = ByteBuffer.allocate(size() + 1);
            final int n = Math.min(target.remaining(), side.model.size());
            assertEquals(n == 0 ? -1 : n, side.buffer.channel().read(target));
            assertEquals(ByteBuffer.wrap(side.model.take(n)), target.flip());
        }

        private void slice(Side side) throws Exception {
            final int n = size(side);
            final var slice = new Slice[1];
            if (enough(side, n, () -> slice[0] = side.buffer.slice(n))) {
                final var cut = new Side((Buffer) slice[0]);
                cut.model.append(side.model.take(n));
                slices.add(cut);
                check(cut, true);
            }
        }

        // ---- writes

        private interface Write {
            void to(Writer writer, ByteBuffer expected);
        }

        private void addWrites() {
            number("Byte", 1, (w, b) -> w.writeByte(b.get(0) | (random.nextInt() << 8)));
            number("Short", 2, (w, b) -> w.writeShort(b.getChar(0) | (random.nextInt() << 16)));
            number("ShortLE", 2, (w, b) -> w.writeShortLE(little(b).getChar(0) | (random.nextInt() << 16)));
            number(
                    "Medium",
                    3,
                    (w, b) -> w.writeMedium((b.getChar(0) << 8) | (b.get(2) & 0xff) | (random.nextInt() << 24)));
            number(
                    "MediumLE",
                    3,
                    (w, b) -> w.writeMediumLE(
                            ((b.get(2) & 0xff) << 16) | little(b).getChar(0) | (random.nextInt() << 24)));
            number("Int", 4, (w, b) -> w.writeInt(b.getInt(0)));
            number("IntLE", 4, (w, b) -> w.writeIntLE(little(b).getInt(0)));
            number("Long", 8, (w, b) -> w.writeLong(b.getLong(0)));
            number("LongLE", 8, (w, b) -> w.writeLongLE(little(b).getLong(0)));
            number("Double", 8, (w, b) -> w.writeDouble(Double.longBitsToDouble(b.getLong(0))));
            number(
                    "DoubleLE",
                    8,
                    (w, b) -> w.writeDoubleLE(Double.longBitsToDouble(little(b).getLong(0))));
            number("Float", 4, (w, b) -> w.writeFloat(Float.intBitsToFloat(b.getInt(0))));
            number(
                    "FloatLE",
                    4,
                    (w, b) -> w.writeFloatLE(Float.intBitsToFloat(little(b).getInt(0))));

            bytes("writeBytes", (side, bytes) -> side.buffer.writeBytes(bytes));
            bytes("writeBytes of part", (side, bytes) -> {
                final byte[] larger = new byte[bytes.length + 5];
                System.arraycopy(bytes, 0, larger, 3, bytes.length);
                side.buffer.writeBytes(larger, 3, bytes.length);
            });
            bytes("write ByteBuffer", (side, bytes) -> {
                final ByteBuffer from = ByteBuffer.wrap(bytes);
                try {
                    side.buffer.write(from);
                } finally {
                    assertThat(from.position()).isIn(0, bytes.length);
                }
            });
            bytes("write MemorySegment", (side, bytes) -> side.buffer.write(MemorySegment.ofArray(bytes)));
            bytes("outputStream", (side, bytes) -> side.buffer.outputStream().write(bytes));
            bytes(
                    "writableChannel",
                    (side, bytes) -> assertEquals(
                            bytes.length, side.buffer.writableChannel().write(ByteBuffer.wrap(bytes))));
            bytes("writeDirect heap", (side, bytes) -> {
                final int[] released = new int[1];
                final byte[] copy = bytes.clone();
                try {
                    side.buffer.writeDirect(MemorySegment.ofArray(copy), 0, () -> released[0]++);
                    assertEquals(1, released[0]);
                } catch (BufferFullException | PoolExhaustedException e) {
                    assertEquals(0, released[0]);
                    throw e;
                }
                Arrays.fill(copy, (byte) 0x77);
            });
            bytes("writeDirect native", (side, bytes) -> {
                final Arena arena = Arena.ofShared();
                try {
                    side.buffer.writeDirect(arena.allocateFrom(ValueLayout.JAVA_BYTE, bytes), 0, arena::close);
                } catch (BufferFullException e) {
                    arena.close();
                    throw e;
                }
            });
            bytes("reserve", (side, bytes) -> side.buffer.reserve(bytes.length).copyFrom(MemorySegment.ofArray(bytes)));
            writes.add(new Named("reserve, keep", this::keep));
            writes.add(new Named("reserve, writeDirect", this::direct));
            writes.add(new Named("writeString", this::string));
            for (int i = 0; i < 4; i++) {
                writes.add(new Named("append", this::append));
                writes.add(new Named("appendBlock", this::appendBlock));
            }
            writes.add(new Named("bound", side -> {
                side.bound = random.nextInt(3) == 0 ? side.model.size() + size() : Long.MAX_VALUE;
                side.buffer.setBound(side.bound);
            }));
            writes.add(new Named("flush", side -> side.buffer.flush()));
            writes.add(new Named("clean", side -> side.buffer.clean()));
            writes.add(new Named("refuse", side -> {
                assertThrows(IllegalArgumentException.class, () -> side.buffer.reserve(-1 - size()));
                assertThrows(IllegalArgumentException.class, () -> side.buffer.append(side.buffer));
                side.buffer.flush();
                assertThrows(IllegalStateException.class, () -> side.buffer.keep(0));
            }));
        }

        /** Runs a write of {@code n} bytes; whether it should have worked. If not, it must have failed. */
        private static boolean fits(Side side, long n, Action write) throws Exception {
            if (n <= side.bound - side.model.size()) {
                write.run();
                return true;
            }
            assertThrows(BufferFullException.class, write::run);
            return false;
        }

        private void number(String name, int n, Write write) {
            writes.add(new Named("write" + name, side -> {
                final byte[] bytes = content(n);
                if (name.startsWith("Float") || name.startsWith("Double")) {
                    // Not a number: its bits need not survive being a number.
                    bytes[0] &= 0x3f;
                    bytes[n - 1] &= 0x3f;
                }
                if (fits(side, n, () -> write.to(side.buffer, ByteBuffer.wrap(bytes)))) {
                    side.model.append(bytes);
                }
            }));
        }

        private interface Copy {
            void to(Side side, byte[] bytes) throws Exception;
        }

        private void bytes(String name, Copy copy) {
            writes.add(new Named(name, side -> {
                final byte[] bytes = content(size());
                if (fits(side, bytes.length, () -> copy.to(side, bytes))) {
                    side.model.append(bytes);
                }
            }));
        }

        private void keep(Side side) throws Exception {
            final byte[] bytes = content(size());
            if (!fits(
                    side,
                    bytes.length,
                    () -> side.buffer.reserve(bytes.length).copyFrom(MemorySegment.ofArray(bytes)))) {
                return;
            }
            side.model.append(bytes);
            final int kept = random.nextInt(bytes.length + 1);
            assertThrows(IllegalArgumentException.class, () -> side.buffer.keep(bytes.length + 1));
            side.buffer.keep(kept);
            final ByteModel model = side.model;
            final byte[] all = model.take(model.size());
            model.append(Arrays.copyOf(all, all.length - bytes.length + kept));
        }

        private void direct(Side side) throws Exception {
            final byte[] bytes = content(size());
            if (!fits(
                    side,
                    bytes.length,
                    () -> side.buffer.reserve(bytes.length).copyFrom(MemorySegment.ofArray(bytes)))) {
                return;
            }
            side.model.append(bytes);
            final byte[] foreign = content(size());
            final int remaining = random.nextInt(bytes.length + 1);
            final boolean heap = random.nextBoolean();
            final Arena arena = Arena.ofShared();
            final MemorySegment memory =
                    heap ? MemorySegment.ofArray(foreign.clone()) : arena.allocateFrom(ValueLayout.JAVA_BYTE, foreign);
            try {
                if (fits(side, foreign.length, () -> side.buffer.writeDirect(memory, remaining, arena::close))) {
                    side.model.insertBeforeLast(remaining, foreign);
                } else {
                    arena.close();
                }
            } catch (PoolExhaustedException e) {
                arena.close();
                throw e;
            }
        }

        private void string(Side side) throws Exception {
            final int n = size();
            final var text = new StringBuilder(n);
            for (int i = 0; i < n; i++) {
                text.append((char) random.nextInt(random.nextInt(4) == 0 ? 0x10000 : 0x90));
            }
            final byte[] bytes = text.toString().getBytes(StandardCharsets.UTF_8);
            if (n == 0) {
                assertEquals(0, side.buffer.writeString(text));
            } else if (fits(side, bytes.length, () -> assertEquals(bytes.length, side.buffer.writeString(text)))) {
                side.model.append(bytes);
            }
        }

        private void append(Side side) throws Exception {
            final List<Side> sources = new ArrayList<>(buffers);
            sources.addAll(slices);
            sources.remove(side);
            final Side from = sources.get(random.nextInt(sources.size()));
            final boolean all = random.nextInt(3) == 0;
            final int n = all ? from.model.size() : size(from);
            final Action append = () -> {
                if (all) {
                    side.buffer.append(from.buffer);
                } else {
                    side.buffer.append(from.buffer, n);
                }
            };
            if (n > from.model.size()) {
                assertThrows(NotEnoughBytesException.class, append::run);
            } else if (n == 0 || fits(side, n, append)) {
                side.model.append(from.model.take(n));
            }
            check(from, random.nextInt(5) == 0);
        }

        private void appendBlock(Side side) {
            final byte[] bytes = content(size());
            side.buffer.appendBlock(Bytes.block(random.nextBoolean() ? source : pool, bytes));
            side.model.append(bytes);
        }
    }
}
