// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

import io.hawser.buffer.Buffer;
import io.hawser.buffer.Reader;
import io.hawser.buffer.Writer;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** Messages in frames. */
final class FramedCodec<M> implements Codec<M> {
    private final Framing framing;
    private final MessageCodec<M> messages;
    private final @Nullable CodecContext context;
    private final Frame frame;

    FramedCodec(Framing framing, MessageCodec<M> messages) {
        this(framing, messages, null);
    }

    private FramedCodec(Framing framing, MessageCodec<M> messages, @Nullable CodecContext context) {
        this.framing = framing;
        this.messages = messages;
        this.context = context;
        this.frame = new Frame(context == null ? 1 : context.maxMessageBytes());
    }

    @Override
    public Codec<M> forSession(CodecContext session) {
        return new FramedCodec<>(framing, messages, session);
    }

    private CodecContext context() {
        if (context == null) {
            throw new IllegalStateException("A framed codec is used through forSession()");
        }
        return context;
    }

    @Override
    public Decoded<M> decode(Reader in) throws Exception {
        context();
        return switch (find(framing, in, frame)) {
            case Decoded.Message<Frame>(Frame found) -> message((Buffer) in, found);
            case Decoded.NeedMore<Frame> _ -> Decoded.needMore();
            case Decoded.Need<Frame>(long bytes) -> Decoded.need(bytes);
            case Decoded.Malformed<Frame>(String reason) -> Decoded.malformed(reason);
        };
    }

    /** A frame that is there in full and not too long, or why there is none. */
    static Decoded<Frame> find(Framing framing, Reader in, Frame frame) {
        final Decoded<Frame> found = framing.find(in, frame);
        if (found instanceof Decoded.Message<Frame>
                && (frame.totalBytes() > in.readableBytes() || frame.totalBytes() > frame.maxBytes())) {
            // Too long is told in the same way: whoever asked for it refuses to wait for so much.
            return Decoded.need(frame.totalBytes());
        }
        return found;
    }

    private Decoded<M> message(Buffer in, Frame found) throws Exception {
        in.skip(found.bodyAt());
        final long outer = in.limit(found.bodyBytes());
        final M message;
        final long left;
        try {
            message = messages.decode(in);
            left = in.readableBytes();
        } finally {
            in.unlimit(outer);
        }
        if (left > 0) {
            discard(message);
            return Decoded.malformed("the message has ended, and its frame has " + left + " more bytes");
        }
        in.skip(found.totalBytes() - found.bodyAt() - found.bodyBytes());
        return Decoded.message(message);
    }

    @Override
    public void encode(M message, Writer out) throws Exception {
        final Buffer target = (Buffer) out;
        final long known = messages.encodedBytes(message);
        if (known >= 0 || framing.hasFixedHeader()) {
            encodeInPlace(message, target, known);
        } else {
            try (Buffer body = new Buffer(context().blocks())) {
                body.setBound(context().maxMessageBytes());
                messages.encode(message, body);
                write(framing, body, target);
            }
        }
    }

    /** Reserves the header, writes the body behind it, and then fills the header in. */
    private void encodeInPlace(M message, Buffer out, long known) throws Exception {
        final MemorySegment header = known < 0 ? out.reserve(framing.headerBytes()) : null;
        if (header == null) {
            framing.writeHeader(known, out);
        }
        final long before = out.writePosition();
        messages.encode(message, out);
        final long bytes = out.writePosition() - before;
        if (header != null) {
            framing.writeHeader(bytes, header);
        } else if (bytes != known) {
            throw new IllegalStateException(
                    messages.getClass().getName() + " announced " + known + " bytes and wrote " + bytes);
        }
        framing.writeTrailer(out, bytes);
    }

    /** Frames all of a body, which is consumed. */
    static void write(Framing framing, Buffer body, Buffer out) {
        final long bytes = body.readableBytes();
        framing.writeHeader(bytes, out);
        out.append(body);
        framing.writeTrailer(out, bytes);
    }

    @Override
    public boolean isTransient() {
        return messages.isTransient();
    }

    @Override
    public String toString() {
        return messages + " in " + framing;
    }
}
