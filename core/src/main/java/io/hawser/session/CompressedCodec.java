// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

import io.hawser.buffer.Buffer;
import io.hawser.buffer.BufferFullException;
import io.hawser.buffer.Reader;
import io.hawser.buffer.Writer;
import org.jspecify.annotations.Nullable;

/** Messages in frames, each compressed by itself. */
final class CompressedCodec<M> implements Codec<M> {
    private final Framing framing;
    private final PackerPool packers;
    private final MessageCodec<M> messages;
    private final @Nullable State state;

    /** What a session has. */
    private record State(CodecContext context, Frame frame, Buffer inflated) {}

    CompressedCodec(Framing framing, PackerPool packers, MessageCodec<M> messages) {
        this(framing, packers, messages, null);
    }

    private CompressedCodec(Framing framing, PackerPool packers, MessageCodec<M> messages, @Nullable State state) {
        this.framing = framing;
        this.packers = packers;
        this.messages = messages;
        this.state = state;
    }

    @Override
    public Codec<M> forSession(CodecContext context) {
        packers.sessionBegins();
        return new CompressedCodec<>(
                framing,
                packers,
                messages,
                new State(context, new Frame(context.maxMessageBytes()), new Buffer(context.blocks())));
    }

    private State state() {
        if (state == null) {
            throw new IllegalStateException("A compressed codec is used through forSession()");
        }
        return state;
    }

    @Override
    public Decoded<M> decode(Reader in) throws Exception {
        return switch (FramedCodec.find(framing, in, state().frame())) {
            case Decoded.Message<Frame>(Frame found) -> message((Buffer) in, found);
            case Decoded.NeedMore<Frame> _ -> Decoded.needMore();
            case Decoded.Need<Frame>(long bytes) -> Decoded.need(bytes);
            case Decoded.Malformed<Frame>(String reason) -> Decoded.malformed(reason);
        };
    }

    private Decoded<M> message(Buffer in, Frame found) throws Exception {
        final int maxBytes = state().context().maxMessageBytes();
        in.skip(found.bodyAt());
        final long bytes = inflate(in, found.bodyBytes(), maxBytes);
        if (bytes > maxBytes) {
            return Decoded.need(bytes);
        }
        in.skip(found.totalBytes() - found.bodyAt() - found.bodyBytes());
        final Buffer inflated = state().inflated();
        final M message = messages.decode(inflated);
        final long left = inflated.readableBytes();
        if (left > 0) {
            discard(message);
            return Decoded.malformed("the message has ended, and its frame has " + left + " more bytes");
        }
        return Decoded.message(message);
    }

    private long inflate(Buffer in, long bodyBytes, int maxBytes) throws MalformedMessageException {
        final MessagePacker packer = packers.take();
        final long outer = in.limit(bodyBytes);
        try {
            return packer.unpack(in, state().inflated(), state().context().blocks(), maxBytes);
        } finally {
            in.unlimit(outer);
            packers.give(packer);
        }
    }

    @Override
    public void delivered(Reader in) {
        state().inflated().trim();
    }

    @Override
    public void encode(M message, Writer out) throws Exception {
        final CodecContext context = state().context();
        final Buffer target = (Buffer) out;
        try (Buffer plain = new Buffer(context.blocks());
                Buffer packed = new Buffer(context.blocks())) {
            encode(message, plain, context.maxMessageBytes());
            final MessagePacker packer = packers.take();
            try {
                packer.pack(plain, packed, context.blocks());
            } finally {
                packers.give(packer);
            }
            FramedCodec.write(framing, packed, target);
        }
    }

    private void encode(M message, Buffer plain, int maxBytes) throws Exception {
        plain.setBound(maxBytes);
        try {
            messages.encode(message, plain);
        } catch (BufferFullException _) {
            throw new MessageTooLongException(maxBytes + 1L, maxBytes);
        }
    }

    @Override
    public boolean isTransient() {
        return messages.isTransient();
    }

    @Override
    public void close() {
        state().inflated().close();
        packers.sessionEnds();
    }

    @Override
    public String toString() {
        return messages + " in " + framing + " with " + packers;
    }
}
