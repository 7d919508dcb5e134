// SPDX-License-Identifier: Apache-2.0
package io.hawser.buffer;

import java.io.InputStream;
import java.io.OutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.ReadOnlyBufferException;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Linked blocks, written at the tail and read at the head.
 *
 * <pre>
 *   retired ──► …      head ──────────► block ──────────► tail
 *   (read, but handed  | read | bytes |  | bytes        |  | bytes | room |
 *    out as memory)           ▲                                    ▲
 *                        read position                       write position
 * </pre>
 *
 * <p><b>Threads:</b> one reader and one writer, which may be two threads if {@link #setConcurrent} said so. They share
 * the count {@code appended}, which the writer stores with release after the bytes and the links are in place, and the
 * reader loads with acquire before it looks at them. The reader does not trust the end of the tail, which moves; it
 * reads no further than the count. It gives a block back only when there is another behind it, so the writer's tail
 * stays. What needs both sides at rest says so: {@link #trim}, {@link #compact}, {@link #keep}, {@link #writeDirect}.
 *
 * <p><b>Sends in flight:</b> the kernel may be reading the bytes of the leading blocks. Nothing that a writer does
 * moves them or changes them.
 */
public final class Buffer implements Slice, Writer {
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;

    /** The first block that a write takes; a small answer should not pin a large block. */
    private static final int FIRST_BLOCK_BYTES = 4 * 1024;

    private static final int NEXT_BLOCK_BYTES = 16 * 1024;
    private static final int BULK_BLOCK_BYTES = 64 * 1024;

    /** A block of which no more than this part is used is not worth pinning. */
    private static final int SPARSE = 8;

    private static final long CLOSED = -1;
    private static final MemorySegment EMPTY = MemorySegment.ofArray(new byte[0]);
    private static final VarHandle APPENDED;

    static {
        try {
            APPENDED = MethodHandles.lookup().findVarHandle(Buffer.class, "appended", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final BlockSource source;
    private WriterHook writerHook = WriterHook.NONE;
    private long bound = Long.MAX_VALUE;
    private boolean concurrent;

    // The reader's.
    private @Nullable Block head;
    private long consumed;
    /** The reader sees no byte from here on, counted as {@link #consumed}. */
    private long readEnd = Long.MAX_VALUE;
    /** Memory of the blocks that are linked now has been handed out. */
    private boolean handedOut;

    private boolean closed;

    // The writer's.
    private @Nullable Block tail;
    private long appended;
    private boolean dirty;
    /** Made when it is needed, or while both threads are at rest. */
    private @Nullable Extra extra;

    /** What few buffers need: a server may have two for each of a million idle connections. */
    private static final class Extra {
        // The reader's.
        private ReaderHook hook = ReaderHook.FAIL;
        /** Blocks that have been read since their memory was handed out. */
        private @Nullable Block retired;
        /** Checked mode: what was handed out to be read lives as long as this. */
        private @Nullable Arena readLife;

        // The writer's.
        /** The last reservation: it is still the last write if nothing was appended since. */
        private @Nullable Block reserved;

        private int reservedBytes;
        private long reservedAt;
        /** Checked mode: what was handed out to be written lives as long as this. */
        private @Nullable Arena writeLife;
    }

    /** An empty buffer, which holds no memory. */
    public Buffer(BlockSource source) {
        this.source = source;
    }

    // ---- set up by the owner

    /** What happens when more is read than there is. */
    public void setReaderHook(ReaderHook hook) {
        extra().hook = hook;
    }

    /** Who is told of writes. */
    public void setWriterHook(WriterHook hook) {
        writerHook = hook;
    }

    /**
     * The most bytes that may be pending; 0 refuses all writes. Without effect once the buffer is closed.
     *
     * @throws IllegalArgumentException if {@code bytes} is negative
     */
    public void setBound(long bytes) {
        requireNotNegative(bytes);
        if (!closed) {
            bound = bytes;
        }
    }

    /** The most bytes that may be pending; -1 once the buffer is closed. */
    public long bound() {
        return bound;
    }

    /** Whether reader and writer are two threads. Called while both are at rest. */
    public void setConcurrent(boolean on) {
        concurrent = on;
        // Neither thread makes it under the other.
        extra();
    }

    /**
     * Shows the reader no more than the next {@code n} bytes until {@link #unlimit}: one frame of many. What it reads beyond them fails as if
     * they were the last. Limits nest. The reader's thread.
     *
     * @param n 0 to {@link #readableBytes()}
     * @return the limit that was in force, for {@link #unlimit}
     */
    public long limit(long n) {
        Objects.checkIndex(n, readableBytes() + 1);
        final long outer = readEnd;
        readEnd = consumed + n;
        return outer;
    }

    /** Ends the innermost {@link #limit}, which returned {@code outer}. */
    public void unlimit(long outer) {
        readEnd = outer;
    }

    /** Where the next byte will be written, counted from when the buffer was made; for {@link #truncate}. The writer's thread. */
    public long writePosition() {
        return appended;
    }

    /**
     * Takes back what was written since {@link #writePosition()} was {@code position}, as if it had never been. Only while reader and writer are one
     * thread, and before any of it is sent. Without effect on a closed buffer.
     *
     * @throws IllegalArgumentException if {@code position} has been read, or not been written yet
     */
    public void truncate(long position) {
        if (closed || position == appended) {
            return;
        }
        if (position < consumed || position > appended) {
            throw new IllegalArgumentException(
                    "From " + consumed + " to " + appended + " there is no position " + position);
        }
        endReservation();
        if (position == consumed) {
            appended = position;
            releaseChain(head);
            head = null;
            tail = null;
            return;
        }
        Block last = current();
        long end = consumed + (last.end - last.start);
        while (end < position) {
            last = Objects.requireNonNull(last.next);
            end += last.end - last.start;
        }
        if (end > position) {
            last.end -= (int) (end - position);
            // What was cut off may be somebody's view.
            last.writable &= last.isUnshared();
        }
        releaseChain(last.next);
        last.next = null;
        tail = last;
        appended = position;
    }

    /**
     * Takes note of all writes: the next one calls {@link WriterHook#dirty()} again, and reservations can no longer be
     * changed.
     */
    public void clean() {
        dirty = false;
        endReservation();
    }

    private void endReservation() {
        final Extra made = extra;
        if (made != null) {
            made.reserved = null;
            if (Checked.ON && made.writeLife != null) {
                made.writeLife.close();
                made.writeLife = null;
            }
        }
    }

    // ---- counts

    @Override
    public long readableBytes() {
        return Math.min((long) APPENDED.getAcquire(this), readEnd) - consumed;
    }

    /** Whether there is nothing to read, even beyond a limit. */
    private boolean isDrained() {
        return (long) APPENDED.getAcquire(this) == consumed;
    }

    @Override
    public long pendingBytes() {
        return appended - consumed;
    }

    /** How many bytes have been read since the buffer was made. The reader's thread. */
    public long consumedBytes() {
        return consumed;
    }

    // ---- for transports

    /**
     * The first block with readable bytes, or {@code null}. The chain behind it is for whoever owns both sides; a block
     * in it may be empty.
     */
    public @Nullable Block head() {
        return isDrained() ? null : current();
    }

    /**
     * Links a block that a transport has filled; it is the buffer's now, even if this fails. The bound is not asked:
     * the bytes have arrived.
     *
     * @throws IllegalStateException if the buffer is closed
     */
    public void appendBlock(Block block) {
        final int bytes = block.readableBytes();
        if (closed) {
            block.release();
            requireOpen();
        }
        if (bytes == 0) {
            block.release();
            return;
        }
        adopt(block);
        written(bytes);
    }

    /**
     * Gives back all that is not needed: an empty buffer holds no block afterwards. Ends the life of memory handed out,
     * as {@link #release()}. Only while reader and writer are one thread, or both at rest.
     */
    public void trim() {
        release();
        if (!isDrained()) {
            current();
        } else {
            releaseChain(head);
            head = null;
            tail = null;
        }
    }

    /**
     * Moves a small remainder out of a large block, so that half a message that waits for its other half does not pin
     * one. Only while reader and writer are one thread.
     */
    public void compact() {
        final long readable = pendingBytes();
        if (readable == 0 || handedOut || isReserved()) {
            return;
        }
        final Block block = current();
        final boolean small = block.capacity <= SizeClass.MIN_BYTES || readable > block.capacity / 4;
        if (block != tail || small || !block.isUnshared()) {
            return;
        }
        final Block smaller = source.tryAcquire((int) readable);
        if (smaller != null && smaller.capacity < block.capacity) {
            MemorySegment.copy(block.memory, block.start, smaller.memory, 0, readable);
            smaller.received((int) readable);
            block.release();
            head = smaller;
            tail = smaller;
        } else if (smaller != null) {
            // At the pool's cap a block may be larger than asked for.
            smaller.release();
        }
    }

    /** Takes all readable blocks out, for {@link BufferQueue}. Only while reader and writer are one thread. */
    @Nullable
    Block detach() {
        trim();
        if (head == null) {
            return null;
        }
        final Block first = current();
        head = null;
        tail = null;
        forgetReserved();
        consumed = appended;
        return first;
    }

    /** Links a chain that {@link #detach} gave; how many bytes it holds. */
    long appendChain(Block first) {
        long bytes = 0;
        Block block = first;
        while (block != null) {
            final Block next = block.next;
            block.next = null;
            block.writable = false;
            bytes += block.end - block.start;
            link(block);
            block = next;
        }
        written(bytes);
        return bytes;
    }

    // ---- reading: positions

    /** The block at the read position; there are readable bytes. */
    private Block current() {
        Block block = head;
        while (true) {
            if (block == null) {
                throw new IllegalStateException("The buffer is used by two threads at once");
            }
            if (block.start < block.end) {
                head = block;
                return block;
            }
            final Block next = block.next;
            retire(block);
            block = next;
        }
    }

    /** The block at the read position, after making sure that {@code n} bytes, at least one, are readable. */
    private Block need(long n) {
        if (readableBytes() < n) {
            await(n);
        }
        return current();
    }

    private void await(long n) {
        requireOpen();
        requireNotNegative(n);
        (extra == null ? ReaderHook.FAIL : extra.hook).await(this, n);
        if (readableBytes() < n) {
            throw new NotEnoughBytesException(n, readableBytes());
        }
    }

    private static void requireNotNegative(long n) {
        if (n < 0) {
            throw new IllegalArgumentException("A negative number of bytes: " + n);
        }
    }

    private void consume(Block block, int n) {
        block.start += n;
        consumed += n;
    }

    /** Takes a block out of the chain: its bytes have been read. */
    private void retire(Block block) {
        if (handedOut) {
            final Extra made = extra();
            block.next = made.retired;
            made.retired = block;
        } else {
            block.next = null;
            block.release();
        }
    }

    private static void releaseChain(@Nullable Block first) {
        Block block = first;
        while (block != null) {
            final Block next = block.next;
            block.next = null;
            block.release();
            block = next;
        }
    }

    // ---- reading: memory

    @Override
    public MemorySegment next(int n) {
        final MemorySegment memory = peek(n);
        if (n > 0) {
            consume(current(), n);
        }
        return memory;
    }

    @Override
    public MemorySegment peek(int n) {
        if (n <= 0) {
            requireNotNegative(n);
            return EMPTY;
        }
        if (n > SizeClass.MAX_BYTES) {
            // Before waiting for them: they would never do.
            throw new IllegalArgumentException(n + " bytes in one piece; the most is " + SizeClass.MAX_BYTES);
        }
        Block block = need(n);
        if (block.end - block.start < n) {
            block = coalesce(n);
        }
        handedOut = true;
        final MemorySegment memory = block.memory.asSlice(block.start, n);
        return Checked.ON ? Checked.lend(memory, readLife()) : memory;
    }

    /** Copies the first {@code n} bytes, which lie in several blocks, into one that takes their place. */
    private Block coalesce(int n) {
        final Block whole = source.acquire(n);
        int copied = 0;
        Block block = current();
        while (true) {
            final int bytes = Math.min(n - copied, block.end - block.start);
            MemorySegment.copy(block.memory, block.start, whole.memory, copied, bytes);
            block.start += bytes;
            copied += bytes;
            // The last one stays linked, even if nothing is left in it: it may be the writer's tail.
            if (copied == n) {
                break;
            }
            final Block next = Objects.requireNonNull(block.next);
            retire(block);
            block = next;
        }
        whole.received(n);
        whole.next = block;
        head = whole;
        return whole;
    }

    @Override
    public Reader skip(long n) {
        requireNotNegative(n);
        if (n > 0) {
            need(n);
            long left = n;
            while (left > 0) {
                final Block block = current();
                final int bytes = (int) Math.min(left, block.end - block.start);
                consume(block, bytes);
                left -= bytes;
            }
        }
        return this;
    }

    @Override
    public MemorySegment until(byte delimiter) {
        return until(delimiter, SizeClass.MAX_BYTES - 1);
    }

    @Override
    public MemorySegment until(byte delimiter, int maxLength) {
        requireNotNegative(maxLength);
        if (maxLength >= SizeClass.MAX_BYTES) {
            throw new IllegalArgumentException("maxLength must be under " + SizeClass.MAX_BYTES + ": " + maxLength);
        }
        long searched = 0;
        while (true) {
            final long to = Math.min(readableBytes(), maxLength + 1L);
            final long at = indexOf(delimiter, searched, to);
            if (at >= 0) {
                return next((int) at + 1);
            }
            if (to > maxLength) {
                throw new DelimiterNotFoundException(delimiter, maxLength);
            }
            searched = to;
            // The hook is for bytes that are not there; a concurrent writer may have brought them meanwhile.
            need(to + 1);
        }
    }

    @Override
    public Slice slice(long n) {
        requireNotNegative(n);
        if (n > 0) {
            need(n);
        }
        final Buffer slice = new Buffer(source);
        moveTo(slice, n);
        return slice;
    }

    /**
     * All readable bytes once more, over the same memory: one message for many connections. Nothing is consumed here. Only while reader and writer
     * are one thread.
     *
     * @param blocks what the slice takes more memory from, should it be written to
     */
    public Slice share(BlockSource blocks) {
        final Buffer shared = new Buffer(blocks);
        if (readableBytes() > 0) {
            long left = readableBytes();
            for (Block block = current(); left > 0; block = Objects.requireNonNull(block.next)) {
                final int bytes = (int) Math.min(left, block.end - block.start);
                if (bytes > 0) {
                    shared.link(block.view(block.start, block.start + bytes));
                    shared.written(bytes);
                }
                left -= bytes;
                if (left == 0) {
                    break;
                }
            }
        }
        return shared;
    }

    @Override
    public void release() {
        if (handedOut) {
            handedOut = false;
            final Extra made = extra;
            if (made != null) {
                releaseChain(made.retired);
                made.retired = null;
                if (Checked.ON && made.readLife != null) {
                    made.readLife.close();
                    made.readLife = null;
                }
            }
        }
    }

    private Extra extra() {
        Extra made = extra;
        if (made == null) {
            made = new Extra();
            extra = made;
        }
        return made;
    }

    private Arena readLife() {
        final Extra made = extra();
        if (made.readLife == null) {
            made.readLife = Arena.ofShared();
        }
        return made.readLife;
    }

    private static Arena writeLife(Extra made) {
        if (made.writeLife == null) {
            made.writeLife = Arena.ofShared();
        }
        return made.writeLife;
    }

    /**
     * Moves the next {@code n} bytes to the tail of {@code target}: whole blocks where they are free to go, else views
     * of them.
     */
    private void moveTo(Buffer target, long n) {
        long left = n;
        while (left > 0) {
            final Block block = current();
            // Before its end is looked at: a block that has a successor does not grow any more, the writer's tail does.
            final Block next = block.nextAcquire();
            final int readable = block.end - block.start;
            final int bytes = (int) Math.min(left, readable);
            // A block whose memory was handed out must outlive the hand-over, and a tail may have a writer at work.
            if (bytes == readable && !handedOut && !(next == null && concurrent)) {
                head = next;
                if (next == null) {
                    tail = null;
                }
                block.next = null;
                consumed += bytes;
                if (Checked.ON) {
                    // Whoever moves it has it now: a slice that is never closed is reported with the place that cut it.
                    block.taken();
                }
                target.adopt(block);
            } else {
                target.adoptPart(block, bytes);
                consume(block, bytes);
            }
            left -= bytes;
        }
        if (n > 0) {
            target.written(n);
        }
    }

    /**
     * The next {@code n} bytes, consumed, in one block that is the caller's, who does not write into it. Copied only if they lie in several
     * blocks. Only while reader and writer are one thread.
     *
     * @param n 0 to 16 MiB
     */
    public Block nextBlock(int n) {
        requireNotNegative(n);
        if (n > 0) {
            final Block block = need(n);
            final int readable = block.end - block.start;
            if (readable > n || (readable == n && handedOut)) {
                final Block view = block.view(block.start, block.start + n);
                consume(block, n);
                return view;
            }
            if (readable == n) {
                head = block.next;
                if (block == tail) {
                    tail = null;
                }
                block.next = null;
                block.writable = false;
                consumed += n;
                return block;
            }
        }
        final Block copy = source.acquire(n);
        copyOut(copy.memory, 0, n);
        copy.received(n);
        return copy;
    }

    // ---- reading: search

    @Override
    public long indexOf(byte value, long from, long to) {
        Objects.checkFromToIndex(from, to, readableBytes());
        long base = 0;
        for (Block block = from == to ? null : current(); block != null && base < to; block = block.next) {
            final long bytes = Math.min(block.end - block.start, to - base);
            if (base + bytes > from) {
                final long first = Math.max(0, from - base);
                final long found = ByteSearch.indexOf(block.memory, block.start + first, block.start + bytes, value);
                if (found >= 0) {
                    return base + found - block.start;
                }
            }
            base += bytes;
        }
        return -1;
    }

    // ---- reading: copies

    @Override
    public byte[] readBytes(int n) {
        requireNotNegative(n);
        if (n > 0) {
            // Before the array is made: a length that a peer claims must not cost memory until its bytes are there.
            need(n);
        }
        final byte[] bytes = new byte[n];
        copyOut(bytes, 0, n);
        return bytes;
    }

    @Override
    public Reader readBytes(byte[] target, int offset, int length) {
        Objects.checkFromIndexSize(offset, length, target.length);
        if (length > 0) {
            need(length);
            copyOut(target, offset, length);
        }
        return this;
    }

    @Override
    public Reader read(ByteBuffer target) {
        if (target.isReadOnly()) {
            throw new ReadOnlyBufferException();
        }
        final int n = target.remaining();
        if (n > 0) {
            need(n);
            if (target.hasArray()) {
                copyOut(target.array(), target.arrayOffset() + target.position(), n);
            } else {
                copyOut(MemorySegment.ofBuffer(target), 0, n);
            }
            target.position(target.position() + n);
        }
        return this;
    }

    @Override
    public Reader read(MemorySegment target) {
        final long n = target.byteSize();
        if (n > 0) {
            need(n);
            copyOut(target, 0, n);
        }
        return this;
    }

    /**
     * Into an array of bytes, which is not made a memory segment first because that allocates, or into a memory
     * segment.
     */
    private void copyOut(Object target, long offset, long n) {
        long copied = 0;
        while (copied < n) {
            final Block block = current();
            final int bytes = (int) Math.min(n - copied, block.end - block.start);
            if (target instanceof byte[] array) {
                MemorySegment.copy(block.memory, BYTE, block.start, array, (int) (offset + copied), bytes);
            } else {
                MemorySegment.copy(block.memory, block.start, (MemorySegment) target, offset + copied, bytes);
            }
            consume(block, bytes);
            copied += bytes;
        }
    }

    // ---- reading: numbers

    @Override
    public byte readByte() {
        final Block block = need(1);
        final byte value = block.memory.get(BYTE, block.start);
        consume(block, 1);
        return value;
    }

    @Override
    public short readShort() {
        final Block block = need(2);
        if (block.end - block.start < 2) {
            return (short) readAcross(2);
        }
        final short value = block.memory.get(SHORT, block.start);
        consume(block, 2);
        return value;
    }

    @Override
    public int readUnsignedMedium() {
        need(3);
        return (int) readAcross(3);
    }

    @Override
    public int readInt() {
        final Block block = need(4);
        if (block.end - block.start < 4) {
            return (int) readAcross(4);
        }
        final int value = block.memory.get(INT, block.start);
        consume(block, 4);
        return value;
    }

    @Override
    public long readLong() {
        final Block block = need(8);
        if (block.end - block.start < 8) {
            return readAcross(8);
        }
        final long value = block.memory.get(LONG, block.start);
        consume(block, 8);
        return value;
    }

    /** Big-endian over a block border, byte by byte; the bytes are there. */
    private long readAcross(int bytes) {
        long value = 0;
        for (int i = 0; i < bytes; i++) {
            final Block block = current();
            value = (value << 8) | (block.memory.get(BYTE, block.start) & 0xff);
            consume(block, 1);
        }
        return value;
    }

    @Override
    public byte getByte(long offset) {
        final Block first = needAt(offset, 1);
        if (offset < first.end - first.start) {
            return first.memory.get(BYTE, first.start + offset);
        }
        return (byte) getAcross(first, offset, 1);
    }

    @Override
    public Reader getBytes(long offset, byte[] target, int at, int length) {
        Objects.checkFromIndexSize(at, length, target.length);
        if (length == 0) {
            return this;
        }
        Block block = needAt(offset, length);
        long skipped = offset;
        int copied = 0;
        while (copied < length) {
            final int bytes = block.end - block.start;
            if (skipped < bytes) {
                final int n = (int) Math.min(length - copied, bytes - skipped);
                MemorySegment.copy(block.memory, BYTE, block.start + skipped, target, at + copied, n);
                copied += n;
                skipped = 0;
            } else {
                skipped -= bytes;
            }
            if (copied < length) {
                block = Objects.requireNonNull(block.next);
            }
        }
        return this;
    }

    @Override
    public short getShort(long offset) {
        final Block first = needAt(offset, 2);
        if (offset + 2 <= first.end - first.start) {
            return first.memory.get(SHORT, first.start + offset);
        }
        return (short) getAcross(first, offset, 2);
    }

    @Override
    public int getInt(long offset) {
        final Block first = needAt(offset, 4);
        if (offset + 4 <= first.end - first.start) {
            return first.memory.get(INT, first.start + offset);
        }
        return (int) getAcross(first, offset, 4);
    }

    @Override
    public long getLong(long offset) {
        final Block first = needAt(offset, 8);
        if (offset + 8 <= first.end - first.start) {
            return first.memory.get(LONG, first.start + offset);
        }
        return getAcross(first, offset, 8);
    }

    private Block needAt(long offset, int bytes) {
        requireNotNegative(offset);
        // So far away that the sum would be negative is as far away as can be.
        return need(offset > Long.MAX_VALUE - bytes ? Long.MAX_VALUE : offset + bytes);
    }

    private static long getAcross(Block first, long offset, int bytes) {
        Block block = first;
        long at = offset;
        long value = 0;
        for (int i = 0; i < bytes; i++) {
            while (at >= block.end - block.start) {
                at -= block.end - block.start;
                block = Objects.requireNonNull(block.next);
            }
            value = (value << 8) | (block.memory.get(BYTE, block.start + at) & 0xff);
            at++;
        }
        return value;
    }

    // ---- writing: positions

    private void checkBound(long n) {
        if (n > bound - (appended - consumed)) {
            makeRoom(n);
        }
    }

    private void makeRoom(long n) {
        requireOpen();
        writerHook.full(this, n);
        requireOpen();
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("The buffer is closed");
        }
    }

    /** The tail, with room for {@code n} bytes in one piece, after the bound has been checked. */
    private Block room(int n) {
        checkBound(n);
        final Block last = tail;
        return last != null && last.writable && last.capacity - last.end >= n ? last : grow(n);
    }

    private Block grow(int n) {
        final int usual = tail == null || isDrained() ? FIRST_BLOCK_BYTES : NEXT_BLOCK_BYTES;
        final Block block = source.acquire(Math.max(n, usual));
        block.writable = true;
        link(block);
        return block;
    }

    private void link(Block block) {
        final Block last = tail;
        if (last == null) {
            head = block;
        } else {
            last.linkRelease(block);
        }
        tail = block;
    }

    /** Links a whole block, which is the buffer's now; or copies what is in it, and gives it back. */
    private void adopt(Block block) {
        final int bytes = block.end - block.start;
        if (isWorthACopy(bytes, block.capacity)) {
            copyBehindTail(block, bytes);
            block.release();
        } else {
            // If nobody else has the memory, there is room in it for what comes next.
            block.writable = block.isOwn();
            link(block);
        }
    }

    /** Links a view of the first bytes of a block, or copies them. */
    private void adoptPart(Block block, int bytes) {
        if (isWorthACopy(bytes, block.capacity)) {
            copyBehindTail(block, bytes);
        } else {
            link(block.view(block.start, block.start + bytes));
        }
    }

    /**
     * Whether little of a block is to come behind bytes that wait already, and there is room for it. Else a peer that
     * sends byte by byte, or lets small answers wait, would pin a block for each, and the bound, which counts bytes,
     * would not see it.
     */
    private boolean isWorthACopy(int bytes, int capacity) {
        final Block last = tail;
        return bytes <= capacity / SPARSE
                && last != null
                && last.writable
                && last.capacity - last.end >= bytes
                && appended > consumed;
    }

    private void copyBehindTail(Block block, int bytes) {
        final Block last = Objects.requireNonNull(tail);
        MemorySegment.copy(block.memory, block.start, last.memory, last.end, bytes);
        last.end += bytes;
    }

    private void linkChain(Block first) {
        link(first);
        Block last = first;
        while (last.next != null) {
            last = last.next;
        }
        tail = last;
    }

    private void written(Block block, int n) {
        block.end += n;
        written(n);
    }

    private void written(long n) {
        APPENDED.setRelease(this, appended + n);
        if (!dirty) {
            dirty = true;
            writerHook.dirty();
        }
    }

    // ---- writing: memory

    @Override
    public MemorySegment reserve(int n) {
        requireNotNegative(n);
        final Block block = room(n);
        final MemorySegment memory = block.memory.asSlice(block.end, n);
        written(block, n);
        final Extra made = extra();
        made.reserved = block;
        made.reservedBytes = n;
        made.reservedAt = appended;
        return Checked.ON ? Checked.lend(memory, writeLife(made)) : memory;
    }

    @Override
    public Writer keep(int n) {
        final Extra last = lastReservation();
        if (n < 0 || n > last.reservedBytes) {
            throw new IllegalArgumentException(
                    "Of " + last.reservedBytes + " reserved bytes, " + n + " cannot be kept");
        }
        final int dropped = last.reservedBytes - n;
        requireUnread(dropped);
        Objects.requireNonNull(last.reserved).end -= dropped;
        APPENDED.setRelease(this, appended - dropped);
        last.reservedBytes = n;
        last.reservedAt = appended;
        return this;
    }

    private boolean isReserved() {
        final Extra last = extra;
        return last != null && last.reserved != null && last.reserved == tail && last.reservedAt == appended;
    }

    private Extra lastReservation() {
        if (!isReserved()) {
            throw new IllegalStateException("Nothing was reserved, or something else was written or flushed since");
        }
        return Objects.requireNonNull(extra);
    }

    /** The bytes are not this buffer's any more. */
    private void forgetReserved() {
        if (extra != null) {
            extra.reserved = null;
        }
    }

    private void requireUnread(int reserved) {
        if (reserved > pendingBytes()) {
            throw new IllegalStateException("Reserved bytes were read before they were kept");
        }
    }

    @Override
    public Writer writeDirect(MemorySegment memory, int remaining, Runnable released) {
        requireNotNegative(remaining);
        final long n = memory.byteSize();
        // First of all: while it waits for room, what was reserved may leave.
        checkBound(n);
        final Extra split = remaining == 0 ? null : lastReservation();
        if (split != null && remaining > split.reservedBytes) {
            throw new IllegalArgumentException(remaining + " bytes of " + split.reservedBytes + " reserved ones");
        }
        requireUnread(remaining);
        // Memory of the heap, or too long for one block, is copied.
        final boolean lasting = memory.isNative() && n <= Integer.MAX_VALUE;
        if (n > 0) {
            final Block first =
                    lasting ? Block.foreign(memory.asReadOnly(), source.pool(), released) : copyOf(memory, 0, n);
            linkBefore(first, split == null ? null : split.reserved, remaining);
            forgetReserved();
            written(n);
        }
        if (n == 0 || !lasting) {
            released.run();
        }
        return this;
    }

    /**
     * Links a chain before the last {@code remaining} bytes of the tail {@code split}, or behind it if that is null.
     */
    private void linkBefore(Block chain, @Nullable Block split, int remaining) {
        if (split == null) {
            linkChain(chain);
            return;
        }
        // The room behind the reserved bytes goes with them.
        final Block rest = split.view(split.end - remaining, split.end);
        split.end -= remaining;
        split.writable = false;
        rest.writable = true;
        linkChain(chain);
        link(rest);
    }

    @Override
    public Writer append(Reader from, long n) {
        if (!(from instanceof Buffer other)) {
            throw new IllegalArgumentException("Not a reader of Hawser: " + from.getClass());
        }
        if (other == this) {
            throw new IllegalArgumentException("A buffer cannot be appended to itself");
        }
        requireNotNegative(n);
        if (n > 0) {
            other.need(n);
            checkBound(n);
            other.moveTo(this, n);
        }
        return this;
    }

    @Override
    public void flush() {
        endReservation();
        writerHook.flush();
    }

    // ---- writing: copies

    @Override
    public Writer writeBytes(byte[] bytes, int offset, int length) {
        Objects.checkFromIndexSize(offset, length, bytes.length);
        copyIn(bytes, offset, length);
        return this;
    }

    @Override
    public Writer write(ByteBuffer bytes) {
        if (bytes.hasArray()) {
            copyIn(bytes.array(), bytes.arrayOffset() + bytes.position(), bytes.remaining());
        } else {
            copyIn(MemorySegment.ofBuffer(bytes), 0, bytes.remaining());
        }
        bytes.position(bytes.limit());
        return this;
    }

    @Override
    public Writer write(MemorySegment bytes) {
        copyIn(bytes, 0, bytes.byteSize());
        return this;
    }

    /**
     * From an array of bytes, which is not made a memory segment first because that allocates, or from a memory
     * segment.
     */
    private void copyIn(Object from, long offset, long n) {
        checkBound(n);
        final Block last = tail;
        final long room = last != null && last.writable ? last.capacity - last.end : 0;
        if (n > room) {
            copyIntoNew(from, offset, n, (int) room);
        } else if (n > 0 && last != null) {
            copy(from, offset, last, (int) n);
            written(last, (int) n);
        }
    }

    /**
     * Fills the room that the tail has, then new blocks. All that can fail happens before the first byte is visible.
     */
    private void copyIntoNew(Object from, long offset, long n, int room) {
        final Block last = tail;
        if (last != null && room > 0) {
            copy(from, offset, last, room);
        }
        final Block first = copyOf(from, offset + room, n - room);
        if (last != null) {
            last.end += room;
        }
        linkChain(first);
        written(n);
    }

    /** Puts bytes behind the end of {@code target}, which has room for them. */
    private static void copy(Object from, long offset, Block target, int n) {
        if (from instanceof byte[] array) {
            MemorySegment.copy(array, (int) offset, target.memory, BYTE, target.end, n);
        } else {
            MemorySegment.copy((MemorySegment) from, offset, target.memory, target.end, n);
        }
    }

    /** New blocks with {@code n} bytes, at least one, in them. */
    private Block copyOf(Object from, long offset, long n) {
        Block first = null;
        Block last = null;
        long copied = 0;
        try {
            while (copied < n) {
                final long left = n - copied;
                final Block block = source.acquire(Math.clamp(left, FIRST_BLOCK_BYTES, BULK_BLOCK_BYTES));
                if (last == null) {
                    first = block;
                } else {
                    last.next = block;
                }
                last = block;
                final int bytes = (int) Math.min(left, block.capacity);
                copy(from, offset + copied, block, bytes);
                block.end = bytes;
                block.writable = true;
                copied += bytes;
            }
        } catch (RuntimeException | Error e) {
            // There is no memory left, or the source's is not to be read: closed, or another thread's.
            releaseChain(first);
            throw e;
        }
        return Objects.requireNonNull(first);
    }

    @Override
    public int writeString(CharSequence text) {
        final int bytes = Utf8.length(text);
        if (bytes == 0) {
            return 0;
        }
        if (bytes <= BULK_BLOCK_BYTES) {
            final Block block = room(bytes);
            Utf8.encode(text, block.memory, block.end);
            written(block, bytes);
        } else {
            final byte[] encoded = new byte[bytes];
            Utf8.encode(text, MemorySegment.ofArray(encoded), 0);
            writeBytes(encoded);
        }
        return bytes;
    }

    // ---- writing: numbers

    @Override
    public Writer writeByte(int value) {
        final Block block = room(1);
        block.memory.set(BYTE, block.end, (byte) value);
        written(block, 1);
        return this;
    }

    @Override
    public Writer writeShort(int value) {
        final Block block = room(2);
        block.memory.set(SHORT, block.end, (short) value);
        written(block, 2);
        return this;
    }

    @Override
    public Writer writeMedium(int value) {
        final Block block = room(3);
        block.memory.set(SHORT, block.end, (short) (value >> 8));
        block.memory.set(BYTE, block.end + 2L, (byte) value);
        written(block, 3);
        return this;
    }

    @Override
    public Writer writeInt(int value) {
        final Block block = room(4);
        block.memory.set(INT, block.end, value);
        written(block, 4);
        return this;
    }

    @Override
    public Writer writeLong(long value) {
        final Block block = room(8);
        block.memory.set(LONG, block.end, value);
        written(block, 8);
        return this;
    }

    // ---- other views, and the end

    @Override
    public InputStream inputStream() {
        return new BufferInputStream(this);
    }

    @Override
    public ReadableByteChannel channel() {
        return new BufferChannel(this);
    }

    @Override
    public WritableByteChannel writableChannel() {
        return new BufferChannel(this);
    }

    @Override
    public OutputStream outputStream() {
        return new BufferOutputStream(this);
    }

    /**
     * Gives all memory back. Reads and writes after it throw {@link IllegalStateException}. Only while reader and
     * writer are one thread, or both at rest.
     */
    @Override
    public void close() {
        if (!closed) {
            closed = true;
            // Now every write, however small, takes the way of those that pass the bound.
            bound = CLOSED;
            clean();
            release();
            releaseChain(head);
            head = null;
            tail = null;
            consumed = appended;
        }
    }
}
