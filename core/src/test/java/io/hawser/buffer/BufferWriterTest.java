// SPDX-License-Identifier: Apache-2.0
package io.hawser.buffer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.io.IOException;
import java.io.OutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.CharBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What {@link Writer} promises, each promise by itself. {@link BufferModelTest} mixes them. */
class BufferWriterTest {
    @RegisterExtension
    final LeakCheck memory = new LeakCheck();

    private final List<Buffer> open = new ArrayList<>();
    private Buffer buffer;

    @BeforeEach
    void open() {
        buffer = closedLater(new Buffer(memory.pool()));
    }

    @AfterEach
    void close() {
        open.forEach(Buffer::close);
    }

    private Buffer closedLater(Buffer buffer) {
        open.add(buffer);
        return buffer;
    }

    private byte[] written() {
        return buffer.readBytes((int) buffer.readableBytes());
    }

    private static MemorySegment fill(MemorySegment memory, byte[] bytes) {
        return memory.copyFrom(MemorySegment.ofArray(bytes));
    }

    /** A write, what it is given, and the bytes that it makes of it. */
    static Stream<Arguments> numbers() {
        final byte[] floating = ByteBuffer.allocate(8).putDouble(-1234.5678e90).array();
        final byte[] reversed = ByteBuffer.allocate(8)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putDouble(-1234.5678e90)
                .array();
        return Stream.of(
                write("writeByte", w -> w.writeByte(0x1234_56f1), 0xf1),
                write("writeShort", w -> w.writeShort(0x1234_f102), 0xf1, 2),
                write("writeShortLE", w -> w.writeShortLE(0x1234_f102), 2, 0xf1),
                write("writeMedium", w -> w.writeMedium(0x12f1_0203), 0xf1, 2, 3),
                write("writeMediumLE", w -> w.writeMediumLE(0x12f1_0203), 3, 2, 0xf1),
                write("writeInt", w -> w.writeInt(0xf1020304), 0xf1, 2, 3, 4),
                write("writeIntLE", w -> w.writeIntLE(0xf1020304), 4, 3, 2, 0xf1),
                write("writeLong", w -> w.writeLong(0xf102030405060708L), 0xf1, 2, 3, 4, 5, 6, 7, 8),
                write("writeLongLE", w -> w.writeLongLE(0xf102030405060708L), 8, 7, 6, 5, 4, 3, 2, 0xf1),
                write("writeFloat", w -> w.writeFloat(-1.5f), 0xbf, 0xc0, 0, 0),
                write("writeFloatLE", w -> w.writeFloatLE(-1.5f), 0, 0, 0xc0, 0xbf),
                arguments("writeDouble", (Consumer<Writer>) w -> w.writeDouble(-1234.5678e90), floating),
                arguments("writeDoubleLE", (Consumer<Writer>) w -> w.writeDoubleLE(-1234.5678e90), reversed));
    }

