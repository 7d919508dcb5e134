// SPDX-License-Identifier: Apache-2.0
package io.hawser.buffer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Limits of the reader, and taking back what was written. */
final class BufferFrameTest {
    private final BlockPool pool = new BlockPool(64 << 20);
    private final Buffer buffer = new Buffer(pool);

    @AfterEach
    void shouldGiveAllMemoryBack() {
        buffer.close();
        assertThat(pool.usedBytes()).isZero();
        pool.close();
    }

    private static byte[] random(long seed, int length) {
        final byte[] bytes = new byte[length];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    @Test
    void shouldShowNoMoreThanTheLimit() {
        buffer.writeString("onetwothree");
        final long outer = buffer.limit(6);
        assertThat(buffer.readableBytes()).isEqualTo(6);
        final long inner = buffer.limit(3);
        assertThat(buffer.indexOf((byte) 't')).isEqualTo(-1);
        assertThat(buffer.readString(3)).isEqualTo("one");
        assertThatThrownBy(buffer::readByte).isInstanceOf(NotEnoughBytesException.class);
        buffer.unlimit(inner);
        assertThat(buffer.readableBytes()).isEqualTo(3);
        assertThatThrownBy(() -> buffer.limit(4)).isInstanceOf(IndexOutOfBoundsException.class);
        buffer.unlimit(outer);
        assertThat(buffer.readString(8)).isEqualTo("twothree");
    }

    @Test
    void shouldKeepWhatLiesBehindTheLimitWhateverIsDoneBeforeIt() {
        final byte[] bytes = random(1, 100_000);
        buffer.writeBytes(bytes);
        final long outer = buffer.limit(30_000);
        buffer.skip(30_000);
        buffer.trim();
        buffer.compact();
        assertThat(buffer.readableBytes()).isZero();
        assertThat(buffer.pendingBytes()).isEqualTo(70_000);
        buffer.writeByte(1);
        buffer.unlimit(outer);
        assertThat(buffer.readBytes(70_000)).isEqualTo(Arrays.copyOfRange(bytes, 30_000, 100_000));
        assertThat(buffer.readByte()).isEqualTo((byte) 1);
    }

    @Test
    void shouldCutSlicesOutOfALimit() {
        buffer.writeString("abcdef");
        final long outer = buffer.limit(4);
        try (Slice slice = buffer.slice(4)) {
            buffer.unlimit(outer);
            assertThat(slice.readString(4)).isEqualTo("abcd");
        }
        assertThat(buffer.readString(2)).isEqualTo("ef");
    }

    @Test
    void shouldTakeBackWhatWasWritten() {
        final Random random = new Random(7);
        final ByteArrayOutputStream expected = new ByteArrayOutputStream();
        for (int round = 0; round < 500; round++) {
            final byte[] kept = random(round, random.nextInt(3000));
            buffer.writeBytes(kept);
            expected.writeBytes(kept);
            final long position = buffer.writePosition();
            for (int i = random.nextInt(4); i > 0; i--) {
                switch (random.nextInt(4)) {
                    case 0 -> buffer.writeBytes(random(i, random.nextInt(40_000)));
                    case 1 -> buffer.reserve(random.nextInt(100)).fill((byte) 1);
                    case 2 -> {
                        try (Buffer other = new Buffer(pool)) {
                            other.writeBytes(random(i, 20_000));
                            buffer.append(other, random.nextInt(20_000));
                        }
                    }
                    default -> buffer.writeString("text");
                }
            }
            buffer.truncate(position);
            assertThat(buffer.writePosition()).isEqualTo(position);
            if (random.nextInt(5) == 0) {
                final byte[] all = expected.toByteArray();
                final int n = random.nextInt(all.length + 1);
                assertThat(buffer.readBytes(n)).isEqualTo(Arrays.copyOf(all, n));
                buffer.trim();
                expected.reset();
                expected.write(all, n, all.length - n);
            }
        }
        assertThat(buffer.readBytes((int) buffer.readableBytes())).isEqualTo(expected.toByteArray());
    }

    @Test
    void shouldNotWriteOverASliceOfWhatWasTakenBack() {
        buffer.writeString("keep");
        final long position = buffer.writePosition();
        buffer.writeString("gone");
        try (Slice slice = buffer.slice(8)) {
            assertThatThrownBy(() -> buffer.truncate(position)).isInstanceOf(IllegalArgumentException.class);
            buffer.writeString("next");
            assertThat(slice.readString(8, StandardCharsets.US_ASCII)).isEqualTo("keepgone");
        }
    }

    @Test
    void shouldShareItsBytesWithMany() {
        final byte[] bytes = random(3, 50_000);
        buffer.writeBytes(bytes);
        buffer.skip(10);
        final byte[] expected = Arrays.copyOfRange(bytes, 10, bytes.length);
        try (Slice first = buffer.share(pool);
                Slice second = buffer.share(pool)) {
            assertThat(first.readBytes(expected.length)).isEqualTo(expected);
            assertThat(buffer.readBytes(expected.length)).isEqualTo(expected);
            buffer.trim();
            assertThat(second.readableBytes()).isEqualTo(expected.length);
            try (Buffer target = new Buffer(pool)) {
                target.writeByte(7);
                target.append(second);
                target.skip(1);
                assertThat(target.readBytes(expected.length)).isEqualTo(expected);
            }
        }
        try (Slice nothing = buffer.share(pool)) {
            assertThat(nothing.readableBytes()).isZero();
        }
    }
}
