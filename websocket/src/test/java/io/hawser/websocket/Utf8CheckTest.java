// SPDX-License-Identifier: Apache-2.0
package io.hawser.websocket;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** UTF-8 however it is cut; the JDK's decoder is the judge. */
final class Utf8CheckTest {
    private static boolean isUtf8(byte[] bytes) {
        try {
            StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes));
            return true;
        } catch (CharacterCodingException _) {
            return false;
        }
    }

    private static boolean check(byte[] bytes, int cut) {
        final Utf8Check check = new Utf8Check();
        final MemorySegment memory = MemorySegment.ofArray(bytes);
        return check.accept(memory, 0, cut) && check.accept(memory, cut, bytes.length) && check.isComplete();
    }

    @Test
    void shouldAgreeWithTheJdkOnAllSequencesOfTwoBytes() {
        for (int i = 0; i < 65_536; i++) {
            final byte[] bytes = {(byte) (i >> 8), (byte) i};
            assertThat(check(bytes, 1)).as("%04x", i).isEqualTo(isUtf8(bytes));
        }
    }

    @Test
    void shouldAgreeWithTheJdkOnLongSequences() {
        final byte[] some = {
            0, 0x7f, (byte) 0x80, (byte) 0x8f, (byte) 0x90, (byte) 0x9f, (byte) 0xa0, (byte) 0xbf, (byte) 0xc0
        };
        for (int first = 0xe0; first < 0x100; first++) {
            for (byte second : some) {
                for (byte third : some) {
                    final byte[] three = {(byte) first, second, third};
                    assertThat(check(three, 2)).as(Arrays.toString(three)).isEqualTo(isUtf8(three));
                    for (byte fourth : some) {
                        final byte[] four = {(byte) first, second, third, fourth};
                        assertThat(check(four, 3)).as(Arrays.toString(four)).isEqualTo(isUtf8(four));
                    }
                }
            }
        }
    }

    @Test
    void shouldAgreeWithTheJdkOnTextsWithAnError() {
        final long seed = 7692;
        final Random random = new Random(seed);
        for (int i = 0; i < 2000; i++) {
            final byte[] bytes =
                    "plain text, then ä € 😀 and more of it ".repeat(2).getBytes(StandardCharsets.UTF_8);
            if (random.nextBoolean()) {
                bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
            }
            final int cut = random.nextInt(bytes.length);
            assertThat(check(bytes, cut)).as("seed %d, text %d", seed, i).isEqualTo(isUtf8(bytes));
        }
    }

    @Test
    void shouldFindTheFirstByteThatCannotFollow() {
        final Utf8Check check = new Utf8Check();
        // A surrogate: its second byte tells.
        assertThat(check.accept(MemorySegment.ofArray(new byte[] {'a', (byte) 0xed}), 0, 2))
                .isTrue();
        assertThat(check.begunBytes()).isEqualTo(1);
        assertThat(check.accept(MemorySegment.ofArray(new byte[] {(byte) 0xa0}), 0, 1))
                .isFalse();
    }
}