    private static Arguments write(String name, Consumer<Writer> write, int... bytes) {
        final byte[] expected = new byte[bytes.length];
        for (int i = 0; i < bytes.length; i++) {
            expected[i] = (byte) bytes[i];
        }
        return arguments(name, write, expected);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("numbers")
    void shouldWriteNumbers(String name, Consumer<Writer> write, byte[] expected) {
        write.accept(buffer);
        assertThat(buffer.pendingBytes()).isEqualTo(expected.length);
        assertThat(written()).isEqualTo(expected);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("numbers")
    void shouldWriteNumbersAtTheEndOfABlock(String name, Consumer<Writer> write, byte[] expected) {
        for (int room = 0; room <= expected.length; room++) {
            final byte[] before = Bytes.pattern(4096 - room);
            buffer.writeBytes(before);
            write.accept(buffer);
            assertThat(buffer.readBytes(before.length)).isEqualTo(before);
            assertThat(written()).as("room %d", room).isEqualTo(expected);
            buffer.trim();
        }
    }

    /** Every way to write, as something that writes the {@code n} bytes of {@link Bytes#pattern}. */
    static Stream<Arguments> copies() {
        return Stream.of(
                copy("writeBytes", (w, bytes) -> w.writeBytes(bytes)),
                copy("writeBytes in part", (w, bytes) -> {
                    final byte[] larger = new byte[bytes.length + 10];
                    System.arraycopy(bytes, 0, larger, 7, bytes.length);
                    w.writeBytes(larger, 7, bytes.length);
                }),
                copy("write of a ByteBuffer", (w, bytes) -> {
                    final ByteBuffer source = ByteBuffer.wrap(bytes).asReadOnlyBuffer();
                    w.write(source);
                    assertThat(source.hasRemaining()).isFalse();
                }),
                copy("write of a direct ByteBuffer", (w, bytes) -> {
                    final ByteBuffer source = ByteBuffer.allocateDirect(bytes.length + 10)
                            .position(7)
                            .put(bytes)
                            .flip()
                            .position(7);
                    w.write(source);
                    assertThat(source.position()).isEqualTo(bytes.length + 7);
                }),
                copy("write of heap memory", (w, bytes) -> w.write(MemorySegment.ofArray(bytes))),
                copy("write of native memory", (w, bytes) -> {
                    try (var arena = Arena.ofConfined()) {
                        w.write(arena.allocateFrom(ValueLayout.JAVA_BYTE, bytes));
                    }
                }),
                copy("reserve", (w, bytes) -> fill(w.reserve(bytes.length), bytes)),
                copy("reserve and keep", (w, bytes) -> {
                    fill(w.reserve(bytes.length + 10), Arrays.copyOf(bytes, bytes.length + 10));
                    w.keep(bytes.length);
                }),
                copy("writeString", (w, bytes) -> {
                    // In two pieces, since not all bytes are characters; the bytes of the first are.
                    final int ascii = Math.min(1, bytes.length);
                    assertThat(w.writeString(new String(bytes, 0, ascii, StandardCharsets.US_ASCII)))
                            .isEqualTo(ascii);
                    w.writeBytes(bytes, ascii, bytes.length - ascii);
                }),
                copy("writeDirect of heap memory", (w, bytes) -> {
                    final var released = new AtomicInteger();
                    w.writeDirect(MemorySegment.ofArray(bytes), 0, released::incrementAndGet);
                    assertThat(released).hasValue(1);
                }),
                copy("writeDirect of native memory", (w, bytes) -> {
                    final Arena arena = Arena.ofShared();
                    w.writeDirect(arena.allocateFrom(ValueLayout.JAVA_BYTE, bytes), 0, arena::close);
                }),
                copy("outputStream", (w, bytes) -> {
                    try (OutputStream stream = w.outputStream()) {
                        stream.write(bytes);
                    } catch (IOException e) {
                        throw new AssertionError(e);
                    }
                }),
                copy("writableChannel", (w, bytes) -> {
                    try (WritableByteChannel channel = w.writableChannel()) {
                        assertThat(channel.write(ByteBuffer.wrap(bytes))).isEqualTo(bytes.length);
                    } catch (IOException e) {
                        throw new AssertionError(e);
                    }
                }));
    }

    private static Arguments copy(String name, BiConsumer<Writer, byte[]> write) {
        return arguments(name, write);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("copies")
    void shouldWriteCopiesOfAnySize(String name, BiConsumer<Writer, byte[]> write) {
        for (int n : new int[] {0, 1, 1023, 1024, 1025, 4095, 4096, 4097, 16_385, 65_535, 65_536, 65_537, 200_000}) {
            buffer.writeByte(1);
            write.accept(buffer, Bytes.pattern(n));
            buffer.writeByte(2);
            assertThat(buffer.readableBytes()).isEqualTo(n + 2);
            assertThat(buffer.readByte()).isEqualTo((byte) 1);
            assertThat(buffer.readBytes(n)).as("%d bytes", n).isEqualTo(Bytes.pattern(n));
            assertThat(buffer.readByte()).isEqualTo((byte) 2);
            buffer.trim();
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("copies")
    void shouldCheckTheBoundBeforeMemoryIsTaken(String name, BiConsumer<Writer, byte[]> write) {
        buffer.setBound(0);
        refused(write, 1, 10_000);
        assertThat(memory.pool().reservedBytes()).as("memory taken").isZero();

        buffer.setBound(5000);
        buffer.writeBytes(Bytes.pattern(3000));
        final long used = memory.pool().usedBytes();
        // Those that write in pieces may write the first.
        refused(write, 2010, 100_000);
        assertThat(memory.pool().usedBytes()).isEqualTo(used);
        assertThat(buffer.readBytes(3000)).isEqualTo(Bytes.pattern(3000));
    }

    private void refused(BiConsumer<Writer, byte[]> write, int... sizes) {
        for (int n : sizes) {
            assertThatExceptionOfType(BufferFullException.class)
                    .as("%d bytes", n)
                    .isThrownBy(() -> write.accept(buffer, Bytes.pattern(n)));
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("copies")
    void shouldFillABoundToTheLastByte(String name, BiConsumer<Writer, byte[]> write) {
        buffer.setBound(5000);
        if (!name.contains("keep")) {
            write.accept(buffer, Bytes.pattern(5000));
        } else {
            write.accept(buffer, Bytes.pattern(4990));
            write.accept(buffer, Bytes.pattern(0));
            buffer.writeBytes(Bytes.pattern(4990, 10));
        }
        assertThatExceptionOfType(BufferFullException.class).isThrownBy(() -> buffer.writeByte(0));
        assertThat(written()).isEqualTo(Bytes.pattern(5000));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("copies")
    void shouldWriteNothingWhenThereIsNoMemory(String name, BiConsumer<Writer, byte[]> write) {
        if (name.equals("writeDirect of native memory")) {
            return; // takes none
        }
        try (var small = new BlockPool(64 * 1024)) {
            buffer = closedLater(new Buffer(small));
            buffer.writeBytes(Bytes.pattern(3000));
            final long used = small.usedBytes();
            final var failure = assertThatExceptionOfType(PoolExhaustedException.class);
            final boolean inPieces = name.equals("writeString");
            failure.isThrownBy(() -> write.accept(buffer, Bytes.pattern(300_000)));
            assertThat(small.usedBytes()).isEqualTo(used);
            assertThat(buffer.readableBytes()).isEqualTo(inPieces ? 3001 : 3000);
            buffer.writeByte(77);
            assertThat(buffer.readBytes(3000)).isEqualTo(Bytes.pattern(3000));
            buffer.skip(inPieces ? 1 : 0);
            assertThat(buffer.readByte()).isEqualTo((byte) 77);
            buffer.close();
            LeakCheck.assertNothingLeaks(small);
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("copies")
    void shouldFailWhenClosed(String name, BiConsumer<Writer, byte[]> write) {
        buffer.close();
        assertThatIllegalStateException().isThrownBy(() -> write.accept(buffer, Bytes.pattern(1)));
        assertThatIllegalStateException().isThrownBy(() -> write.accept(buffer, Bytes.pattern(100_000)));
        assertThat(memory.pool().usedBytes()).isZero();
    }

    @Test
    void shouldTakeNoMemoryWhenClosed() {
        buffer.writeInt(1);
        buffer.close();
        buffer.setBound(100);
        assertThatIllegalStateException().isThrownBy(() -> buffer.reserve(0));
        assertThatIllegalStateException().isThrownBy(() -> buffer.writeByte(0));
        final Block block = Bytes.block(memory.pool(), (byte) 1);
        assertThatIllegalStateException().isThrownBy(() -> buffer.appendBlock(block));
        assertThat(memory.pool().usedBytes())
                .as("the block that was refused is given back")
                .isZero();
    }

    @Test
    void shouldRefuseANegativeBound() {
        assertThatIllegalArgumentException().isThrownBy(() -> buffer.setBound(-1));
        assertThat(buffer.bound()).isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void shouldRefuseRangesOutsideOfAnArray() {
        for (int[] range : new int[][] {{-1, 1}, {0, 11}, {10, 1}, {5, -1}, {Integer.MAX_VALUE, 2}}) {
            assertThatExceptionOfType(IndexOutOfBoundsException.class)
                    .isThrownBy(() -> buffer.writeBytes(new byte[10], range[0], range[1]));
        }
        assertThat(buffer.pendingBytes()).isZero();
    }

    @Test
    void shouldStayAsItWasWhenTheSourceCannotBeRead() {
        final MemorySegment dead;
        try (var arena = Arena.ofConfined()) {
            dead = arena.allocate(100_000);
        }
        buffer.writeBytes(Bytes.pattern(3000));
        assertThatIllegalStateException().isThrownBy(() -> buffer.write(dead));
        assertThatIllegalStateException().isThrownBy(() -> buffer.write(dead.asSlice(0, 1)));
        buffer.writeBytes(Bytes.pattern(3000, 3000));
        assertThat(written()).isEqualTo(Bytes.pattern(6000));

        buffer.trim();
        assertThatIllegalStateException().isThrownBy(() -> buffer.write(dead));
        buffer.writeInt(1);
        assertThat(buffer.readInt()).isEqualTo(1);
    }

    @Nested
    class Text {
        @ParameterizedTest
        @ValueSource(
                strings = {
                    "",
                    "plain",
                    "\u007f\u0080\u07ff\u0800\uffff",
                    "grüße, 世界",
                    "🚢 and \ud800\udc00\udbff\udfff",
                    "\ud800",
                    "\udc00",
                    "\ud800x\udc00",
                    "\udc00\ud800",
                    "\ud800\ud800\udc00"
                })
        void shouldEncodeAsTheJdkDoes(String text) {
            final byte[] expected = text.getBytes(StandardCharsets.UTF_8);
            assertThat(buffer.writeString(text)).isEqualTo(expected.length);
            assertThat(buffer.writeString(CharBuffer.wrap(text))).isEqualTo(expected.length);
            assertThat(buffer.readBytes(expected.length)).isEqualTo(expected);
            assertThat(written()).isEqualTo(expected);
        }

        @Test
        void shouldEncodeLongText() {
            final String text = "grüße, 世界 🚢".repeat(10_000);
            final int bytes = buffer.writeString(text);
            assertThat(buffer.readString(bytes)).isEqualTo(text);
            assertThat(buffer.readableBytes()).isZero();
        }
    }

    @Nested
    class Reservations {
        @Test
        void shouldBeInOnePieceAndCountAsWritten() {
            buffer.writeBytes(Bytes.pattern(4000));
            final MemorySegment reserved = buffer.reserve(1000);
            assertThat(reserved.byteSize()).isEqualTo(1000);
            assertThat(buffer.pendingBytes()).isEqualTo(5000);
            fill(reserved, Bytes.pattern(4000, 1000));
            assertThat(written()).isEqualTo(Bytes.pattern(5000));
        }

        @Test
        void shouldBeUpToSixteenMebibytes() {
            assertThat(buffer.reserve(BlockPool.MAX_BLOCK_BYTES).byteSize()).isEqualTo(16 << 20);
            assertThatIllegalArgumentException().isThrownBy(() -> buffer.reserve(BlockPool.MAX_BLOCK_BYTES + 1));
            assertThatIllegalArgumentException().isThrownBy(() -> buffer.reserve(-1));
            assertThat(buffer.pendingBytes()).isEqualTo(16 << 20);
        }

        @Test
        void shouldBeKeptInPartAndInSteps() {
            fill(buffer.reserve(100), Bytes.pattern(100));
            buffer.keep(100).keep(50).keep(20);
            assertThat(buffer.pendingBytes()).isEqualTo(20);
            assertThatIllegalArgumentException().isThrownBy(() -> buffer.keep(21));
            assertThatIllegalArgumentException().isThrownBy(() -> buffer.keep(-1));
            buffer.writeBytes(Bytes.pattern(20, 80));
            assertThat(written()).isEqualTo(Bytes.pattern(100));
        }

        @Test
        void shouldBeDroppedAltogether() {
            buffer.writeByte(1).writeByte(2);
            buffer.reserve(10_000);
            buffer.keep(0);
            buffer.writeByte(3);
            assertThat(written()).containsExactly(1, 2, 3);
        }

        @Test
        void shouldOnlyBeChangedWhileNothingElseWasWritten() {
            assertThatIllegalStateException().isThrownBy(() -> buffer.keep(0));
            buffer.reserve(10);
            buffer.writeByte(1);
            assertThatIllegalStateException().isThrownBy(() -> buffer.keep(5));
            buffer.reserve(10);
            buffer.appendBlock(Bytes.block(memory.pool(), (byte) 1));
            assertThatIllegalStateException().isThrownBy(() -> buffer.keep(5));
            buffer.reserve(10);
            buffer.flush();
            assertThatIllegalStateException().as("flushed").isThrownBy(() -> buffer.keep(5));
            buffer.reserve(10);
            buffer.clean();
            assertThatIllegalStateException().as("noted by the owner").isThrownBy(() -> buffer.keep(5));
            assertThat(buffer.pendingBytes()).isEqualTo(42);
        }

        @Test
        void shouldNotBeTakenForALaterWriteAtTheSamePlace() {
            // The block is given back and taken again, and ends where it ended.
            buffer.reserve(10);
            buffer.skip(10);
            buffer.trim();
            buffer.writeBytes(Bytes.pattern(10));
            assertThatIllegalStateException().isThrownBy(() -> buffer.keep(5));
            assertThat(written()).isEqualTo(Bytes.pattern(10));
        }

        @Test
        void shouldNotBeDroppedOnceTheyAreRead() {
            fill(buffer.reserve(10), Bytes.pattern(10));
            assertThat(buffer.readBytes(4)).isEqualTo(Bytes.pattern(4));
            assertThatIllegalStateException().isThrownBy(() -> buffer.keep(3));
            buffer.keep(6);
            assertThat(written()).isEqualTo(Bytes.pattern(4, 2));
        }

        @Test
        void shouldNotBeDroppedOnceTheyAreAppendedElsewhere() {
            final Buffer other = closedLater(new Buffer(memory.pool()));
            buffer.reserve(10);
            other.append(buffer, 4);
            assertThatIllegalStateException().isThrownBy(() -> buffer.keep(3));
            other.append(buffer);
            assertThatIllegalStateException().isThrownBy(() -> buffer.keep(10));
            assertThat(other.readableBytes()).isEqualTo(10);
            assertThat(buffer.readableBytes()).isZero();
        }

        @Test
        void shouldNotBeMoved() {
            buffer.writeBytes(new byte[60_000]);
            buffer.skip(60_000);
            final MemorySegment reserved = buffer.reserve(100);
            buffer.compact();
            fill(reserved, Bytes.pattern(100));
            assertThat(written()).isEqualTo(Bytes.pattern(100));
        }
    }

    @Nested
    class Direct {
        private final AtomicInteger released = new AtomicInteger();

        @Test
        void shouldGoBeforeTheLastReservedBytes() {
            try (var arena = Arena.ofShared()) {
                final MemorySegment body = arena.allocateFrom(ValueLayout.JAVA_BYTE, Bytes.pattern(10, 5000));
                final MemorySegment frame = buffer.reserve(30);
                buffer.writeDirect(body, 20, released::incrementAndGet);
                fill(frame, Bytes.pattern(10));
                fill(frame.asSlice(10), Bytes.pattern(5010, 20));
                buffer.writeBytes(Bytes.pattern(5030, 5000));
                assertThat(buffer.head().next().address()).as("not copied").isEqualTo(body.address());
                assertThat(buffer.readBytes(5000)).isEqualTo(Bytes.pattern(5000));
                assertThat(released).hasValue(0);
                assertThat(written()).isEqualTo(Bytes.pattern(5000, 5030));
                assertThat(released).hasValue(1);
            }
        }

        @Test
        void shouldGoBeforeAllOrNoneOfTheReservedBytes() {
            for (int remaining : new int[] {0, 10}) {
                fill(buffer.reserve(10), Bytes.pattern(100, 10));
                final Arena arena = Arena.ofShared();
                buffer.writeDirect(
                        arena.allocateFrom(ValueLayout.JAVA_BYTE, Bytes.pattern(20)), remaining, arena::close);
                buffer.writeByte(7);
                if (remaining == 0) {
                    assertThat(buffer.readBytes(10)).isEqualTo(Bytes.pattern(100, 10));
                }
                assertThat(buffer.readBytes(20)).isEqualTo(Bytes.pattern(20));
                if (remaining == 10) {
                    assertThat(buffer.readBytes(10)).isEqualTo(Bytes.pattern(100, 10));
                }
                assertThat(written()).containsExactly(7);
            }
        }

        @Test
        void shouldCopyHeapMemoryBeforeTheLastReservedBytes() {
            fill(buffer.reserve(30), Bytes.pattern(30));
            final byte[] body = Bytes.pattern(500, 100_000);
            buffer.writeDirect(MemorySegment.ofArray(body), 20, released::incrementAndGet);
            assertThat(released).hasValue(1);
            final byte[] sent = body.clone();
            Arrays.fill(body, (byte) 0);
            buffer.writeBytes(Bytes.pattern(30, 10));
            assertThat(buffer.readBytes(10)).isEqualTo(Bytes.pattern(10));
            assertThat(buffer.readBytes(100_000)).isEqualTo(sent);
            assertThat(written()).isEqualTo(Bytes.pattern(10, 30));
        }

        @Test
        void shouldBeReleasedOnceWhoeverHoldsItLast() {
            try (var arena = Arena.ofShared()) {
                final MemorySegment foreign = arena.allocateFrom(ValueLayout.JAVA_BYTE, Bytes.pattern(100));
                buffer.writeDirect(foreign, 0, released::incrementAndGet);
                final Slice first = buffer.slice(40);
                final Buffer other = closedLater(new Buffer(memory.pool()));
                other.append(buffer);
                buffer.trim();
                other.skip(60).release();
                other.trim();
                assertThat(released).hasValue(0);
                assertThat(first.readBytes(40)).isEqualTo(Bytes.pattern(40));
                first.close();
                assertThat(released).hasValue(1);
            }
        }

        @Test
        void shouldBeReleasedWhenTheBufferIsClosed() {
            try (var arena = Arena.ofShared()) {
                buffer.writeDirect(arena.allocate(100), 0, released::incrementAndGet);
                buffer.close();
                assertThat(released).hasValue(1);
            }
        }

        @Test
        void shouldBeReleasedAtOnceWhenEmpty() {
            buffer.reserve(10);
            buffer.writeDirect(MemorySegment.ofArray(new byte[0]), 5, released::incrementAndGet);
            assertThat(released).hasValue(1);
            assertThat(buffer.pendingBytes()).isEqualTo(10);
        }

        @Test
        void shouldNotBeWrittenInto() {
            try (var arena = Arena.ofShared()) {
                final MemorySegment foreign = arena.allocateFrom(ValueLayout.JAVA_BYTE, Bytes.pattern(100));
                buffer.writeDirect(foreign, 0, () -> {});
                assertThat(buffer.peek(100).isReadOnly()).isTrue();
                buffer.trim();
                buffer.skip(90).release();
                buffer.writeBytes(Bytes.pattern(100, 10));
                assertThat(written()).isEqualTo(Bytes.pattern(90, 20));
                assertThat(Bytes.of(foreign)).isEqualTo(Bytes.pattern(100));
                buffer.trim();
            }
        }

        @Test
        void shouldRefuseWhatWasNotReserved() {
            final MemorySegment bytes = MemorySegment.ofArray(new byte[5]);
            assertThatIllegalStateException().isThrownBy(() -> buffer.writeDirect(bytes, 1, released::incrementAndGet));
            buffer.reserve(10);
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> buffer.writeDirect(bytes, 11, released::incrementAndGet));
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> buffer.writeDirect(bytes, -1, released::incrementAndGet));
            buffer.writeByte(1);
            assertThatIllegalStateException().isThrownBy(() -> buffer.writeDirect(bytes, 1, released::incrementAndGet));
            assertThat(released).hasValue(0);
            assertThat(buffer.pendingBytes()).isEqualTo(11);
        }

        @Test
        void shouldRefuseReservedBytesThatWereRead() {
            fill(buffer.reserve(10), Bytes.pattern(10));
            buffer.skip(5);
            final MemorySegment bytes = MemorySegment.ofArray(new byte[5]);
            assertThatIllegalStateException().isThrownBy(() -> buffer.writeDirect(bytes, 6, released::incrementAndGet));
            assertThat(written()).isEqualTo(Bytes.pattern(5, 5));
        }

        @Test
        void shouldRefuseReservedBytesThatLeftWhileItWaitedForRoom() {
            buffer.setBound(10);
            buffer.setWriterHook(new WriterHook() {
                @Override
                public void dirty() {}

                @Override
                public void full(Buffer same, long bytes) {
                    same.skip(same.readableBytes()).release();
                    same.trim();
                }
            });
            buffer.reserve(10);
            assertThatIllegalStateException()
                    .isThrownBy(
                            () -> buffer.writeDirect(MemorySegment.ofArray(new byte[5]), 5, released::incrementAndGet));
            assertThat(buffer.pendingBytes()).isZero();
        }

        @Test
        void shouldLeaveTheMemoryToItsOwnerWhenItFails() {
            buffer.setBound(4);
            try (var arena = Arena.ofShared()) {
                final MemorySegment foreign = arena.allocate(5);
                assertThatExceptionOfType(BufferFullException.class)
                        .isThrownBy(() -> buffer.writeDirect(foreign, 0, released::incrementAndGet));
            }
            assertThat(released).hasValue(0);
        }

        @Test
        void shouldLeakNothingWhenReleasedFails() {
            assertThatExceptionOfType(UnsupportedOperationException.class)
                    .isThrownBy(() -> buffer.writeDirect(MemorySegment.ofArray(new byte[5]), 0, () -> {
                        throw new UnsupportedOperationException();
                    }));
            assertThat(buffer.pendingBytes()).as("written by then").isEqualTo(5);
        }
    }

    @Nested
    class Appending {
        private Buffer other;

        @BeforeEach
        void other() {
            other = closedLater(Bytes.buffer(memory.pool(), Bytes.pattern(5000), 1000, 2000));
        }

        @Test
        void shouldMoveAllWithoutCopying() {
            final long address = other.head().address();
            buffer.append(other);
            assertThat(other.readableBytes()).isZero();
            assertThat(buffer.head().address()).isEqualTo(address);
            assertThat(written()).isEqualTo(Bytes.pattern(5000));
        }

        @Test
        void shouldMovePartAndLeaveTheRest() {
            buffer.append(other, 0).append(other, 1500).append(other, 10);
            assertThat(other.readBytes(3490)).isEqualTo(Bytes.pattern(1510, 3490));
            assertThat(written()).isEqualTo(Bytes.pattern(1510));
        }

        @Test
        void shouldKeepTheOrderAmongWrites() {
            buffer.writeBytes(Bytes.pattern(9000, 10));
            buffer.append(other, 10);
            buffer.writeBytes(Bytes.pattern(10, 10));
            other.skip(10);
            buffer.append(other);
            buffer.writeBytes(Bytes.pattern(5000, 10));
            assertThat(buffer.readBytes(10)).isEqualTo(Bytes.pattern(9000, 10));
            assertThat(written()).isEqualTo(Bytes.pattern(5010));
        }

        @Test
        void shouldNotLetTheSourceOverwriteWhatWasMoved() {
            other.close();
            other = closedLater(new Buffer(memory.pool()));
            for (int i = 0; i < 100; i++) {
                other.writeBytes(Bytes.pattern(60L * i, 60));
                buffer.append(other, i % 2 == 0 ? 30 : 90);
                buffer.writeByte(7);
            }
            for (int at = 0, i = 0; i < 100; i++) {
                final int n = i % 2 == 0 ? 30 : 90;
                assertThat(buffer.readBytes(n)).isEqualTo(Bytes.pattern(at, n));
                assertThat(buffer.readByte()).isEqualTo((byte) 7);
                at += n;
            }
        }

        @Test
        void shouldTakeASlice() {
            final Slice slice = other.slice(3500);
            buffer.append(slice);
            assertThat(slice.readableBytes()).isZero();
            slice.close();
            assertThat(written()).isEqualTo(Bytes.pattern(3500));
            assertThat(other.readableBytes()).isEqualTo(1500);
        }

        @Test
        void shouldRefuseMoreThanThereIs() {
            assertThatExceptionOfType(NotEnoughBytesException.class).isThrownBy(() -> buffer.append(other, 5001));
            assertThatIllegalArgumentException().isThrownBy(() -> buffer.append(other, -1));
            assertThat(other.readableBytes()).isEqualTo(5000);
            assertThat(buffer.readableBytes()).isZero();
        }

        @Test
        void shouldRefuseItself() {
            assertThatIllegalArgumentException().isThrownBy(() -> other.append(other));
            assertThatIllegalArgumentException().isThrownBy(() -> other.append(other, 10));
            assertThat(other.readBytes(5000)).isEqualTo(Bytes.pattern(5000));
        }

        @Test
        void shouldCheckTheBoundBeforeAnythingMoves() {
            buffer.setBound(100);
            assertThatExceptionOfType(BufferFullException.class)
                    .isThrownBy(() -> buffer.append(other, 101))
                    .withMessage("A write of 101 bytes onto 0 pending ones would pass the bound of 100");
            assertThat(other.readableBytes()).isEqualTo(5000);
            buffer.append(other, 100);
            assertThat(written()).isEqualTo(Bytes.pattern(100));
        }

        @Test
        void shouldRefuseAClosedTargetAndAClosedSource() {
            buffer.close();
            assertThatIllegalStateException().isThrownBy(() -> buffer.append(other));
            assertThat(other.readableBytes()).isEqualTo(5000);
            other.close();
            final Buffer third = closedLater(new Buffer(memory.pool()));
            assertThatIllegalStateException().isThrownBy(() -> third.append(other, 1));
        }

        @Test
        void shouldNotPinABlockForEachFewBytesThatArrive() {
            for (int i = 0; i < 10_000; i++) {
                final Block block = memory.pool().acquire(16_000);
                block.memory().set(ValueLayout.JAVA_BYTE, 0, Bytes.at(i));
                block.received(1);
                buffer.appendBlock(block);
            }
            assertThat(memory.pool().usedBytes()).isLessThanOrEqualTo(32 << 10);
            assertThat(written()).isEqualTo(Bytes.pattern(10_000));
        }

        @Test
        void shouldNotPinABlockForEachSmallAnswerThatWaits() {
            final Buffer inbound = closedLater(new Buffer(memory.pool()));
            for (int i = 0; i < 10_000; i++) {
                final Block block = memory.pool().acquire(16_000);
                MemorySegment.copy(Bytes.pattern(20L * i, 20), 0, block.memory(), ValueLayout.JAVA_BYTE, 0, 20);
                block.received(20);
                inbound.appendBlock(block);
                buffer.writeByte(7);
                if (i % 2 == 0) {
                    buffer.append(inbound);
                } else {
                    final Slice slice = inbound.slice(10);
                    buffer.append(slice).append(inbound);
                }
            }
            inbound.trim();
            assertThat(memory.pool().usedBytes()).isLessThanOrEqualTo(21 * 10_000 * 2);
            for (int i = 0; i < 10_000; i++) {
                assertThat(buffer.readByte()).isEqualTo((byte) 7);
                assertThat(buffer.readBytes(20)).isEqualTo(Bytes.pattern(20L * i, 20));
            }
        }

        @Test
        void shouldWriteIntoTheRoomOfABlockThatArrived() {
            other.close();
            final Block block = Bytes.block(memory.pool(), Bytes.pattern(1500));
            buffer.appendBlock(block);
            buffer.writeBytes(Bytes.pattern(1500, 1000));
            assertThat(memory.pool().usedBytes()).isEqualTo(4096);
            assertThat(buffer.head()).isSameAs(block);
            assertThat(written()).isEqualTo(Bytes.pattern(2500));
        }

        @Test
        void shouldNotWriteIntoTheRoomOfABlockThatIsShared() {
            final Block block = Bytes.block(memory.pool(), Bytes.pattern(1500));
            other.close();
            other = closedLater(new Buffer(memory.pool()));
            other.appendBlock(block);
            final Slice first = other.slice(500);
            buffer.append(other);
            buffer.writeBytes(new byte[100]);
            assertThat(buffer.head().next()).isNotNull();
            assertThat(first.readBytes(500)).isEqualTo(Bytes.pattern(500));
            first.close();
        }

        @Test
        void shouldLinkBlocksOfATransport() {
            buffer.appendBlock(Bytes.block(memory.pool(), Bytes.pattern(10)));
            buffer.appendBlock(memory.pool().acquire(100));
            buffer.writeBytes(Bytes.pattern(10, 10));
            buffer.appendBlock(Bytes.block(memory.pool(), Bytes.pattern(20, 10)));
            assertThat(written()).isEqualTo(Bytes.pattern(30));
        }
    }

    @Nested
    class Hooks {
        private final List<String> told = new ArrayList<>();

        private final WriterHook hook = new WriterHook() {
            @Override
            public void dirty() {
                told.add("dirty at " + buffer.pendingBytes());
            }

            @Override
            public void full(Buffer same, long bytes) {
                told.add("full for " + bytes);
                same.skip(same.readableBytes());
                same.trim();
            }

            @Override
            public void flush() {
                told.add("flush");
            }
        };

        @Test
        void shouldBeToldOfTheFirstWriteOnlyUntilClean() {
            buffer.setWriterHook(hook);
            buffer.writeInt(1).writeInt(2);
            buffer.clean();
            buffer.writeBytes(new byte[0]);
            buffer.writeByte(1).writeByte(2);
            buffer.flush();
            assertThat(told).containsExactly("dirty at 4", "dirty at 9", "flush");
        }

        @Test
        void shouldMakeRoomAndLetTheWriteGoOn() {
            buffer.setWriterHook(hook);
            buffer.setBound(10);
            buffer.writeLong(1).writeLong(2);
            buffer.writeBytes(Bytes.pattern(3));
            buffer.append(closedLater(Bytes.buffer(memory.pool(), Bytes.pattern(10))));
            assertThat(told).containsExactly("dirty at 8", "full for 8", "full for 3", "full for 10");
            assertThat(written()).isEqualTo(Bytes.pattern(10));
        }

        @Test
        void shouldBeToldOfFlushesByStreamsAndChannels() throws IOException {
            buffer.setWriterHook(hook);
            final OutputStream stream = buffer.outputStream();
            stream.write(0x1ff);
            stream.flush();
            stream.close();
            assertThat(told).containsExactly("dirty at 1", "flush", "flush");
            final WritableByteChannel channel = buffer.writableChannel();
            channel.close();
            channel.close();
            assertThat(told).hasSize(4);
            assertThatExceptionOfType(ClosedChannelException.class)
                    .isThrownBy(() -> channel.write(ByteBuffer.allocate(1)));
            assertThat(written()).containsExactly(0xff);
        }
    }
}
