// SPDX-License-Identifier: Apache-2.0
package io.hawser.sim;

import io.hawser.buffer.Buffer;
import io.hawser.buffer.BufferFullException;
import io.hawser.buffer.PoolExhaustedException;
import io.hawser.buffer.Writer;
import io.hawser.connection.CloseCause;
import io.hawser.connection.Connection;
import io.hawser.connection.ConnectionClosedException;
import io.hawser.transport.sim.SimRandom;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;

/** One connection as its handler sees it, and what is right and wrong about that. */
final class Tracked {
    final Ledger ledger;
    final Connection connection;
    final boolean dialled;
    final String name;
    /** Of the stream that this side writes, unless it passes on another. */
    final long key;

    final Behaviour behaviour;
    private final SimRandom random;
    /** The other end, as soon as both are known. */
    Tracked peer;

    /** Bytes that the writer has taken, of the own stream or passed on. */
    long written;

    private long ownWritten;
    /** Bytes that the handler could have seen. */
    long received;

    private long unread;
    private long incomingKey;
    private boolean keyKnown;

    boolean ended;
    boolean closed;
    CloseCause cause;
    private boolean failed;
    private boolean inCallback;

    /** What this side did about its end. */
    boolean closeCalled;

    boolean abortCalled;
    boolean shutdownCalled;
    boolean threw;
    private boolean held;
    long closeCalledNs;
    long closedNs;

    Tracked(Ledger ledger, Connection connection, boolean dialled, long key, SimRandom random, Behaviour behaviour) {
        this.ledger = ledger;
        this.connection = connection;
        this.dialled = dialled;
        this.name = "connection " + connection.id() + (dialled ? " client" : " server");
        this.key = key;
        this.random = random;
        this.behaviour = behaviour;
    }

    /** Whether this side has done nothing to end it, and has not been told of an end. */
    boolean isUntouched() {
        return !closed && !closeCalled && !abortCalled && !threw;
    }

    // ---- callbacks

    /** Called before each callback; {@code last} for the close. */
    void enter(String callback, boolean last) {
        ledger.check(connection.loop().inLoop(), name, callback + " on a foreign thread");
        ledger.check(!closed, name, callback + " after onClose");
        ledger.check(!inCallback, name, callback + " within another callback");
        ledger.check(last || !failed, name, callback + " after onError");
        inCallback = true;
    }

    void leave() {
        inCallback = false;
    }

    void onFailure() {
        ledger.check(!failed, name, "a second onError");
        failed = true;
    }

    // ---- reading

    /** Looks at what has come since the last time. To be called before anything is read. */
    void inspect() {
        final var reader = connection.reader();
        final long readable = reader.readableBytes();
        if (readable < unread) {
            ledger.fail(name, "unread bytes are gone");
        }
        long from = unread;
        if (!keyKnown) {
            // Nothing is read before it is, so all that came is still there.
            from = 0;
            received = 0;
            if (readable < StreamBytes.KEY_BYTES) {
                received = readable;
                unread = readable;
                return;
            }
            keyKnown = true;
            incomingKey = reader.getLong(0);
            ledger.check(
                    ledger.origin(incomingKey) != null || ledger.isForeign(incomingKey),
                    name,
                    "received a stream that nobody sent");
        }
        final long wrong = StreamBytes.firstWrong(reader, from, readable, incomingKey, received);
        if (wrong >= 0) {
            ledger.fail(name, "byte " + wrong + " is wrong");
        }
        received += readable - from;
        unread = readable;
        final Tracked origin = ledger.origin(incomingKey);
        if (origin != null) {
            ledger.check(received <= origin.ownWritten, name, "received more than was written");
        }
        ledger.check(peer == null || received <= peer.written, name, "received more than the peer wrote");
    }

    /** To be called after something was read. */
    void wasRead() {
        unread = connection.reader().readableBytes();
    }

    /** Whether what has come can be read: the first bytes stay until they say which stream it is. */
    boolean isReadable() {
        return keyKnown;
    }

