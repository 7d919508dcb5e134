// SPDX-License-Identifier: Apache-2.0
package io.hawser.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Control messages that carry descriptors, as the kernel writes them and as nobody should. */
class RightsDescriptorTest {
    private final MemorySegment control = Arena.ofAuto().allocate(2048, 8);

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 64, RightsDescriptor.MAX})
    void shouldReadWhatItHasWritten(int count) {
        final int[] descriptors = IntStream.range(100, 100 + count).toArray();
        RightsDescriptor.write(control, descriptors);

        assertThat(control.get(JAVA_LONG, 0)).isEqualTo(16 + 4L * count);
        assertThat(RightsDescriptor.read(control, RightsDescriptor.space(count)))
                .containsExactly(descriptors);
    }

    @Test
    void shouldReserveAlignedRoom() {
        assertThat(IntStream.rangeClosed(0, 4).map(RightsDescriptor::space)).containsExactly(16, 24, 24, 32, 32);
    }

    @Test
    void shouldReadNoneFromNothing() {
        assertThat(RightsDescriptor.read(control, 0)).isEmpty();
    }

    /** A peer may put two of them into a message, and one of another kind between them. */
    @Test
    void shouldReadAllThatAMessageCarries() {
        RightsDescriptor.write(control, 5);
        message(24, 20, Sockets.SOL_SOCKET, 2, 77);
        RightsDescriptor.write(control.asSlice(48), 6, 7);

        assertThat(RightsDescriptor.read(control, 72)).containsExactly(5, 6, 7);
    }

    /** The last one may be cut without the padding that follows it. */
    @Test
    void shouldReadUpToTheEndOnly() {
        RightsDescriptor.write(control, 5, 6, 7);

        assertThat(RightsDescriptor.read(control, 28)).containsExactly(5, 6, 7);
        assertThat(RightsDescriptor.read(control, 27)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 15, -1, Long.MIN_VALUE, Long.MAX_VALUE, 1L << 32})
    void shouldNotTrustALength(long length) {
        RightsDescriptor.write(control, 5);
        message(24, length, Sockets.SOL_SOCKET, Sockets.SCM_RIGHTS, 6);

        assertThat(RightsDescriptor.read(control, 48)).containsExactly(5);
    }

    private void message(long at, long length, int level, int type, int data) {
        control.set(JAVA_LONG, at, length);
        control.set(JAVA_INT, at + 8, level);
        control.set(JAVA_INT, at + 12, type);
        control.set(JAVA_INT, at + 16, data);
    }
}
