// SPDX-License-Identifier: Apache-2.0
package io.hawser.buffer;

import java.io.OutputStream;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;

/**
 * Writes bytes behind those already written, without copying where it can.
 *
 * <p><b>Bound:</b> every method checks first whether what it writes still fits under the writer's bound, before any
 * memory is taken; over it, it fails with {@link BufferFullException}, or waits where the writer belongs to a blocking
 * handler. A write that fails has written nothing; only the streams and channels may have written the part that fitted.
 *
 * <p><b>Memory:</b> any write may fail with {@link PoolExhaustedException}.
 *
 * <p><b>Thread:</b> one at a time; on a connection that of its handler.
 *
 * <p>Multi-byte numbers are big-endian unless the method's name ends in {@code LE}.
 */
public interface Writer {
    /**
     * Room for {@code n} bytes in one piece, which count as written. The caller fills all of it, or gives the rest back
     * with {@link #keep}, before the callback returns or {@link #flush()} is called.
     *
     * @param n 0 to 16 MiB
     */
    MemorySegment reserve(int n);

    /**
     * Keeps only the first {@code n} bytes of the last {@link #reserve}.
     *
     * @throws IllegalStateException if something else was written since, or it was flushed
     * @throws IllegalArgumentException if {@code n} is negative or more than was reserved
     */
    Writer keep(int n);

    /** Writes one byte, the low 8 bits of {@code value}. */
    Writer writeByte(int value);

    /** Writes 2 bytes, the low 16 bits of {@code value}. */
    Writer writeShort(int value);

    /** Writes 2 bytes, little-endian. */
    default Writer writeShortLE(int value) {
        return writeShort(Short.reverseBytes((short) value));
    }

    /** Writes 3 bytes, the low 24 bits of {@code value}. */
    Writer writeMedium(int value);

    /** Writes 3 bytes, little-endian. */
    default Writer writeMediumLE(int value) {
        return writeMedium(Integer.reverseBytes(value) >>> 8);
    }

    /** Writes 4 bytes. */
    Writer writeInt(int value);

    /** Writes 4 bytes, little-endian. */
    default Writer writeIntLE(int value) {
        return writeInt(Integer.reverseBytes(value));
    }

    /** Writes 8 bytes. */
    Writer writeLong(long value);

    /** Writes 8 bytes, little-endian. */
    default Writer writeLongLE(long value) {
        return writeLong(Long.reverseBytes(value));
    }

    /** Writes 4 bytes, IEEE 754. */
    default Writer writeFloat(float value) {
        return writeInt(Float.floatToRawIntBits(value));
    }

    /** Writes 4 bytes, IEEE 754, little-endian. */
    default Writer writeFloatLE(float value) {
        return writeIntLE(Float.floatToRawIntBits(value));
    }

    /** Writes 8 bytes, IEEE 754. */
    default Writer writeDouble(double value) {
        return writeLong(Double.doubleToRawLongBits(value));
    }

    /** Writes 8 bytes, IEEE 754, little-endian. */
    default Writer writeDoubleLE(double value) {
        return writeLongLE(Double.doubleToRawLongBits(value));
    }

    /** Writes a copy of {@code source}. */
    default Writer writeBytes(byte[] source) {
        return writeBytes(source, 0, source.length);
    }

    /** Writes a copy of {@code length} bytes of {@code source}, from {@code offset} on. */
    Writer writeBytes(byte[] source, int offset, int length);

    /** Writes a copy of what remains in {@code source}, which is consumed. */
    Writer write(ByteBuffer source);

    /** Writes a copy of {@code source}. */
    Writer write(MemorySegment source);

    /**
     * Writes {@code text} as UTF-8; unpaired surrogates become '?'.
     *
     * @return the number of bytes written
     */
    int writeString(CharSequence text);

    /**
     * Puts native memory of somebody else's before the last {@code remaining} bytes of the last {@link #reserve},
     * without copying. It must stay as it is, and open to all threads, until {@code released} is run, once, on whatever
     * thread. Memory of the Java heap is copied, and {@code released} run before this method returns.
     *
     * @throws IllegalArgumentException if {@code remaining} is negative or more than was reserved
     * @throws IllegalStateException if {@code remaining} is positive and something else was written since, or it was
     * flushed
     */
    Writer writeDirect(MemorySegment memory, int remaining, Runnable released);

    /**
     * Moves all that is readable in {@code source} here; {@code source} has consumed it then. Nothing is copied but a
     * few bytes of an almost empty block that come behind bytes which wait already.
     */
    default Writer append(Reader source) {
        return append(source, source.readableBytes());
    }

    /**
     * As {@link #append(Reader)}, but the next {@code n} bytes.
     *
     * @throws NotEnoughBytesException if {@code source} has fewer
     */
    Writer append(Reader source, long n);

    /**
     * Asks for what is written to be sent. A loop sends what its handlers wrote at the end of the turn anyway, in one
     * go; a blocking handler's bytes leave when it flushes, waits, or returns.
     */
    void flush();

    /** The bytes written and not sent yet. */
    long pendingBytes();

    /**
     * A stream that writes here; its {@code flush()} is {@link #flush()}, and its {@code close()} no more than that.
     */
    OutputStream outputStream();

    /** A channel that writes here. */
    WritableByteChannel writableChannel();
}
