// SPDX-License-Identifier: Apache-2.0
package io.hawser.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.hawser.buffer.BlockCache;
import io.hawser.buffer.BlockPool;
import io.hawser.buffer.Buffer;
import org.junit.jupiter.api.Test;

class PayloadTest {
    @Test
    void shouldRecogniseWhatItWroteInWhateverPieces() {
        final int total = 3 * Payload.PERIOD + 17;
        final byte[] stream = stream(5, total);
        int position = 5;
        int checked = 0;
        for (int piece = 1; checked < total; piece = Math.min(piece * 3, Payload.CHUNK_BYTES)) {
            final int n = Math.min(piece, total - checked);
            assertThat(Payload.mismatch(stream, checked, n, position)).isEqualTo(-1);
            position = Payload.advance(position, n);
            checked += n;
        }
    }

    @Test
    void shouldNameTheFirstByteThatIsWrong() {
        final byte[] stream = stream(0, 1000);
        stream[700]++;
        stream[900]++;
        assertThat(Payload.mismatch(stream, 0, 1000, 0)).isEqualTo(700);
        assertThat(Payload.at(700)).isNotEqualTo(stream[700]);
    }

    @Test
    void shouldNoticeBytesThatAreOutOfPlaceByAnyBlock() {
        final byte[] stream = stream(0, Payload.CHUNK_BYTES);
        for (int shift = 1; shift < 1 << 24; shift <<= 1) {
            assertThat(Payload.mismatch(stream, 0, stream.length, Payload.advance(0, shift)))
                    .as("shifted by %d", shift)
                    .isBetween(0, 8);
        }
    }

    private static byte[] stream(int position, int n) {
        try (BlockPool pool = new BlockPool(1 << 20);
                BlockCache blocks = pool.newCache()) {
            blocks.bind();
            try (Buffer buffer = new Buffer(blocks)) {
                Payload.write(buffer, position, n);
                return buffer.readBytes(n);
            }
        }
    }
}
