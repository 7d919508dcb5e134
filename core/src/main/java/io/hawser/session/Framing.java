// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

import io.hawser.buffer.Buffer;
import io.hawser.buffer.Reader;
import io.hawser.buffer.Writer;
import java.lang.foreign.MemorySegment;

/**
 * How a stream is cut into frames. {@link Codecs} has the usual ones. One serves all sessions, on several threads at once, so it keeps no
 * state.
 *
 * <pre>{@code
 * Codec<String> lines = Codecs.line().strings();
 * Codec<Order> orders = Codecs.lengthField(4).of(new OrderCodec());
 * Codec<Order> small = Codecs.lengthField(4).compressed(Compression.deflate(6)).of(new OrderCodec());
 * }</pre>
 */
public non-sealed interface Framing extends Framed {
    /**
     * Looks for the frame at the head of {@code in}, and consumes nothing.
     *
     * @param frame takes down where it lies, or how far it was searched for
     * @return {@link Frame#at}, also of a frame that is not there in full; or {@link Frame#searched} or {@link Decoded#needMore()}; or
     *     {@link Decoded#malformed}
     */
    Decoded<Frame> find(Reader in, Frame frame);

    /** The most bytes that come before a body. */
    int headerBytes();

    /** Whether there are always {@link #headerBytes()} of them; default yes. */
    default boolean hasFixedHeader() {
        return true;
    }

    /**
     * Writes what comes before a body.
     *
     * @param bodyBytes how long the body is
     * @param header {@link #headerBytes()} long; filled from its start
     * @return how many bytes of it are used
     * @throws IllegalArgumentException if a body of that length cannot be framed
     */
    int writeHeader(long bodyBytes, MemorySegment header);

    /**
     * Writes what comes before a body, where its length is known before it is written; by default through {@link #writeHeader(long, MemorySegment)}.
     * For headers that {@code out} can write as a number.
     *
     * @param bodyBytes how long the body will be
     * @throws IllegalArgumentException if a body of that length cannot be framed; nothing has been written then
     */
    default void writeHeader(long bodyBytes, Writer out) {
        final int most = headerBytes();
        if (most > 0) {
            out.keep(writeHeader(bodyBytes, out.reserve(most)));
        }
    }

    /**
     * Writes what comes after a body; nothing by default.
     *
     * @param out whose last {@code bodyBytes} pending bytes are the body. One that holds a delimiter must be refused, or what comes behind it
     *     would be taken for a message of its own
     * @throws IllegalArgumentException if this body cannot be framed
     */
    default void writeTrailer(Buffer out, long bodyBytes) {}

    /**
     * The same frames, the body of each compressed by itself. {@link Compression#none()} adds nothing at all.
     *
     * @throws IllegalArgumentException if the frames are not the sender's, as those of {@link Codecs#raw()}
     */
    default Framed compressed(Compression compression) {
        return compression.isNone() ? this : new CompressedFraming(this, compression);
    }

    @Override
    default <M> Codec<M> of(MessageCodec<M> codec) {
        return new FramedCodec<>(this, codec);
    }

    /**
     * Frames as they lie in the inbound buffer, without a copy and without an allocation; each lives until the listener's callback returns,
     * so this is for listeners in the loop.
     */
    default Codec<Reader> frames() {
        return new FrameViewCodec(this);
    }
}
