// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

import io.hawser.buffer.Buffer;
import io.hawser.buffer.Reader;
import io.hawser.buffer.Slice;
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
public interface Framing {
    /**
     * Looks for the frame at the head of {@code in}, and consumes nothing.
     *
     * @param frame takes down where it lies
     * @return {@link Frame#at}, also of a frame that is not there in full; or {@link Decoded#needMore()}, or {@link Decoded#malformed}
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
     * Writes what comes after a body; nothing by default.
     *
     * @param out whose last {@code bodyBytes} pending bytes are the body. One that holds a delimiter must be refused, or what comes behind it
     *     would be taken for a message of its own
     * @throws IllegalArgumentException if this body cannot be framed
     */
    default void writeTrailer(Buffer out, long bodyBytes) {}

    /** Messages whose frames hold what {@code codec} says. */
    default <M> Codec<M> of(MessageCodec<M> codec) {
        return new FramedCodec<>(this, codec);
    }

    /** Frames as UTF-8; malformed input becomes U+FFFD. */
    default Codec<String> strings() {
        return of(Codecs.STRING);
    }

    /** Frames as arrays: copies. */
    default Codec<byte[]> bytes() {
        return of(Codecs.BYTES);
    }

    /** Frames as slices, without a copy; who gets one closes it, or appends it to a writer. */
    default Codec<Slice> slices() {
        return of(Codecs.SLICE);
    }

    /**
     * Frames as they lie in the inbound buffer, without a copy and without an allocation; each lives until the listener's callback returns,
     * so this is for listeners in the loop.
     */
    default Codec<Reader> frames() {
        return new FrameViewCodec(this);
    }
}
