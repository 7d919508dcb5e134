// SPDX-License-Identifier: Apache-2.0
package io.hawser.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * An array of {@code mmsghdr} (recvmmsg(2), sendmmsg(2); 64-bit), with room for their addresses, control data and {@code iovec}s.
 *
 * <pre>
 *   0        8         12    16    24       32        40           48      52    56       60
 *  +--------+---------+-----+-----+--------+---------+------------+-------+-----+--------+-----+
 *  | name   | namelen | pad | iov | iovlen | control | controllen | flags | pad | length | pad |
 *  +--------+---------+-----+-----+--------+---------+------------+-------+-----+--------+-----+
 * </pre>
 *
 * <p>One thread uses it.
 */
public final class MessageVector {
    private static final int SIZE = 64;
    private static final int NAME = 0;
    private static final int NAME_LENGTH = 8;
    private static final int IOV = 16;
    private static final int IOV_LENGTH = 24;
    private static final int CONTROL = 32;
    private static final int CONTROL_LENGTH = 40;
    private static final int FLAGS = 48;
    private static final int LENGTH = 56;

    private static final int IOVEC_SIZE = 16;
    /** Room for each address: a {@code sockaddr_in6} of 28 bytes, aligned. */
    private static final int NAME_ROOM = 32;
    /** Room for each message's control data: one {@link ControlMessageDescriptor}. */
    private static final int CONTROL_ROOM = 32;

    private final int messages;
    private final int iovecs;
    private final MemorySegment headers;
    private final MemorySegment names;
    private final MemorySegment controls;
    private final MemorySegment vectors;

    /** Room for {@code messages} messages that have {@code iovecs} vectors in all. */
    public MessageVector(Arena arena, int messages, int iovecs) {
        this.messages = messages;
        this.iovecs = iovecs;
        headers = arena.allocate((long) messages * SIZE, 64);
        names = arena.allocate((long) messages * NAME_ROOM, 64);
        controls = arena.allocate((long) messages * CONTROL_ROOM, 64);
        vectors = arena.allocate((long) iovecs * IOVEC_SIZE, 64);
        for (int i = 0; i < messages; i++) {
            final long at = at(i);
            headers.set(JAVA_LONG, at + NAME, names.address() + nameOffset(i));
            headers.set(JAVA_LONG, at + CONTROL, controls.address() + controlOffset(i));
        }
    }

    private static long at(int index) {
        return (long) index * SIZE;
    }

    /** The native address to give to {@link Sockets#recvmmsg} and {@link Sockets#sendmmsg}. */
    public long address() {
        return headers.address();
    }

    /** How many messages fit. */
    public int maxMessages() {
        return messages;
    }

    /** How many vectors fit. */
    public int maxIovecs() {
        return iovecs;
    }

    /** Sets vector {@code index}. */
    public void iovec(int index, long base, int length) {
        final long offset = (long) index * IOVEC_SIZE;
        vectors.set(JAVA_LONG, offset, base);
        vectors.set(JAVA_LONG, offset + 8, length);
    }

    /** Gives message {@code index} the vectors from {@code first} on. */
    public void vectors(int index, int first, int count) {
        final long at = at(index);
        headers.set(JAVA_LONG, at + IOV, vectors.address() + (long) first * IOVEC_SIZE);
        headers.set(JAVA_LONG, at + IOV_LENGTH, count);
    }

    /** Sets the lengths of the address and of the control data of message {@code index}: those it has, or the room for them. */
    public void lengths(int index, int nameLength, int controlLength) {
        final long at = at(index);
        // Without a name or control data the pointers are not looked at, so they stay.
        headers.set(JAVA_INT, at + NAME_LENGTH, nameLength);
        headers.set(JAVA_LONG, at + CONTROL_LENGTH, controlLength);
    }

    /** How many bytes message {@code index} had. */
    public int length(int index) {
        return headers.get(JAVA_INT, at(index) + LENGTH);
    }

    /** The flags with which message {@code index} came, such as {@link Sockets#MSG_TRUNC}. */
    public int flags(int index) {
        return headers.get(JAVA_INT, at(index) + FLAGS);
    }

    /** How many bytes of control data came with message {@code index}. */
    public int controlLength(int index) {
        return (int) headers.get(JAVA_LONG, at(index) + CONTROL_LENGTH);
    }

    /** Where the addresses stand. */
    public MemorySegment names() {
        return names;
    }

    /** Where in {@link #names()} the address of message {@code index} stands. */
    public long nameOffset(int index) {
        return (long) index * NAME_ROOM;
    }

    /** Where the control data stand. */
    public MemorySegment controls() {
        return controls;
    }

    /** Where in {@link #controls()} those of message {@code index} stand. */
    public long controlOffset(int index) {
        return (long) index * CONTROL_ROOM;
    }
}
