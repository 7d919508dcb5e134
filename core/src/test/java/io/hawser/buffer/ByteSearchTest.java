// SPDX-License-Identifier: Apache-2.0
package io.hawser.buffer;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** The search goes by words, near ones and far ones, and by single bytes at the end: each place and each length is tried. */
class ByteSearchTest {
    private static final int LENGTHS = 300;
    private static final byte WANTED = '\n';
    /** One more than what is searched for: where a borrow of the word's arithmetic would make it look like that. */
    private static final byte NEIGHBOUR = '\n' + 1;

    private static final int FROM = 3;

    private static MemorySegment bytes(int length) {
        final byte[] bytes = new byte[FROM + length + 1];
        Arrays.fill(bytes, NEIGHBOUR);
        // Neither is to be found.
        bytes[FROM - 1] = WANTED;
        bytes[FROM + length] = WANTED;
        return MemorySegment.ofArray(bytes);
    }

    private static long search(MemorySegment memory, int length) {
        return ByteSearch.indexOf(memory, FROM, FROM + length, WANTED);
    }

    @Test
    void shouldFindTheByteAtEachPlace() {
        for (int length = 1; length < LENGTHS; length++) {
            for (int at = 0; at < length; at++) {
                final MemorySegment memory = bytes(length);
                memory.set(ValueLayout.JAVA_BYTE, FROM + at, WANTED);
                assertThat(search(memory, length)).as("at %d of %d", at, length).isEqualTo(FROM + at);
            }
        }
    }

    @Test
    void shouldFindTheFirstOfTwo() {
        for (int first = 0; first < LENGTHS - 1; first++) {
            final MemorySegment memory = bytes(LENGTHS);
            memory.set(ValueLayout.JAVA_BYTE, FROM + first, WANTED);
            memory.set(ValueLayout.JAVA_BYTE, FROM + first + 1, WANTED);
            assertThat(search(memory, LENGTHS)).isEqualTo(FROM + first);
        }
    }

    @Test
    void shouldNotLookBeyondItsEnds() {
        for (int length = 0; length < LENGTHS; length++) {
            assertThat(search(bytes(length), length)).as("of %d", length).isEqualTo(-1);
        }
    }

    @Test
    void shouldFindBytesWhoseSignIsSet() {
        for (int length = 1; length < LENGTHS; length++) {
            final MemorySegment memory = bytes(length);
            memory.set(ValueLayout.JAVA_BYTE, FROM + length - 1L, (byte) 0x80);
            assertThat(ByteSearch.indexOf(memory, FROM, FROM + length, (byte) 0x80))
                    .isEqualTo(FROM + length - 1L);
        }
    }
}
