// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

import io.hawser.buffer.Buffer;
import io.hawser.buffer.Reader;
import io.hawser.buffer.Writer;
import org.jspecify.annotations.Nullable;

/** Frames as they lie in the inbound buffer, which is shown to the listener up to the end of the frame. */
final class FrameViewCodec implements Codec<Reader> {
    private final Framing framing;
    private final Frame frame;
    private @Nullable Decoded<Reader> shown;
    private long outerLimit;

    FrameViewCodec(Framing framing) {
        this(framing, 1);
    }

    private FrameViewCodec(Framing framing, int maxBytes) {
        this.framing = framing;
        this.frame = new Frame(maxBytes);
    }

    @Override
    public Codec<Reader> forSession(CodecContext context) {
        return new FrameViewCodec(framing, context.maxMessageBytes());
    }

    @Override
    public Decoded<Reader> decode(Reader in) {
        return switch (FramedCodec.find(framing, in, frame)) {
            case Decoded.Message<Frame> _ -> show((Buffer) in);
            case Decoded.NeedMore<Frame> _ -> Decoded.needMore();
            case Decoded.Need<Frame>(long bytes) -> Decoded.need(bytes);
            case Decoded.Malformed<Frame>(String reason) -> Decoded.malformed(reason);
        };
    }

    private Decoded<Reader> show(Buffer in) {
        in.skip(frame.bodyAt());
        outerLimit = in.limit(frame.bodyBytes());
        Decoded<Reader> message = shown;
        if (message == null) {
            // It is the same buffer each time.
            message = Decoded.message(in);
            shown = message;
        }
        return message;
    }

    @Override
    public void delivered(Reader in) {
        final Buffer buffer = (Buffer) in;
        buffer.skip(buffer.readableBytes());
        buffer.unlimit(outerLimit);
        buffer.skip(frame.totalBytes() - frame.bodyAt() - frame.bodyBytes());
    }

    @Override
    public void encode(Reader message, Writer out) {
        FramedCodec.write(framing, (Buffer) message, (Buffer) out);
    }

    @Override
    public boolean isTransient() {
        return true;
    }

    @Override
    public void discard(Reader message) {}

    @Override
    public String toString() {
        return "frames of " + framing;
    }
}
