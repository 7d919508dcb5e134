// SPDX-License-Identifier: Apache-2.0
package io.hawser.bench.micro;

import io.hawser.buffer.Buffer;
import io.hawser.buffer.Slice;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.CompositeByteBuf;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.infra.Blackhole;

/**
 * What a loop does with bytes in one turn. Each operation begins without memory and ends without: taking it and giving it back is part of it.
 */
@State(Scope.Thread)
public class BufferBenchmark {
    private static final int NUMBERS = 64;
    private static final int MESSAGE_BYTES = 1024;
    private static final int SLICES = 8;
    private static final int SLICE_BYTES = 4096 / SLICES;
    private static final int LINES = 16;
    private static final int LINE_BYTES = 64;
    private static final byte LF = '\n';

    private final byte[] bytes = new byte[MESSAGE_BYTES];
    private final byte[] target = new byte[MESSAGE_BYTES];
    private final byte[] lines = lines();
    private final MemorySegment nativeLines =
            java.lang.foreign.Arena.ofAuto().allocate(lines.length).copyFrom(MemorySegment.ofArray(lines));
    private final String text =
            "A line of text, as protocols have it. ".repeat(4).substring(0, 128);

    private static byte[] lines() {
        return ("x".repeat(LINE_BYTES - 1) + "\n").repeat(LINES).getBytes(StandardCharsets.US_ASCII);
    }

    // ---- 64 ints, written and read

    /** Hawser. */
    @Benchmark
    public int intsByHawser(HawserBuffers hawser) {
        final Buffer buffer = hawser.out;
        for (int i = 0; i < NUMBERS; i++) {
            buffer.writeInt(i);
        }
        int sum = 0;
        for (int i = 0; i < NUMBERS; i++) {
            sum += buffer.readInt();
        }
        buffer.trim();
        return sum;
    }

    /** Netty. */
    @Benchmark
    public int intsByNettyAdaptive(NettyBuffers.Adaptive netty) {
        return ints(netty.allocator);
    }

    /** Netty. */
    @Benchmark
    public int intsByNettyPooled(NettyBuffers.Pooled netty) {
        return ints(netty.allocator);
    }

    private static int ints(ByteBufAllocator allocator) {
        final ByteBuf buffer = allocator.ioBuffer(NUMBERS * Integer.BYTES);
        for (int i = 0; i < NUMBERS; i++) {
            buffer.writeInt(i);
        }
        int sum = 0;
        for (int i = 0; i < NUMBERS; i++) {
            sum += buffer.readInt();
        }
        buffer.release();
        return sum;
    }

    // ---- 64 ints, written

    /** Hawser. */
    @Benchmark
    public long writeIntsByHawser(HawserBuffers hawser) {
        final Buffer buffer = hawser.out;
        for (int i = 0; i < NUMBERS; i++) {
            buffer.writeInt(i);
        }
        final long bytes = buffer.readableBytes();
        buffer.skip(bytes);
        buffer.trim();
        return bytes;
    }

    /** Netty. */
    @Benchmark
    public long writeIntsByNettyAdaptive(NettyBuffers.Adaptive netty) {
        return writeInts(netty.allocator);
    }

    /** Netty. */
    @Benchmark
    public long writeIntsByNettyPooled(NettyBuffers.Pooled netty) {
        return writeInts(netty.allocator);
    }

    private static long writeInts(ByteBufAllocator allocator) {
        final ByteBuf buffer = allocator.ioBuffer(NUMBERS * Integer.BYTES);
        for (int i = 0; i < NUMBERS; i++) {
            buffer.writeInt(i);
        }
        final long bytes = buffer.readableBytes();
        buffer.release();
        return bytes;
    }

    // ---- an array of 1 KiB, written and read

    /** Hawser. */
    @Benchmark
    public byte[] bytesByHawser(HawserBuffers hawser) {
        final Buffer buffer = hawser.out;
        buffer.writeBytes(bytes);
        buffer.readBytes(target, 0, MESSAGE_BYTES);
        buffer.trim();
        return target;
    }

    /** Netty. */
    @Benchmark
    public byte[] bytesByNettyAdaptive(NettyBuffers.Adaptive netty) {
        return bytes(netty.allocator);
    }

    /** Netty. */
    @Benchmark
    public byte[] bytesByNettyPooled(NettyBuffers.Pooled netty) {
        return bytes(netty.allocator);
    }

    private byte[] bytes(ByteBufAllocator allocator) {
        final ByteBuf buffer = allocator.ioBuffer(MESSAGE_BYTES);
        buffer.writeBytes(bytes);
        buffer.readBytes(target, 0, MESSAGE_BYTES);
        buffer.release();
        return target;
    }

    // ---- a text of 128 ASCII characters, written

    /** Hawser. */
    @Benchmark
    public int writeStringByHawser(HawserBuffers hawser) {
        final Buffer buffer = hawser.out;
        final int written = buffer.writeString(text);
        buffer.skip(written);
        buffer.trim();
        return written;
    }

    /** Netty. */
    @Benchmark
    public int writeStringByNettyAdaptive(NettyBuffers.Adaptive netty) {
        return writeString(netty.allocator);
    }

    /** Netty. */
    @Benchmark
    public int writeStringByNettyPooled(NettyBuffers.Pooled netty) {
        return writeString(netty.allocator);
    }

    private int writeString(ByteBufAllocator allocator) {
        final ByteBuf buffer = allocator.ioBuffer(512);
        final int written = ByteBufUtil.writeUtf8(buffer, text);
        buffer.release();
        return written;
    }

    // ---- 16 lines of 64 characters, read as strings