    /** Reads and forgets up to {@code most} bytes. */
    void discard(long most) {
        if (isReadable()) {
            connection.reader().skip(Math.min(most, unread));
            wasRead();
        }
    }

    /** Bytes that have come and were not read. */
    long unread() {
        return unread;
    }

    // ---- writing

    /** Passes on up to {@code most} of what was received to {@code target}, which is on the same loop. */
    void passOn(Tracked target, long most) {
        final long n = Math.min(most, unread);
        if (isReadable() && n > 0) {
            target.connection.writer().append(connection.reader(), n);
            target.written += n;
            wasRead();
        }
    }

    /**
     * Writes the next bytes of the own stream, in one of the ways that there are.
     *
     * @return whether there was room, and the connection open
     */
    boolean write(int bytes) {
        final byte[] next = StreamBytes.make(key, ownWritten, bytes);
        final long pending = connection.pendingBytes();
        // Before the write: what it calls may look at the books.
        ownWritten += bytes;
        written += bytes;
        try {
            write(connection.writer(), next);
            return true;
        } catch (BufferFullException | PoolExhaustedException | ConnectionClosedException e) {
            ownWritten -= bytes;
            written -= bytes;
            ledger.check(connection.pendingBytes() <= pending, name, "a write that failed has written");
            return false;
        }
    }

    private void write(Writer writer, byte[] bytes) {
        switch (random.between(0, 12)) {
            case 0, 1, 2, 3 -> writer.writeBytes(bytes);
            case 4, 5 -> writer.write(ByteBuffer.wrap(bytes));
            case 6, 7 -> writer.write(MemorySegment.ofArray(bytes));
            case 8, 9 -> reserve(writer, bytes);
            case 10, 11 -> append(writer, bytes);
            default -> lend(writer, bytes);
        }
    }

    private void reserve(Writer writer, byte[] bytes) {
        final MemorySegment memory = writer.reserve(bytes.length + random.between(0, 100));
        MemorySegment.copy(bytes, 0, memory, ValueLayout.JAVA_BYTE, 0, bytes.length);
        writer.keep(bytes.length);
    }

    private void append(Writer writer, byte[] bytes) {
        try (Buffer buffer = new Buffer(connection.loop().blocks())) {
            buffer.writeBytes(bytes);
            writer.append(buffer, bytes.length);
        }
    }

    private void lend(Writer writer, byte[] bytes) {
        final Arena arena = Arena.ofConfined();
        final MemorySegment memory = arena.allocate(Math.max(1, bytes.length)).asSlice(0, bytes.length);
        memory.copyFrom(MemorySegment.ofArray(bytes));
        ledger.lend();
        try {
            writer.writeDirect(memory, 0, () -> {
                ledger.giveBack();
                arena.close();
            });
        } catch (RuntimeException e) {
            ledger.giveBack();
            arena.close();
            throw e;
        }
    }

    // ---- ends and pauses

    void pause() {
        // From another thread it takes effect later.
        held |= connection.loop().inLoop();
        connection.pause();
    }

    void resume() {
        if (connection.loop().inLoop()) {
            held = false;
        } else {
            // A pause on the loop may come before the call gets there.
            connection.loop().executeAlways(() -> held = false);
        }
        connection.resume();
    }

    /** Whether it was paused, has not been resumed, and must not be called with data. */
    boolean isHeld() {
        return held;
    }

    void close() {
        if (!closeCalled) {
            closeCalled = true;
            closeCalledNs = ledger.nowNs();
        }
        connection.close();
    }

    void abort() {
        abortCalled = true;
        connection.abort();
    }

    void shutdownOutput() {
        shutdownCalled = true;
        connection.shutdownOutput();
    }

    @Override
    public String toString() {
        return name + " (written " + written + ", received " + received + ", "
                + (closed ? "closed: " + cause : ended ? "ended" : "open") + ")";
    }
}
