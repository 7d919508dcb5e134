// SPDX-License-Identifier: Apache-2.0
package io.hawser.buffer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.ReadOnlyBufferException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ReadableByteChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What {@link Reader} and {@link Slice} promise, each promise by itself. {@link BufferModelTest} mixes them. */
class BufferReaderTest {
    @RegisterExtension
    final LeakCheck memory = new LeakCheck();

    private final List<Slice> open = new ArrayList<>();

    @AfterEach
    void close() {
        open.forEach(Slice::close);
    }

    /** A buffer over {@code bytes}, in blocks of {@code sizes} bytes and one of the rest. */
    private Buffer buffer(byte[] bytes, int... sizes) {
        final Buffer buffer = Bytes.buffer(memory.pool(), bytes, sizes);
        open.add(buffer);
        return buffer;
    }

    private Slice closedLater(Slice slice) {
        open.add(slice);
        return slice;
    }

    private static byte[] bytes(int... values) {
        final byte[] bytes = new byte[values.length];
        for (int i = 0; i < values.length; i++) {
            bytes[i] = (byte) values[i];
        }
        return bytes;
    }

    /** A read, the bytes that it needs, and what it makes of them. */
    static Stream<Arguments> numbers() {
        final ByteBuffer floats = ByteBuffer.allocate(8).putDouble(-1234.5678e90);
        return Stream.of(
                read("readByte", Reader::readByte, (byte) 0xf1, 0xf1),
                read("readUnsignedByte", Reader::readUnsignedByte, 0xf1, 0xf1),
                read("readShort", Reader::readShort, (short) 0xf102, 0xf1, 2),
                read("readShortLE", Reader::readShortLE, (short) 0x02f1, 0xf1, 2),
                read("readUnsignedShort", Reader::readUnsignedShort, 0xf102, 0xf1, 2),
                read("readUnsignedShortLE", Reader::readUnsignedShortLE, 0xf201, 1, 0xf2),
                read("readUnsignedMedium", Reader::readUnsignedMedium, 0xf10203, 0xf1, 2, 3),
                read("readUnsignedMediumLE", Reader::readUnsignedMediumLE, 0xf30201, 1, 2, 0xf3),
                read("readInt", Reader::readInt, 0xf1020304, 0xf1, 2, 3, 4),
                read("readIntLE", Reader::readIntLE, 0x040302f1, 0xf1, 2, 3, 4),
                read("readUnsignedInt", Reader::readUnsignedInt, 0xf1020304L, 0xf1, 2, 3, 4),
                read("readUnsignedIntLE", Reader::readUnsignedIntLE, 0xf4030201L, 1, 2, 3, 0xf4),
                read("readLong", Reader::readLong, 0xf102030405060708L, 0xf1, 2, 3, 4, 5, 6, 7, 8),
                read("readLongLE", Reader::readLongLE, 0x08070605040302f1L, 0xf1, 2, 3, 4, 5, 6, 7, 8),
                read("readFloat", Reader::readFloat, -1.5f, 0xbf, 0xc0, 0, 0),
                read("readFloatLE", Reader::readFloatLE, -1.5f, 0, 0, 0xc0, 0xbf),
                read("readDouble", Reader::readDouble, -1234.5678e90, floats.array()),
                read(
                        "readDoubleLE",
                        Reader::readDoubleLE,
                        floats.order(ByteOrder.LITTLE_ENDIAN).getDouble(0),
                        floats.array()));
    }

    private static Arguments read(String name, Function<Reader, Object> read, Object value, int... bytes) {
        return read(name, read, value, bytes(bytes));
    }

