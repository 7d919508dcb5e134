// SPDX-License-Identifier: Apache-2.0
package io.hawser.buffer;

import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;

/**
 * Reads bytes in their order, without copying where the caller does not ask for a copy.
 *
 * <p><b>Too few bytes:</b> a reader of a loop fails at once with {@link NotEnoughBytesException}; one that belongs to a
 * blocking handler waits until they are there. In both cases a method that fails has consumed nothing.
 *
 * <p><b>Lifetime:</b> the memory that {@link #next}, {@link #peek} and {@link #until} return is valid until {@link
 * #release()}, or until the loop's callback returns. A {@link #slice} is valid until it is closed.
 *
 * <p><b>Thread:</b> one at a time; on a connection that of its handler.
 *
 * <p>Multi-byte numbers are big-endian unless the method's name ends in {@code LE}.
 */
public interface Reader {
    /** How many bytes can be read at once without failing or waiting. */
    long readableBytes();

    // ---- memory

    /** The next {@code n} bytes in one piece, consumed; copied only if they lie in several blocks. At most 16 MiB. */
    MemorySegment next(int n);

    /** As {@link #next}, but not consumed. */
    MemorySegment peek(int n);

    /** Consumes {@code n} bytes unseen. */
    Reader skip(long n);

    /** The bytes up to and including the first {@code delimiter}, consumed. */
    MemorySegment until(byte delimiter);

    /**
     * As {@link #until(byte)}, within limits.
     *
     * @param maxLength the most bytes before the delimiter
     * @throws DelimiterNotFoundException if there is none within {@code maxLength} bytes; nothing is consumed
     */
    MemorySegment until(byte delimiter, int maxLength);

    /**
     * A reader of the next {@code n} bytes, consumed here, over the same memory. It belongs to the caller, who closes
     * it, on whatever thread, or appends all of it to a writer, which is enough unless memory was handed out of it.
     */
    Slice slice(long n);

    /** Ends the life of all memory handed out since the last call. */
    void release();

    // ---- search

    /** How far away the first {@code value} is among the readable bytes, or -1. Does not wait. */
    default long indexOf(byte value) {
        return indexOf(value, 0, readableBytes());
    }

    /**
     * As {@link #indexOf(byte)}, among the bytes from {@code from} (inclusive) to {@code to} (exclusive), both counted
     * from the read position. The result counts from the read position, too.
     */
    long indexOf(byte value, long from, long to);

    // ---- copies

    /** The next {@code n} bytes in a new array. */
    byte[] readBytes(int n);

    /** The next {@code length} bytes into {@code target}, from {@code offset} on. */
    Reader readBytes(byte[] target, int offset, int length);

    /** Fills what remains of {@code target}. */
    Reader read(ByteBuffer target);

    /** Fills {@code target}. */
    Reader read(MemorySegment target);

    /** The next {@code n} bytes as UTF-8; malformed input becomes U+FFFD. */
    default String readString(int n) {
        return readString(n, StandardCharsets.UTF_8);
    }

    /** The next {@code n} bytes decoded. */
    default String readString(int n, Charset charset) {
        return new String(readBytes(n), charset);
    }

    // ---- numbers, consumed

    /** The next byte, -128 to 127. */
    byte readByte();

    /** The next byte, 0 to 255. */
    default int readUnsignedByte() {
        return readByte() & 0xff;
    }

    /** The next 2 bytes. */
    short readShort();

    /** The next 2 bytes, little-endian. */
    default short readShortLE() {
        return Short.reverseBytes(readShort());
    }

    /** The next 2 bytes, 0 to 65,535. */
    default int readUnsignedShort() {
        return readShort() & 0xffff;
    }

    /** The next 2 bytes, little-endian, 0 to 65,535. */
    default int readUnsignedShortLE() {
        return readShortLE() & 0xffff;
    }

    /** The next 3 bytes, 0 to 16,777,215. */
    int readUnsignedMedium();

    /** The next 3 bytes, little-endian, 0 to 16,777,215. */
    default int readUnsignedMediumLE() {
        return Integer.reverseBytes(readUnsignedMedium()) >>> 8;
    }

