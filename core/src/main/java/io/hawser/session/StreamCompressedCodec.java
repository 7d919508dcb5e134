// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

import io.hawser.buffer.Buffer;
import io.hawser.buffer.BufferFullException;
import io.hawser.buffer.Reader;
import io.hawser.buffer.Writer;
import org.jspecify.annotations.Nullable;

/**
 * Messages in a stream that is compressed as a whole. Decoding is the loop's; encoding and closing exclude each other by this object's monitor,
 * which a session holds while it encodes.
 */
final class StreamCompressedCodec<M> implements Codec<M> {
    private final Compression compression;
    private final Codec<M> messages;
    private final @Nullable State state;
    private boolean closed;

    /** What a session has. */
    private static final class State {
        final CodecContext context;
        final StreamPacker packer;
        final StreamUnpacker unpacker;
        final Buffer inflated;
        /** The decoder of the messages is not called before so many bytes are inflated. */
        long needed = 1;
        /** It has said that it wants more than there is. */
        boolean hungry = true;
        /** There may be more to inflate of what was consumed. */
        boolean more;
        /** What is wrong behind the bytes that are inflated. */
        @Nullable
        MalformedMessageException failure;

        State(CodecContext context, Compression compression) {
            this.context = context;
            this.packer = compression.newStreamPacker();
            this.unpacker = compression.newStreamUnpacker();
            this.inflated = new Buffer(context.blocks());
        }
    }

    StreamCompressedCodec(Compression compression, Codec<M> messages) {
        this(compression, messages, null);
    }

    private StreamCompressedCodec(Compression compression, Codec<M> messages, @Nullable State state) {
        this.compression = compression;
        this.messages = messages;
        this.state = state;
    }

    @Override
    public Codec<M> forSession(CodecContext context) {
        return new StreamCompressedCodec<>(compression, messages.forSession(context), new State(context, compression));
    }

    private State state() {
        if (state == null) {
            throw new IllegalStateException("A compressed codec is used through forSession()");
        }
        return state;
    }

    // ---- decoding

    @Override
    public Decoded<M> decode(Reader reader) throws Exception {
        final Buffer in = (Buffer) reader;
        final State s = state();
        while (true) {
            if (!s.hungry && (s.inflated.readableBytes() >= s.needed || messages.hasBuffered())) {
                final Decoded<M> decoded = next(s);
                if (!s.hungry) {
                    return decoded;
                }
            } else if (s.failure != null) {
                throw s.failure;
            } else if (in.readableBytes() > 0 || s.more) {
                inflate(in, s);
            } else {
                return Decoded.needMore();
            }
        }
    }

    /** What the decoder of the messages says; it is hungry if that is not for the session. */
    private Decoded<M> next(State s) throws Exception {
        final long before = s.inflated.consumedBytes();
        final boolean buffered = messages.hasBuffered();
        final Decoded<M> decoded = messages.decode(s.inflated);
        final long there = s.inflated.readableBytes();
        s.needed = 1;
        switch (decoded) {
            case Decoded.Message<M>(M message) -> {
                final long bytes = s.inflated.consumedBytes() - before;
                if (bytes == 0 && !buffered && !messages.isTransient()) {
                    messages.discard(message);
                    throw new IllegalStateException(
                            messages + " found a message and has consumed nothing: it would find it for ever");
                }
            }
            case Decoded.NeedMore<M> _ -> {
                if (there > s.context.maxMessageBytes()) {
                    return Decoded.need(there);
                }
                s.needed = there + 1;
                s.hungry = true;
            }
            case Decoded.Need<M>(long bytes) -> {
                if (bytes > s.context.maxMessageBytes()) {
                    return decoded;
                }
                if (bytes <= there) {
                    throw new IllegalStateException(messages + " asks for " + bytes + " bytes and there are " + there
                            + ": it would ask for ever");
                }
                s.needed = bytes;
                s.hungry = true;
            }
            case Decoded.Malformed<M> _ -> {}
        }
        return decoded;
    }

    private void inflate(Buffer in, State s) {
        // One more than a message may have tells that it is too long.
        final long room = s.context.maxMessageBytes() + 1L - s.inflated.readableBytes();
        final long before = s.inflated.readableBytes();
        try {
            s.more = s.unpacker.unpack(in, s.inflated, s.context.blocks(), Math.max(1, room));
        } catch (MalformedMessageException e) {
            s.more = false;
            s.failure = e;
            // Nothing can be made of the rest; messages before it are still handed on.
            in.skip(in.readableBytes());
        }
        if (s.inflated.readableBytes() > before) {
            s.hungry = false;
        }
        if (s.inflated.readableBytes() < s.needed && !messages.hasBuffered()) {
            s.hungry = true;
        }
    }

    @Override
    public boolean hasBuffered() {
        final State s = state();
        return s.inflated.readableBytes() > 0
                || s.more
                || s.failure != null
                || s.unpacker.isWithinPiece()
                || messages.hasBuffered();
    }

    @Override
    public void delivered(Reader in) {
        final State s = state();
        messages.delivered(s.inflated);
        s.inflated.release();
        if (s.inflated.readableBytes() == 0) {
            s.inflated.trim();
        }
    }

    // ---- encoding

    @Override
    public synchronized void encode(M message, Writer out) throws Exception {
        if (closed) {
            throw new IllegalStateException("The session is closed");
        }
        final State s = state();
        final int maxBytes = s.context.maxMessageBytes();
        try (Buffer plain = new Buffer(s.context.blocks());
                Buffer packed = new Buffer(s.context.blocks())) {
            plain.setBound(maxBytes);
            try {
                messages.encode(message, plain);
            } catch (BufferFullException _) {
                throw new MessageTooLongException(maxBytes + 1L, maxBytes);
            }
            final long most = s.packer.mostBytes(plain.pendingBytes());
            if (most > maxBytes) {
                // Now, since the peer has to get what has gone through the compressor.
                throw new MessageTooLongException(most, maxBytes);
            }
            s.packer.pack(plain, packed, s.context.blocks());
            ((Buffer) out).append(packed);
        }
    }

    @Override
    public boolean isOrdered() {
        return true;
    }

    @Override
    public boolean isTransient() {
        return messages.isTransient();
    }

    @Override
    public void discard(M message) {
        messages.discard(message);
    }

    @Override
    public synchronized void close() {
        if (!closed) {
            closed = true;
            final State s = state();
            s.packer.close();
            s.unpacker.close();
            s.inflated.close();
            s.more = false;
            s.hungry = true;
            messages.close();
        }
    }

    @Override
    public String toString() {
        return messages + " over " + compression;
    }
}
