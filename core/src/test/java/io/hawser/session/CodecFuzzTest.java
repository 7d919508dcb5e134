// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

import java.util.Base64;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The rules of {@link CodecFuzz} with some random inputs, and with those that once broke one. */
final class CodecFuzzTest {
    /** As {@code tools/fuzz} prints them. */
    private static final List<String> FOUND = List.of();

    static List<String> targets() {
        return CodecFuzz.targets();
    }

    @ParameterizedTest
    @MethodSource("targets")
    void shouldHoldForRandomInputs(String target) throws Exception {
        final Random random = new Random(1);
        for (int i = 0; i < 60; i++) {
            final byte[] input = new byte[random.nextInt(1 + i)];
            for (int j = 0; j < input.length; j++) {
                // Few values, so that delimiters, small lengths and the like come up.
                input[j] = (byte) (i % 2 == 0 ? random.nextInt() : "\0\1\2\3ab\r\nx".charAt(random.nextInt(9)));
            }
            CodecFuzz.test(target, input);
        }
    }

    @ParameterizedTest
    @MethodSource("targets")
    void shouldHoldForDamagedMessages(String target) throws Exception {
        final Random random = new Random(2);
        for (int i = 0; i < 40; i++) {
            final byte[] input = CodecFuzz.sample(target, random);
            for (int j = random.nextInt(3); j > 0 && input.length > 0; j--) {
                input[random.nextInt(input.length)] ^= (byte) (1 << random.nextInt(8));
            }
            CodecFuzz.test(target, input);
        }
    }

    @ParameterizedTest
    @MethodSource("targets")
    void shouldHoldForWhatWasFoundOnce(String target) throws Exception {
        CodecFuzz.test(target, new byte[0]);
        for (String found : FOUND) {
            CodecFuzz.test(target, Base64.getDecoder().decode(found));
        }
    }
}