    private static Arguments read(String name, Function<Reader, Object> read, Object value, byte[] bytes) {
        return arguments(name, read, value, bytes);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("numbers")
    void shouldReadNumbers(String name, Function<Reader, Object> read, Object value, byte[] bytes) {
        final Buffer buffer = buffer(bytes);
        assertThat(read.apply(buffer)).isEqualTo(value);
        assertThat(buffer.readableBytes()).isZero();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("numbers")
    void shouldReadNumbersAcrossEveryBorder(String name, Function<Reader, Object> read, Object value, byte[] bytes) {
        for (int border = 1; border < bytes.length; border++) {
            assertThat(read.apply(buffer(bytes, border)))
                    .as("border %d", border)
                    .isEqualTo(value);
        }
        final int[] ones = new int[bytes.length - 1];
        Arrays.fill(ones, 1);
        assertThat(read.apply(buffer(bytes, ones))).as("a block per byte").isEqualTo(value);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("numbers")
    void shouldConsumeNothingWhenANumberIsIncomplete(
            String name, Function<Reader, Object> read, Object value, byte[] bytes) {
        final byte[] most = Arrays.copyOf(bytes, bytes.length - 1);
        final Buffer buffer = most.length > 1 ? buffer(most, 1) : buffer(most);
        assertThatExceptionOfType(NotEnoughBytesException.class)
                .isThrownBy(() -> read.apply(buffer))
                .satisfies(e -> assertThat(e.needed()).isEqualTo(bytes.length))
                .satisfies(e -> assertThat(e.available()).isEqualTo(most.length))
                .withMessage(bytes.length + " bytes are needed, " + most.length + " are there");
        assertThat(buffer.readBytes(most.length)).isEqualTo(most);
    }

    /** A look, how many bytes it needs, and the read that must agree with it. */
    static Stream<Arguments> looks() {
        return Stream.of(
                look("getByte", 1, Reader::getByte, Reader::readByte),
                look("getUnsignedByte", 1, Reader::getUnsignedByte, Reader::readUnsignedByte),
                look("getShort", 2, Reader::getShort, Reader::readShort),
                look("getShortLE", 2, Reader::getShortLE, Reader::readShortLE),
                look("getUnsignedShort", 2, Reader::getUnsignedShort, Reader::readUnsignedShort),
                look("getUnsignedShortLE", 2, Reader::getUnsignedShortLE, Reader::readUnsignedShortLE),
                look("getUnsignedMedium", 3, Reader::getUnsignedMedium, Reader::readUnsignedMedium),
                look("getUnsignedMediumLE", 3, Reader::getUnsignedMediumLE, Reader::readUnsignedMediumLE),
                look("getInt", 4, Reader::getInt, Reader::readInt),
                look("getIntLE", 4, Reader::getIntLE, Reader::readIntLE),
                look("getUnsignedInt", 4, Reader::getUnsignedInt, Reader::readUnsignedInt),
                look("getLong", 8, Reader::getLong, Reader::readLong),
                look("getLongLE", 8, Reader::getLongLE, Reader::readLongLE));
    }

    /** A look at an offset. */
    interface Look {
        Object at(Reader reader, long offset);
    }

    private static Arguments look(String name, int bytes, Look look, Function<Reader, Object> read) {
        return arguments(name, bytes, look, read);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("looks")
    void shouldLookAtNumbersWithoutConsuming(String name, int bytes, Look look, Function<Reader, Object> read) {
        final byte[] all = Bytes.pattern(40);
        final Buffer buffer = buffer(all, 1, 9, 2, 1, 1, 10);
        for (int offset = 0; offset <= all.length - bytes; offset++) {
            final Buffer same = buffer(all);
            assertThat(look.at(buffer, offset)).as("offset %d", offset).isEqualTo(read.apply(same.skip(offset)));
        }
        assertThat(buffer.readBytes(40)).isEqualTo(all);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("looks")
    void shouldRefuseToLookBeyondTheReadable(String name, int bytes, Look look, Function<Reader, Object> read) {
        final Buffer buffer = buffer(Bytes.pattern(40), 20);
        assertThatExceptionOfType(NotEnoughBytesException.class).isThrownBy(() -> look.at(buffer, 40 - bytes + 1));
        assertThatExceptionOfType(NotEnoughBytesException.class).isThrownBy(() -> look.at(buffer, Long.MAX_VALUE - 3));
        assertThatIllegalArgumentException().isThrownBy(() -> look.at(buffer, -1));
        assertThat(buffer.readableBytes()).isEqualTo(40);
    }

    @Nested
    class Memory {
        @Test
        void shouldHandOutTheNextBytesWithoutCopying() {
            final Block block = Bytes.block(memory.pool(), Bytes.pattern(100));
            final Buffer buffer = buffer(new byte[0]);
            buffer.appendBlock(block);
            buffer.skip(10);
            final MemorySegment next = buffer.next(20);
            assertThat(next.address()).isEqualTo(block.address() + 10);
            assertThat(Bytes.of(next)).isEqualTo(Bytes.pattern(10, 20));
            assertThat(buffer.readableBytes()).isEqualTo(70);
        }

        @Test
        void shouldLeaveWhatItPeeksAt() {
            final Buffer buffer = buffer(Bytes.pattern(100), 30, 30);
            assertThat(Bytes.of(buffer.peek(50))).isEqualTo(Bytes.pattern(50));
            assertThat(Bytes.of(buffer.peek(100))).isEqualTo(Bytes.pattern(100));
            assertThat(buffer.readBytes(100)).isEqualTo(Bytes.pattern(100));
        }

        @Test
        void shouldCopyBytesOfSeveralBlocksTogether() {
            final Buffer buffer = buffer(Bytes.pattern(5000), 1024, 1, 1000);
            assertThat(Bytes.of(buffer.next(3000))).isEqualTo(Bytes.pattern(3000));
            assertThat(buffer.readBytes(2000)).isEqualTo(Bytes.pattern(3000, 2000));
        }

        @Test
        void shouldCopyUpToTheLastByteAndStillTakeWrites() {
            final Buffer buffer = buffer(Bytes.pattern(100), 60);
            buffer.writeBytes(Bytes.pattern(100, 50));
            assertThat(Bytes.of(buffer.peek(150))).isEqualTo(Bytes.pattern(150));
            buffer.writeBytes(Bytes.pattern(150, 50));
            assertThat(buffer.readBytes(200)).isEqualTo(Bytes.pattern(200));
        }

        @Test
        void shouldHandOutNothingForNoBytes() {
            final Buffer buffer = buffer(new byte[0]);
            assertThat(buffer.next(0).byteSize()).isZero();
            assertThat(buffer.peek(0).byteSize()).isZero();
        }

        @Test
        void shouldConsumeNothingWhenThereAreTooFew() {
            final Buffer buffer = buffer(Bytes.pattern(100), 50);
            assertThatExceptionOfType(NotEnoughBytesException.class).isThrownBy(() -> buffer.next(101));
            assertThatExceptionOfType(NotEnoughBytesException.class).isThrownBy(() -> buffer.peek(101));
            assertThat(buffer.readableBytes()).isEqualTo(100);
        }

        @Test
        void shouldRefuseNegativeAndOverlongPieces() {
            final Buffer buffer = buffer(Bytes.pattern(10));
            assertThatIllegalArgumentException().isThrownBy(() -> buffer.next(-1));
            assertThatIllegalArgumentException().isThrownBy(() -> buffer.peek(Integer.MIN_VALUE));
            // Not NotEnoughBytesException: however many came, they would never do.
            assertThatIllegalArgumentException().isThrownBy(() -> buffer.peek(BlockPool.MAX_BLOCK_BYTES + 1));
            assertThatIllegalArgumentException().isThrownBy(() -> buffer.next(Integer.MAX_VALUE));
        }

        @Test
        void shouldKeepWhatWasHandedOutUntilRelease() {
            final Buffer buffer = buffer(Bytes.pattern(3000), 1000, 1000);
            final MemorySegment first = buffer.next(700);
            final MemorySegment across = buffer.next(600);
            buffer.skip(1700);
            buffer.writeBytes(new byte[5000]);
            buffer.skip(5000);
            assertThat(Bytes.of(first)).isEqualTo(Bytes.pattern(700));
            assertThat(Bytes.of(across)).isEqualTo(Bytes.pattern(700, 600));
            buffer.release();
            assertThatIllegalStateException().isThrownBy(() -> first.get(ValueLayout.JAVA_BYTE, 0));
        }

        @Test
        void shouldKeepWhatWasHandedOutWhenItIsAppendedElsewhere() {
            final Buffer buffer = buffer(Bytes.pattern(100));
            final MemorySegment peeked = buffer.peek(100);
            final Buffer other = new Buffer(memory.pool());
            other.append(buffer);
            other.close();
            assertThat(Bytes.of(peeked)).isEqualTo(Bytes.pattern(100));
            buffer.trim();
        }

        @Test
        void shouldLeaveTheBytesWhenThereIsNoMemoryToCopyThemTogether() {
            try (var small = new BlockPool(4096)) {
                final Buffer buffer = Bytes.buffer(small, Bytes.pattern(2000), 1000);
                assertThatExceptionOfType(PoolExhaustedException.class).isThrownBy(() -> buffer.peek(1500));
                assertThat(buffer.readBytes(2000)).isEqualTo(Bytes.pattern(2000));
                buffer.close();
                LeakCheck.assertNothingLeaks(small);
            }
        }
    }

    @Nested
    class Search {
        private final byte[] text = "one\ntwo\nthree".getBytes(StandardCharsets.US_ASCII);

        @Test
        void shouldReadUpToAndWithTheDelimiter() {
            final Buffer buffer = buffer(text, 2, 3);
            assertThat(Bytes.of(buffer.until((byte) '\n'))).asString().isEqualTo("one\n");
            assertThat(Bytes.of(buffer.until((byte) '\n', 3))).asString().isEqualTo("two\n");
            assertThat(buffer.readString(5)).isEqualTo("three");
        }

        @Test
        void shouldConsumeNothingWhenTheDelimiterHasNotComeYet() {
            final Buffer buffer = buffer(text, 2, 3);
            assertThatExceptionOfType(NotEnoughBytesException.class)
                    .isThrownBy(() -> buffer.until((byte) 0))
                    .satisfies(e -> assertThat(e.needed()).isEqualTo(text.length + 1));
            assertThat(buffer.readableBytes()).isEqualTo(text.length);
        }

        @Test
        void shouldRefuseADelimiterThatIsTooFarAway() {
            final Buffer buffer = buffer(text, 2, 3);
            assertThatExceptionOfType(DelimiterNotFoundException.class)
                    .isThrownBy(() -> buffer.until((byte) '\n', 2))
                    .withMessageContaining("10 within 2 bytes");
            assertThat(buffer.readableBytes()).isEqualTo(text.length);
            assertThat(Bytes.of(buffer.until((byte) '\n', 3))).asString().isEqualTo("one\n");
        }

        @Test
        void shouldFindADelimiterAtOnceOrNotAtAllWithinNoBytes() {
            final Buffer buffer = buffer("\nx".getBytes(StandardCharsets.US_ASCII));
            assertThat(Bytes.of(buffer.until((byte) '\n', 0))).hasSize(1);
            assertThatExceptionOfType(DelimiterNotFoundException.class).isThrownBy(() -> buffer.until((byte) '\n', 0));
        }

        @Test
        void shouldRefuseImpossibleLengths() {
            final Buffer buffer = buffer(text);
            assertThatIllegalArgumentException().isThrownBy(() -> buffer.until((byte) 0, -1));
            assertThatIllegalArgumentException().isThrownBy(() -> buffer.until((byte) 0, BlockPool.MAX_BLOCK_BYTES));
        }

        @Test
        void shouldFindEveryByteWithinAnyRange() {
            final byte[] bytes = new byte[60];
            for (int i = 0; i < bytes.length; i++) {
                bytes[i] = (byte) (i * 37);
            }
            final Buffer buffer = buffer(bytes, 1, 20, 7);
            for (int from = 0; from <= bytes.length; from++) {
                for (int to = from; to <= bytes.length; to++) {
                    for (int at : new int[] {from - 1, from, (from + to) / 2, to - 1, to}) {
                        if (at >= 0 && at < bytes.length) {
                            assertThat(buffer.indexOf(bytes[at], from, to))
                                    .as("byte %d in [%d, %d)", at, from, to)
                                    .isEqualTo(at >= from && at < to ? at : -1);
                        }
                    }
                }
            }
        }

        @Test
        void shouldNotTakeALookalikeForTheByte() {
            // Bytes that differ from the one wanted by one bit, or by one, are what a search by words may mix up.
            for (int value = 0; value < 256; value++) {
                final byte[] bytes = new byte[33];
                for (int i = 0; i < 32; i++) {
                    bytes[i] = (byte) (i % 9 == 8 ? value + 1 : value ^ 1 << i % 9);
                }
                bytes[32] = (byte) value;
                assertThat(buffer(bytes).indexOf((byte) value))
                        .as("value %d", value)
                        .isEqualTo(32);
            }
        }

        @Test
        void shouldSearchOnlyWhatIsReadable() {
            final Buffer buffer = buffer(text, 4);
            assertThat(buffer.indexOf((byte) 'w')).isEqualTo(5);
            assertThat(buffer.indexOf((byte) 'x')).isEqualTo(-1);
            assertThatExceptionOfType(IndexOutOfBoundsException.class)
                    .isThrownBy(() -> buffer.indexOf((byte) 'x', 0, text.length + 1));
            assertThatExceptionOfType(IndexOutOfBoundsException.class)
                    .isThrownBy(() -> buffer.indexOf((byte) 'x', 3, 2));
            assertThatExceptionOfType(IndexOutOfBoundsException.class)
                    .isThrownBy(() -> buffer.indexOf((byte) 'x', -1, 2));
            assertThat(buffer(new byte[0]).indexOf((byte) 'x')).isEqualTo(-1);
        }
    }

    @Nested
    class Copies {
        @Test
        void shouldSkipAcrossBlocks() {
            final Buffer buffer = buffer(Bytes.pattern(100), 10, 20, 30);
            assertThat(buffer.skip(65).readByte()).isEqualTo(Bytes.at(65));
            assertThat(buffer.skip(0).skip(34).readableBytes()).isZero();
            assertThatExceptionOfType(NotEnoughBytesException.class).isThrownBy(() -> buffer.skip(1));
            assertThatIllegalArgumentException().isThrownBy(() -> buffer.skip(-1));
        }

        @Test
        void shouldReadIntoANewArray() {
            final Buffer buffer = buffer(Bytes.pattern(100), 10, 20, 30);
            assertThat(buffer.readBytes(0)).isEmpty();
            assertThat(buffer.readBytes(99)).isEqualTo(Bytes.pattern(99));
            assertThatExceptionOfType(NotEnoughBytesException.class).isThrownBy(() -> buffer.readBytes(2));
            assertThatIllegalArgumentException().isThrownBy(() -> buffer.readBytes(-1));
            assertThat(buffer.readableBytes()).isEqualTo(1);
        }

        @Test
        void shouldMakeNoArrayForBytesThatAreNotThere() {
            // An array of this size cannot be made: the failure would be an OutOfMemoryError.
            final Buffer buffer = buffer(Bytes.pattern(10));
            assertThatExceptionOfType(NotEnoughBytesException.class)
                    .isThrownBy(() -> buffer.readBytes(Integer.MAX_VALUE));
        }

        @Test
        void shouldReadIntoPartOfAnArray() {
            final Buffer buffer = buffer(Bytes.pattern(30), 10);
            final byte[] target = new byte[25];
            buffer.readBytes(target, 3, 20).readBytes(target, 25, 0);
            final byte[] expected = new byte[25];
            System.arraycopy(Bytes.pattern(20), 0, expected, 3, 20);
            assertThat(target).isEqualTo(expected);
            assertThatExceptionOfType(NotEnoughBytesException.class).isThrownBy(() -> buffer.readBytes(target, 0, 11));
            assertThatExceptionOfType(IndexOutOfBoundsException.class)
                    .isThrownBy(() -> buffer.readBytes(target, 20, 6));
            assertThatExceptionOfType(IndexOutOfBoundsException.class)
                    .isThrownBy(() -> buffer.readBytes(target, -1, 1));
            assertThat(buffer.readableBytes()).isEqualTo(10);
        }

        @ParameterizedTest
        @ValueSource(booleans = {true, false})
        void shouldFillAByteBuffer(boolean direct) {
            final Buffer buffer = buffer(Bytes.pattern(30), 10);
            final ByteBuffer target = direct ? ByteBuffer.allocateDirect(40) : ByteBuffer.allocate(40);
            buffer.read(target.position(5).limit(25));
            assertThat(target.position()).isEqualTo(25);
            final byte[] read = new byte[20];
            target.get(5, read);
            assertThat(read).isEqualTo(Bytes.pattern(20));
            buffer.read(target);
            assertThatExceptionOfType(NotEnoughBytesException.class)
                    .isThrownBy(() -> buffer.read(target.position(0).limit(11)));
            assertThat(target.position()).isZero();
            assertThat(buffer.readableBytes()).isEqualTo(10);
        }

        @Test
        void shouldRefuseAReadOnlyByteBuffer() {
            final Buffer buffer = buffer(Bytes.pattern(30), 10);
            assertThatExceptionOfType(ReadOnlyBufferException.class)
                    .isThrownBy(() -> buffer.read(ByteBuffer.allocate(20).asReadOnlyBuffer()));
            assertThat(buffer.readableBytes()).isEqualTo(30);
        }

        @Test
        void shouldFillMemory() {
            final Buffer buffer = buffer(Bytes.pattern(30), 10);
            try (var arena = Arena.ofConfined()) {
                final MemorySegment target = arena.allocate(20);
                buffer.read(target).read(target.asSlice(0, 0));
                assertThat(Bytes.of(target)).isEqualTo(Bytes.pattern(20));
                assertThatExceptionOfType(NotEnoughBytesException.class).isThrownBy(() -> buffer.read(target));
            }
            assertThat(buffer.readableBytes()).isEqualTo(10);
        }

        @Test
        void shouldDecodeText() {
            final byte[] text = "grüße, 世界 🚢".getBytes(StandardCharsets.UTF_8);
            assertThat(buffer(text, 3, 10).readString(text.length)).isEqualTo("grüße, 世界 🚢");
            assertThat(buffer(text, 3).readString(2)).isEqualTo("gr");
            assertThat(buffer(bytes('a', 0xff, 'b')).readString(3)).isEqualTo("a\ufffdb");
            assertThat(buffer(bytes('a', 0xfc), 1).readString(2, StandardCharsets.ISO_8859_1))
                    .isEqualTo("aü");
            assertThatExceptionOfType(NotEnoughBytesException.class)
                    .isThrownBy(() -> buffer(text).readString(text.length + 1));
        }
    }

    @Nested
    class Slices {
        @Test
        void shouldShareTheMemory() {
            final Block block = Bytes.block(memory.pool(), Bytes.pattern(100));
            final long address = block.address();
            final Buffer buffer = buffer(new byte[0]);
            buffer.appendBlock(block);
            buffer.skip(10);
            final Slice slice = closedLater(buffer.slice(50));
            assertThat(slice.peek(50).address()).isEqualTo(address + 10);
            assertThat(buffer.peek(40).address()).isEqualTo(address + 60);
            assertThat(slice.readBytes(50)).isEqualTo(Bytes.pattern(10, 50));
            assertThat(buffer.readBytes(40)).isEqualTo(Bytes.pattern(60, 40));
        }

        @Test
        void shouldOutliveTheirReader() {
            final Buffer buffer = buffer(Bytes.pattern(5000), 1000, 1000);
            final Slice within = closedLater(buffer.slice(400));
            final Slice across = closedLater(buffer.slice(4000));
            final Slice rest = closedLater(buffer.slice(600));
            buffer.release();
            buffer.close();
            assertThat(rest.readBytes(600)).isEqualTo(Bytes.pattern(4400, 600));
            assertThat(across.readBytes(4000)).isEqualTo(Bytes.pattern(400, 4000));
            assertThat(within.readBytes(400)).isEqualTo(Bytes.pattern(400));
        }

        @Test
        void shouldBeSlicedAgain() {
            final Buffer buffer = buffer(Bytes.pattern(100), 30);
            final Slice slice = buffer.slice(80);
            final Slice inner = closedLater(slice.skip(10).slice(60));
            slice.close();
            assertThat(inner.readBytes(60)).isEqualTo(Bytes.pattern(10, 60));
            assertThat(buffer.readBytes(20)).isEqualTo(Bytes.pattern(80, 20));
        }

        @Test
        void shouldNotSeeWhatIsWrittenLater() {
            final Buffer buffer = buffer(Bytes.pattern(10));
            buffer.writeBytes(Bytes.pattern(10, 10));
            final Slice slice = closedLater(buffer.slice(20));
            buffer.writeBytes(Bytes.pattern(20, 10));
            assertThat(slice.readBytes(20)).isEqualTo(Bytes.pattern(20));
            assertThat(slice.readableBytes()).isZero();
            assertThat(buffer.readBytes(10)).isEqualTo(Bytes.pattern(20, 10));
        }

        @Test
        void shouldConsumeNothingWhenThereAreTooFew() {
            final Buffer buffer = buffer(Bytes.pattern(100), 50);
            assertThatExceptionOfType(NotEnoughBytesException.class).isThrownBy(() -> buffer.slice(101));
            assertThatIllegalArgumentException().isThrownBy(() -> buffer.slice(-1));
            assertThat(buffer.readableBytes()).isEqualTo(100);
        }

        @Test
        void shouldHoldNothingWhenEmpty() {
            assertThat(buffer(new byte[0]).slice(0).readableBytes()).isZero();
            assertThat(memory.pool().usedBytes()).isZero();
        }

        @Test
        void shouldFailWhenReadAfterClose() {
            final Slice slice = buffer(Bytes.pattern(100), 50).slice(60);
            slice.close();
            slice.close();
            assertThat(slice.readableBytes()).isZero();
            assertThatIllegalStateException().isThrownBy(slice::readByte);
            assertThatIllegalStateException().isThrownBy(() -> slice.next(1));
            assertThatIllegalStateException().isThrownBy(() -> slice.until((byte) 0));
            assertThatIllegalStateException().isThrownBy(() -> slice.getInt(0));
            assertThatIllegalStateException()
                    .isThrownBy(() -> slice.inputStream().read());
        }

        @Test
        void shouldGiveTheMemoryBackWhenTheLastOneCloses() {
            final Buffer buffer = buffer(Bytes.pattern(1000));
            final Slice first = buffer.slice(100);
            final Slice second = buffer.slice(900);
            buffer.trim();
            second.close();
            assertThat(memory.pool().usedBytes()).isEqualTo(1024);
            first.close();
            assertThat(memory.pool().usedBytes()).isZero();
        }
    }

    @Nested
    class Room {
        @Test
        void shouldHoldNoBlockWhenTrimmedEmpty() {
            final Buffer buffer = buffer(Bytes.pattern(5000), 1000);
            buffer.next(5000);
            buffer.trim();
            assertThat(memory.pool().usedBytes()).isZero();
            buffer.trim();
            buffer.writeInt(7);
            assertThat(buffer.readInt()).isEqualTo(7);
        }

        @Test
        void shouldGiveReadBlocksBackWhenTrimmed() {
            final Buffer buffer = buffer(Bytes.pattern(64 * 1024 + 1), 64 * 1024);
            buffer.skip(64 * 1024);
            buffer.trim();
            assertThat(memory.pool().usedBytes()).isEqualTo(1024);
            assertThat(buffer.readByte()).isEqualTo(Bytes.at(64 * 1024));
        }

        @Test
        void shouldMoveASmallRestOutOfALargeBlock() {
            final Buffer buffer = buffer(Bytes.pattern(60_000));
            buffer.skip(59_000);
            buffer.compact();
            assertThat(memory.pool().usedBytes()).isEqualTo(1024);
            buffer.writeBytes(Bytes.pattern(60_000, 100));
            assertThat(buffer.readBytes(1100)).isEqualTo(Bytes.pattern(59_000, 1100));
        }

        @Test
        void shouldMoveASmallRestOutThoughAReadBlockIsInFrontOfIt() {
            final Buffer buffer = buffer(Bytes.pattern(30_000));
            final Block large = memory.pool().acquire(60_000);
            MemorySegment.copy(Bytes.pattern(30_000, 100), 0, large.memory(), ValueLayout.JAVA_BYTE, 0, 100);
            large.received(100);
            buffer.appendBlock(large);
            buffer.skip(30_000);
            buffer.compact();
            assertThat(memory.pool().usedBytes()).isEqualTo(1024);
            assertThat(buffer.readBytes(100)).isEqualTo(Bytes.pattern(30_000, 100));
        }

        @Test
        void shouldNotMoveWhatIsHandedOutOrSharedOrLargeAnyway() {
            final Buffer handedOut = buffer(Bytes.pattern(60_000));
            handedOut.skip(59_000);
            final MemorySegment peeked = handedOut.peek(1000);
            handedOut.compact();
            assertThat(Bytes.of(peeked)).isEqualTo(Bytes.pattern(59_000, 1000));

            final Buffer shared = buffer(Bytes.pattern(60_000));
            closedLater(shared.slice(59_000));
            shared.compact();
            assertThat(shared.head().address()).isEqualTo(shared.peek(1).address() - 59_000);

            final Buffer large = buffer(Bytes.pattern(60_000));
            final long address = large.skip(10_000).peek(1).address();
            large.release();
            large.compact();
            assertThat(large.peek(1).address()).isEqualTo(address);
        }

        @Test
        void shouldNotMoveIntoABlockThatIsNoSmaller() {
            // At the cap, the pool gives what lies idle, however large.
            try (var pool = new BlockPool(1 << 20)) {
                final Buffer buffer = Bytes.buffer(pool, Bytes.pattern(60_000));
                buffer.skip(59_990);
                final long address = buffer.head().address();
                buffer.compact();
                assertThat(buffer.head().address()).isEqualTo(address);
                assertThat(pool.usedBytes()).isEqualTo(64 * 1024);
                assertThat(buffer.readBytes(10)).isEqualTo(Bytes.pattern(59_990, 10));
                buffer.close();
                LeakCheck.assertNothingLeaks(pool);
            }
        }
    }

    @Nested
    class Views {
        @Test
        void shouldBeReadAsAStream() throws IOException {
            final Buffer buffer = buffer(Bytes.pattern(100), 30);
            final InputStream stream = buffer.inputStream();
            assertThat(stream.available()).isEqualTo(100);
            assertThat(stream.read()).isEqualTo(Bytes.at(0) & 0xff);
            assertThat(stream.read(new byte[0])).isZero();
            assertThat(stream.skip(9)).isEqualTo(9);
            assertThat(stream.skip(-1)).isZero();
            assertThat(stream.readNBytes(50)).isEqualTo(Bytes.pattern(10, 50));
            final byte[] target = new byte[60];
            assertThat(stream.read(target, 5, 55)).isEqualTo(40);
            assertThat(Arrays.copyOfRange(target, 5, 45)).isEqualTo(Bytes.pattern(60, 40));
            assertThat(stream.read()).isEqualTo(-1);
            assertThat(stream.read(target)).isEqualTo(-1);
            assertThat(stream.skip(1)).isZero();
            assertThat(stream.available()).isZero();
        }

        @Test
        void shouldBeReadAsAChannel() throws IOException {
            final Buffer buffer = buffer(Bytes.pattern(100), 30);
            final ReadableByteChannel channel = buffer.channel();
            final ByteBuffer target = ByteBuffer.allocate(80).limit(70);
            assertThat(channel.read(target)).isEqualTo(70);
            assertThat(channel.read(target)).isZero();
            assertThat(channel.read(target.clear())).isEqualTo(30);
            assertThat(target.limit()).isEqualTo(80);
            assertThat(Arrays.copyOf(target.array(), 30)).isEqualTo(Bytes.pattern(70, 30));
            assertThat(channel.read(target)).isEqualTo(-1);
            assertThat(channel.isOpen()).isTrue();
            channel.close();
            assertThat(channel.isOpen()).isFalse();
            assertThatExceptionOfType(ClosedChannelException.class).isThrownBy(() -> channel.read(target));
        }

        @Test
        void shouldLeaveAByteBufferAsItWasWhenItCannotBeReadInto() {
            final Buffer buffer = buffer(Bytes.pattern(10));
            final ByteBuffer target = ByteBuffer.allocate(80).asReadOnlyBuffer();
            assertThatExceptionOfType(ReadOnlyBufferException.class)
                    .isThrownBy(() -> buffer.channel().read(target));
            assertThat(target.limit()).isEqualTo(80);
            assertThat(buffer.readableBytes()).isEqualTo(10);
        }
    }

    @Nested
    class Waiting {
        @Test
        void shouldAskTheHookForAsManyBytesAsAReadNeeds() {
            final Buffer buffer = buffer(Bytes.pattern(3));
            final List<Long> asked = new ArrayList<>();
            buffer.setReaderHook((same, needed) -> {
                asked.add(needed);
                buffer.appendBlock(Bytes.block(memory.pool(), Bytes.pattern(buffer.pendingBytes(), 10)));
            });
            assertThat(buffer.readInt())
                    .isEqualTo(ByteBuffer.wrap(Bytes.pattern(4)).getInt());
            assertThat(buffer.getLong(5)).isNotZero();
            assertThat(asked).containsExactly(4L, 13L);
        }

        @Test
        void shouldSearchOnAsBytesArrive() {
            final Buffer buffer = buffer(bytes(1, 2, 3));
            final List<Long> asked = new ArrayList<>();
            buffer.setReaderHook((same, needed) -> {
                asked.add(needed);
                buffer.appendBlock(Bytes.block(memory.pool(), bytes(4, asked.size() == 2 ? 0 : 5)));
            });
            assertThat(Bytes.of(buffer.until((byte) 0))).containsExactly(1, 2, 3, 4, 5, 4, 0);
            assertThat(asked).containsExactly(4L, 6L);
        }

        @Test
        void shouldFailWhenTheHookReturnsTooEarly() {
            final Buffer buffer = buffer(bytes(1, 2, 3));
            buffer.setReaderHook((same, needed) -> {});
            assertThatExceptionOfType(NotEnoughBytesException.class).isThrownBy(buffer::readInt);
            assertThatExceptionOfType(NotEnoughBytesException.class).isThrownBy(() -> buffer.until((byte) 0));
        }

        @Test
        void shouldEndAStreamWhereTheHookGivesUp() throws IOException {
            final Buffer buffer = buffer(Bytes.pattern(3));
            assertThat(buffer.inputStream().readAllBytes()).isEqualTo(Bytes.pattern(3));
        }
    }
}
