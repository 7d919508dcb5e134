// SPDX-License-Identifier: Apache-2.0
package io.hawser.transport.nio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hawser.buffer.Block;
import io.hawser.buffer.BlockPool;
import io.hawser.buffer.Buffer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.GatheringByteChannel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class GatheringWriterTest {
    /** So many bytes that a buffer keeps the block that they come in. */
    private static final int BLOCK = 200;

    private final BlockPool pool = new BlockPool(4 << 20);
    private final Buffer outbound = new Buffer(pool);
    private final GatheringWriter writer = new GatheringWriter();
    private final Channel channel = new Channel();

    @AfterEach
    void close() {
        outbound.close();
        pool.close();
    }

    @Test
    void shouldWriteSingleBlockWithoutGathering() throws IOException {
        append(10);

        assertThat(writer.write(channel, outbound, 10)).isEqualTo(10);

        assertThat(channel.calls).containsExactly("one");
    }

    @Test
    void shouldGatherUpToSixtyFourBlocksInOneCall() throws IOException {
        for (int i = 0; i < 2 * GatheringWriter.MAX_BLOCKS + 1; i++) {
            append(BLOCK);
        }
        long bytes = outbound.readableBytes();

        assertThat(writer.write(channel, outbound, bytes)).isEqualTo(bytes);

        assertThat(channel.calls).containsExactly("64", "64", "one");
        assertThat(channel.taken.toByteArray()).isEqualTo(sequence((int) bytes));
    }

    @Test
    void shouldNotGoOnBehindShortWrite() throws IOException {
        for (int i = 0; i < 2 * GatheringWriter.MAX_BLOCKS; i++) {
            append(BLOCK);
        }
        channel.roomPerCall = 100;

        assertThat(writer.write(channel, outbound, outbound.readableBytes())).isEqualTo(100);

        assertThat(channel.calls).containsExactly("64");
        assertThat(channel.taken.toByteArray()).isEqualTo(sequence(100));
        assertThat(outbound.readableBytes()).isEqualTo(2 * GatheringWriter.MAX_BLOCKS * BLOCK);
    }

    @Test
    void shouldGoOnWhereEarlierWriteEnded() throws IOException {
        append(50);
        append(50);
        channel.roomPerCall = 70;
        outbound.skip(writer.write(channel, outbound, 100));

        assertThat(writer.write(channel, outbound, 30)).isEqualTo(30);

        assertThat(channel.taken.toByteArray()).isEqualTo(sequence(100));
    }

    @Test
    void shouldNotTouchWhatIsBehindTheBytesAskedFor() throws IOException {
        append(50);
        append(50);

        assertThat(writer.write(channel, outbound, 60)).isEqualTo(60);

        assertThat(channel.taken.toByteArray()).isEqualTo(sequence(60));
    }

    @Test
    void shouldWriteNothingOfNothing() throws IOException {
        assertThat(writer.write(channel, outbound, 0)).isZero();

        assertThat(channel.calls).isEmpty();
    }

    @Test
    void shouldBeUsableAfterFailure() throws IOException {
        append(50);
        append(50);
        channel.failure = new IOException("Broken pipe");
        assertThatThrownBy(() -> writer.write(channel, outbound, 100)).isSameAs(channel.failure);
        channel.failure = null;

        assertThat(writer.write(channel, outbound, 100)).isEqualTo(100);
    }

    private int appended;

    private void append(int bytes) {
        Block block = pool.acquire(bytes);
        block.byteBuffer(0, bytes).put(Arrays.copyOfRange(sequence(appended + bytes), appended, appended + bytes));
        block.received(bytes);
        outbound.appendBlock(block);
        appended += bytes;
    }

    private static byte[] sequence(int length) {
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) {
            bytes[i] = (byte) (i * 31);
        }
        return bytes;
    }

    /** Takes a limited number of bytes in each call. */
    private static final class Channel implements GatheringByteChannel {
        final List<String> calls = new ArrayList<>();
        final ByteArrayOutputStream taken = new ByteArrayOutputStream();
        int roomPerCall = Integer.MAX_VALUE;
        IOException failure;

        @Override
        public int write(ByteBuffer source) throws IOException {
            calls.add("one");
            return take(source, roomPerCall);
        }

        @Override
        public long write(ByteBuffer[] sources, int offset, int length) throws IOException {
            calls.add(Integer.toString(length));
            int room = roomPerCall;
            for (ByteBuffer source : Arrays.asList(sources).subList(offset, offset + length)) {
                room -= take(source, room);
            }
            return (long) roomPerCall - room;
        }

        private int take(ByteBuffer source, int room) throws IOException {
            if (failure != null) {
                throw failure;
            }
            byte[] bytes = new byte[Math.min(room, source.remaining())];
            source.get(bytes);
            taken.writeBytes(bytes);
            return bytes.length;
        }

        @Override
        public long write(ByteBuffer[] sources) throws IOException {
            return write(sources, 0, sources.length);
        }

        @Override
        public boolean isOpen() {
            return true;
        }

        @Override
        public void close() {}
    }
}