    /** The next 4 bytes. */
    int readInt();

    /** The next 4 bytes, little-endian. */
    default int readIntLE() {
        return Integer.reverseBytes(readInt());
    }

    /** The next 4 bytes, 0 to 4,294,967,295. */
    default long readUnsignedInt() {
        return Integer.toUnsignedLong(readInt());
    }

    /** The next 4 bytes, little-endian, 0 to 4,294,967,295. */
    default long readUnsignedIntLE() {
        return Integer.toUnsignedLong(readIntLE());
    }

    /** The next 8 bytes. */
    long readLong();

    /** The next 8 bytes, little-endian. */
    default long readLongLE() {
        return Long.reverseBytes(readLong());
    }

    /** The next 4 bytes as an IEEE 754 number. */
    default float readFloat() {
        return Float.intBitsToFloat(readInt());
    }

    /** The next 4 bytes as an IEEE 754 number, little-endian. */
    default float readFloatLE() {
        return Float.intBitsToFloat(readIntLE());
    }

    /** The next 8 bytes as an IEEE 754 number. */
    default double readDouble() {
        return Double.longBitsToDouble(readLong());
    }

    /** The next 8 bytes as an IEEE 754 number, little-endian. */
    default double readDoubleLE() {
        return Double.longBitsToDouble(readLongLE());
    }

    // ---- numbers, looked at

    /** The byte {@code offset} bytes from here, not consumed. */
    byte getByte(long offset);

    /** The byte {@code offset} bytes from here, 0 to 255, not consumed. */
    default int getUnsignedByte(long offset) {
        return getByte(offset) & 0xff;
    }

    /** The {@code length} bytes {@code offset} bytes from here into {@code target}, from {@code at} on; not consumed. */
    Reader getBytes(long offset, byte[] target, int at, int length);

    /** The 2 bytes at {@code offset}, not consumed. */
    short getShort(long offset);

    /** The 2 bytes at {@code offset}, little-endian, not consumed. */
    default short getShortLE(long offset) {
        return Short.reverseBytes(getShort(offset));
    }

    /** The 2 bytes at {@code offset}, 0 to 65,535, not consumed. */
    default int getUnsignedShort(long offset) {
        return getShort(offset) & 0xffff;
    }

    /** The 2 bytes at {@code offset}, little-endian, 0 to 65,535, not consumed. */
    default int getUnsignedShortLE(long offset) {
        return getShortLE(offset) & 0xffff;
    }

    /** The 3 bytes at {@code offset}, 0 to 16,777,215, not consumed. */
    default int getUnsignedMedium(long offset) {
        final int high = getUnsignedShort(offset);
        return (high << 8) | getUnsignedByte(offset + 2);
    }

    /** The 3 bytes at {@code offset}, little-endian, 0 to 16,777,215, not consumed. */
    default int getUnsignedMediumLE(long offset) {
        return Integer.reverseBytes(getUnsignedMedium(offset)) >>> 8;
    }

    /** The 4 bytes at {@code offset}, not consumed. */
    int getInt(long offset);

    /** The 4 bytes at {@code offset}, little-endian, not consumed. */
    default int getIntLE(long offset) {
        return Integer.reverseBytes(getInt(offset));
    }

    /** The 4 bytes at {@code offset}, 0 to 4,294,967,295, not consumed. */
    default long getUnsignedInt(long offset) {
        return Integer.toUnsignedLong(getInt(offset));
    }

    /** The 8 bytes at {@code offset}, not consumed. */
    long getLong(long offset);

    /** The 8 bytes at {@code offset}, little-endian, not consumed. */
    default long getLongLE(long offset) {
        return Long.reverseBytes(getLong(offset));
    }

    // ---- other views

    /**
     * The same bytes as a stream; its {@code available()} is {@link #readableBytes()}. It ends where a read would fail
     * for lack of bytes, so on a loop at the last readable one.
     */
    InputStream inputStream();

    /** The same bytes as a channel; a read of it gives what there is, and -1 where {@link #inputStream()} ends. */
    ReadableByteChannel channel();
}
