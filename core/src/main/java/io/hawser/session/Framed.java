// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

import io.hawser.buffer.Slice;
import java.nio.charset.Charset;

/** Frames to put messages into: a {@link Framing}, or one whose bodies are compressed. Immutable. */
public sealed interface Framed permits Framing, CompressedFraming {
    /** Messages whose frames hold what {@code codec} says. */
    <M> Codec<M> of(MessageCodec<M> codec);

    /** Frames as UTF-8; malformed input becomes U+FFFD. */
    default Codec<String> strings() {
        return of(Codecs.STRING);
    }

    /** Frames as text; what is malformed or cannot be encoded is replaced as {@link String#getBytes(Charset)} does. */
    default Codec<String> strings(Charset charset) {
        return of(Codecs.strings(charset));
    }

    /** Frames as arrays: copies. */
    default Codec<byte[]> bytes() {
        return of(Codecs.BYTES);
    }

    /** Frames as slices, without a copy; who gets one closes it, or appends it to a writer. */
    default Codec<Slice> slices() {
        return of(Codecs.SLICE);
    }
}