    /** Hawser. */
    @Benchmark
    public void readStringsByHawser(HawserBuffers hawser, Blackhole hole) {
        final Buffer buffer = hawser.in;
        buffer.appendBlock(hawser.received(nativeLines));
        for (int i = 0; i < LINES; i++) {
            hole.consume(buffer.readString(LINE_BYTES));
        }
        buffer.trim();
    }

    /** Netty. */
    @Benchmark
    public void readStringsByNettyAdaptive(NettyBuffers.Adaptive netty, Blackhole hole) {
        readStrings(netty.allocator, hole);
    }

    /** Netty. */
    @Benchmark
    public void readStringsByNettyPooled(NettyBuffers.Pooled netty, Blackhole hole) {
        readStrings(netty.allocator, hole);
    }

    private void readStrings(ByteBufAllocator allocator, Blackhole hole) {
        final ByteBuf buffer = NettyBuffers.received(allocator, lines);
        for (int i = 0; i < LINES; i++) {
            hole.consume(buffer.readCharSequence(LINE_BYTES, StandardCharsets.UTF_8));
        }
        buffer.release();
    }

    // ---- 4 KiB received, handed on in 8 slices without a copy

    /** Hawser. */
    @Benchmark
    public long slicesByHawser(HawserBuffers hawser) {
        final Buffer in = hawser.in;
        final Buffer out = hawser.out;
        in.appendBlock(hawser.received(SLICES * SLICE_BYTES));
        for (int i = 0; i < SLICES; i++) {
            try (Slice slice = in.slice(SLICE_BYTES)) {
                out.append(slice);
            }
        }
        in.trim();
        final long bytes = out.readableBytes();
        out.skip(bytes);
        out.trim();
        return bytes;
    }

    /** Netty. */
    @Benchmark
    public long slicesByNettyAdaptive(NettyBuffers.Adaptive netty) {
        return slices(netty.allocator);
    }

    /** Netty. */
    @Benchmark
    public long slicesByNettyPooled(NettyBuffers.Pooled netty) {
        return slices(netty.allocator);
    }

    private static long slices(ByteBufAllocator allocator) {
        final ByteBuf in = allocator.ioBuffer(SLICES * SLICE_BYTES).writerIndex(SLICES * SLICE_BYTES);
        final CompositeByteBuf out = allocator.compositeDirectBuffer(SLICES);
        for (int i = 0; i < SLICES; i++) {
            out.addComponent(true, in.readRetainedSlice(SLICE_BYTES));
        }
        in.release();
        final long bytes = out.readableBytes();
        out.release();
        return bytes;
    }

    // ---- 1 KiB received, handed on whole, sent

    /** Hawser. */
    @Benchmark
    public long echoByHawser(HawserBuffers hawser) {
        final Buffer in = hawser.in;
        final Buffer out = hawser.out;
        in.appendBlock(hawser.received(MESSAGE_BYTES));
        out.append(in);
        in.trim();
        final long bytes = out.readableBytes();
        out.clean();
        out.skip(bytes);
        out.trim();
        return bytes;
    }

    /** Netty, without the pipeline around it. */
    @Benchmark
    public long echoByNettyAdaptive(NettyBuffers.Adaptive netty) {
        return echo(netty.allocator);
    }

    /** Netty, without the pipeline around it. */
    @Benchmark
    public long echoByNettyPooled(NettyBuffers.Pooled netty) {
        return echo(netty.allocator);
    }

    private static long echo(ByteBufAllocator allocator) {
        final ByteBuf buffer = NettyBuffers.received(allocator, MESSAGE_BYTES);
        final long bytes = buffer.readableBytes();
        buffer.skipBytes((int) bytes);
        buffer.release();
        return bytes;
    }

    // ---- 16 lines of 64 characters, found and looked at in place

    /** Hawser. */
    @Benchmark
    public int linesByHawser(HawserBuffers hawser) {
        final Buffer buffer = hawser.in;
        buffer.appendBlock(hawser.received(nativeLines));
        int sum = 0;
        while (buffer.readableBytes() > 0) {
            final MemorySegment line = buffer.until(LF);
            sum += line.get(java.lang.foreign.ValueLayout.JAVA_BYTE, 0) + (int) line.byteSize();
        }
        buffer.trim();
        return sum;
    }

    /** Netty. */
    @Benchmark
    public int linesByNettyAdaptive(NettyBuffers.Adaptive netty) {
        return lines(netty.allocator);
    }

    /** Netty. */
    @Benchmark
    public int linesByNettyPooled(NettyBuffers.Pooled netty) {
        return lines(netty.allocator);
    }

    private int lines(ByteBufAllocator allocator) {
        final ByteBuf buffer = NettyBuffers.received(allocator, lines);
        int sum = 0;
        while (buffer.isReadable()) {
            final ByteBuf line = buffer.readSlice(buffer.bytesBefore(LF) + 1);
            sum += line.getByte(0) + line.readableBytes();
        }
        buffer.release();
        return sum;
    }

    // ---- a byte that is not among 1 KiB

    /** Hawser. */
    @Benchmark
    public long searchByHawser(HawserBuffers hawser) {
        final Buffer buffer = hawser.in;
        buffer.appendBlock(hawser.received(nativeLines));
        final long at = buffer.indexOf((byte) 0);
        buffer.skip(MESSAGE_BYTES);
        buffer.trim();
        return at;
    }

    /** Netty. */
    @Benchmark
    public long searchByNettyAdaptive(NettyBuffers.Adaptive netty) {
        return search(netty.allocator);
    }

    /** Netty. */
    @Benchmark
    public long searchByNettyPooled(NettyBuffers.Pooled netty) {
        return search(netty.allocator);
    }

    private long search(ByteBufAllocator allocator) {
        final ByteBuf buffer = NettyBuffers.received(allocator, lines);
        final long at = buffer.bytesBefore((byte) 0);
        buffer.release();
        return at;
    }
}
