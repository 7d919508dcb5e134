// SPDX-License-Identifier: Apache-2.0
package io.hawser.websocket;

import java.util.Random;
import org.junit.jupiter.api.Test;

/** The rules of {@link WebSocketFuzz} with damaged frames, and with what once broke one. */
final class WebSocketFuzzTest {
    private static final int ROUNDS = 60;

    @Test
    void shouldHoldForDamagedFrames() {
        for (int seed = 0; seed < ROUNDS; seed++) {
            final Random random = new Random(seed);
            final byte[] input = Frames.join(
                    new byte[] {(byte) random.nextInt()},
                    Frames.text("h\u00e4llo"),
                    Frames.masked(0x89, "ping"),
                    // "Hello", RFC 7692, 7.2.3.1; what agreed on no compression refuses it.
                    random.nextBoolean()
                            ? Frames.masked(
                                    0xc1,
                                    new byte[] {(byte) 0xf2, 0x48, (byte) 0xcd, (byte) 0xc9, (byte) 0xc9, 0x07, 0x00})
                            : new byte[0],
                    Frames.masked(0x02, new byte[random.nextInt(200)]),
                    Frames.masked(0x80, ""),
                    Frames.close(1000, "bye"));
            for (int i = random.nextInt(4); i > 0; i--) {
                input[random.nextInt(input.length)] ^= (byte) (1 << random.nextInt(8));
            }
            try {
                WebSocketFuzz.fuzzerTestOneInput(input);
            } catch (AssertionError e) {
                throw new AssertionError("seed " + seed, e);
            }
        }
    }
}
