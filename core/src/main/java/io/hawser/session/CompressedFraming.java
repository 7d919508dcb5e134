// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

/** Frames whose bodies are compressed, each by itself. Immutable. */
final class CompressedFraming implements Framed {
    private final Framing framing;
    private final Compression compression;

    CompressedFraming(Framing framing, Compression compression) {
        this.framing = framing;
        this.compression = compression;
    }

    @Override
    public <M> Codec<M> of(MessageCodec<M> codec) {
        return new CompressedCodec<>(framing, new PackerPool(compression), codec);
    }

    @Override
    public String toString() {
        return framing + " with " + compression;
    }
}
