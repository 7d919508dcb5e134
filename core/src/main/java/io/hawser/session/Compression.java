// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

import java.util.zip.Deflater;

/**
 * How messages are compressed: each by itself with {@link Framing#compressed}, or a whole stream with {@link Codecs#compressedStream}. Immutable.
 *
 * <p>What a message inflates to is bounded by the length that a message may have, and inflating stops there.
 */
public final class Compression {
    private static final Compression NONE = new Compression(Kind.NONE, 0);
    private static final Compression SNAPPY = new Compression(Kind.SNAPPY, 0);

    private enum Kind {
        NONE,
        DEFLATE,
        SNAPPY
    }

    private final Kind kind;
    private final int level;

    private Compression(Kind kind, int level) {
        this.kind = kind;
        this.level = level;
    }

    /** Not at all. */
    public static Compression none() {
        return NONE;
    }

    /**
     * As RFC 1951 says, without a header or a checksum. A stream is flushed after every message by an empty block, as zlib's
     * {@code Z_SYNC_FLUSH} and Go's {@code Flush} do it.
     *
     * @param level 0 (stored) to 9 (smallest)
     * @throws IllegalArgumentException for another level
     */
    public static Compression deflate(int level) {
        if (level < Deflater.NO_COMPRESSION || level > Deflater.BEST_COMPRESSION) {
            throw new IllegalArgumentException("A level of 0 to 9: " + level);
        }
        return new Compression(Kind.DEFLATE, level);
    }

    /**
     * As Google's snappy does it: a message is a block of its {@code format_description.txt}, of 16 MiB inflated at most; a stream is as
     * {@code framing_format.txt} says, with checksums, a chunk or more for every message.
     */
    public static Compression snappy() {
        return SNAPPY;
    }

    boolean isNone() {
        return kind == Kind.NONE;
    }

    MessagePacker newMessagePacker() {
        return switch (kind) {
            case DEFLATE -> new DeflateMessagePacker(level);
            case SNAPPY -> new SnappyMessagePacker();
            case NONE -> throw new IllegalStateException("Nothing to compress with");
        };
    }

    StreamPacker newStreamPacker() {
        return switch (kind) {
            case DEFLATE -> new DeflateStreamPacker(level);
            case SNAPPY -> new SnappyStreamPacker();
            case NONE -> throw new IllegalStateException("Nothing to compress with");
        };
    }

    StreamUnpacker newStreamUnpacker() {
        return switch (kind) {
            case DEFLATE -> new DeflateStreamUnpacker();
            case SNAPPY -> new SnappyStreamUnpacker();
            case NONE -> throw new IllegalStateException("Nothing to inflate with");
        };
    }

    @Override
    public String toString() {
        return switch (kind) {
            case NONE -> "none";
            case DEFLATE -> "deflate " + level;
            case SNAPPY -> "snappy";
        };
    }
}
