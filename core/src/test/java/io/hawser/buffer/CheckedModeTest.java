// SPDX-License-Identifier: Apache-2.0
package io.hawser.buffer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What {@code -Dhawser.checked=true} finds, under which all tests run. */
class CheckedModeTest {
    private final BlockPool pool = new BlockPool(64 << 20);
    private final Buffer buffer = new Buffer(pool);

    @BeforeEach
    void shouldBeOn() {
        assertThat(Checked.ON).as("-Dhawser.checked=true").isTrue();
    }

    static Stream<Arguments> lent() {
        final Function<Buffer, MemorySegment> next = b -> b.next(10);
        final Function<Buffer, MemorySegment> across = b -> b.next(1500);
        final Function<Buffer, MemorySegment> peek = b -> b.peek(10);
        final Function<Buffer, MemorySegment> until = b -> b.until((byte) 0);
        final Function<Buffer, MemorySegment> reserve = b -> b.reserve(10);
        final Consumer<Buffer> release = Buffer::release;
        final Consumer<Buffer> trim = Buffer::trim;
        final Consumer<Buffer> close = Buffer::close;
        final Consumer<Buffer> clean = Buffer::clean;
        final Consumer<Buffer> flush = Buffer::flush;
        return Stream.of(
                Arguments.of("next, release", next, release),
                Arguments.of("next of two blocks, release", across, release),
                Arguments.of("next, trim", next, trim),
                Arguments.of("next, close", next, close),
                Arguments.of("peek, release", peek, release),
                Arguments.of("until, release", until, release),
                Arguments.of("reserve, clean", reserve, clean),
                Arguments.of("reserve, flush", reserve, flush),
                Arguments.of("reserve, close", reserve, close));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("lent")
    void shouldThrowWhenMemoryIsTouchedAfterItsTime(
            String name, Function<Buffer, MemorySegment> lend, Consumer<Buffer> end) {
        buffer.appendBlock(Bytes.block(pool, Bytes.pattern(1000)));
        buffer.appendBlock(Bytes.block(pool, Bytes.pattern(1000, 1000)));
        final MemorySegment memory = lend.apply(buffer);
        memory.set(ValueLayout.JAVA_BYTE, 0, memory.get(ValueLayout.JAVA_BYTE, 0));
        end.accept(buffer);
        assertThatIllegalStateException().isThrownBy(() -> memory.get(ValueLayout.JAVA_BYTE, 0));
        assertThatIllegalStateException().isThrownBy(() -> memory.set(ValueLayout.JAVA_BYTE, 0, (byte) 1));
        buffer.close();
        LeakCheck.assertNothingLeaks(pool);
    }

    @Test
    void shouldLendAnewAfterRelease() {
        buffer.appendBlock(Bytes.block(pool, Bytes.pattern(100)));
        buffer.next(10);
        buffer.release();
        assertThat(Bytes.of(buffer.next(10))).isEqualTo(Bytes.pattern(10, 10));
        buffer.close();
    }

    @Test
    void shouldKeepReservedMemoryWhenTheReaderReleases() {
        buffer.appendBlock(Bytes.block(pool, Bytes.pattern(10)));
        buffer.next(10);
        final MemorySegment reserved = buffer.reserve(10);
        buffer.release();
        reserved.fill((byte) 7);
        assertThat(buffer.readByte()).isEqualTo((byte) 7);
        buffer.close();
    }

    @Test
    void shouldPoisonMemoryThatIsGivenBack() {
        final Block block = Bytes.block(pool, Bytes.pattern(1024));
        final MemorySegment memory = block.memory();
        block.release();
        assertThat(Bytes.of(memory)).containsOnly(0xDE);
    }

    @Test
    void shouldPoisonMemoryWhenItsLastUserGivesItBack() {
        final Block block = Bytes.block(pool, Bytes.pattern(1024));
        final MemorySegment memory = block.memory();
        buffer.appendBlock(block);
        final Slice slice = buffer.slice(500);
        buffer.close();
        assertThat(Bytes.of(memory)).as("still in use").isEqualTo(Bytes.pattern(1024));
        slice.close();
        assertThat(Bytes.of(memory)).containsOnly(0xDE);
    }

    @Test
    void shouldThrowAtASecondReleaseWithThePlaceOfTheFirst() {
        final Block block = pool.acquire(10);
        giveBack(block);
        assertThatIllegalStateException()
                .isThrownBy(block::release)
                .havingCause()
                .satisfies(place -> assertThat(methods(place)).contains("giveBack"))
                .withMessageContaining(Thread.currentThread().getName());
        LeakCheck.assertNothingLeaks(pool);
    }

    @Test
    void shouldThrowAtASecondReleaseOfAView() {
        final Block block = pool.acquire(10);
        final Block view = block.view(0, 5);
        giveBack(view);
        assertThatIllegalStateException()
                .isThrownBy(view::release)
                .havingCause()
                .satisfies(place -> assertThat(methods(place)).contains("giveBack"));
        block.release();
        LeakCheck.assertNothingLeaks(pool);
    }

    private static void giveBack(Block block) {
        block.release();
    }

    @Test
    void shouldReportABlockThatIsNeverGivenBackWithThePlaceThatTookIt() {
        final Block block = take();
        assertThat(pool.leaks())
                .singleElement()
                .satisfies(place -> assertThat(methods(place)).contains("take"));
        block.release();
        assertThat(pool.leaks()).isEmpty();
    }

    private Block take() {
        return pool.acquire(10);
    }

    @Test
    void shouldReportASliceThatIsNeverClosedWithThePlaceThatCutIt() {
        buffer.appendBlock(take());
        buffer.writeBytes(Bytes.pattern(100));
        // The first is a view of the block, the second all that is left of it.
        for (int n : new int[] {40, 60}) {
            final Slice slice = cut(n);
            buffer.trim();
            assertThat(pool.leaks())
                    .as("%d bytes", n)
                    .anySatisfy(place -> assertThat(methods(place)).contains("cut"));
            slice.close();
        }
        buffer.close();
        LeakCheck.assertNothingLeaks(pool);
    }

    @Test
    void shouldReportASliceOfForeignMemoryThatIsNeverClosed() {
        try (var arena = Arena.ofShared()) {
            buffer.writeDirect(arena.allocate(100), 0, () -> {});
            assertThat(pool.leaks()).hasSize(1);
            final Slice view = cut(40);
            final Slice rest = cut(60);
            assertThat(pool.leaks())
                    .hasSize(2)
                    .allSatisfy(place -> assertThat(methods(place)).contains("cut"));
            view.close();
            rest.close();
        }
        LeakCheck.assertNothingLeaks(pool);
    }

    private Slice cut(int n) {
        return buffer.slice(n);
    }

    @Test
    void shouldThrowWhenAPoolIsClosedWhileBlocksAreOut() {
        take();
        take();
        assertThatIllegalStateException()
                .isThrownBy(pool::close)
                .withMessageContaining("2 blocks")
                .satisfies(failure -> assertThat(failure.getSuppressed())
                        .hasSize(2)
                        .allSatisfy(place -> assertThat(methods(place)).contains("take")));
    }

    @Test
    void shouldNameThePlaceInTheMessageOfALeakCheck() {
        final Block block = take();
        assertThatThrownBy(() -> LeakCheck.assertNothingLeaks(pool))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("1 blocks")
                .hasMessageContaining("1024 bytes")
                .hasMessageContaining("CheckedModeTest.take")
                .satisfies(failure -> assertThat(failure.getSuppressed()).hasSize(1));
        block.release();
        LeakCheck.assertNothingLeaks(pool);
    }

    private static List<String> methods(Throwable place) {
        return Stream.of(place.getStackTrace())
                .map(StackTraceElement::getMethodName)
                .toList();
    }
}
