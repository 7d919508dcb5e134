// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

/**
 * What a decoder has found at the head of the bytes.
 *
 * @param <M> the type of messages
 */
public sealed interface Decoded<M> {
    /**
     * A message, whose bytes have been consumed. The decoder is called again while bytes are left.
     *
     * @param message what was decoded
     */
    record Message<M>(M message) implements Decoded<M> {}

    /** Too few bytes to tell how long the message is. The decoder is called again when more have come. */
    record NeedMore<M>() implements Decoded<M> {
        private static final NeedMore<Object> INSTANCE = new NeedMore<>();
    }

    /**
     * The message's length is known, and not all of it is there. The decoder is not called again before {@code bytes} are readable; if that is
     * more than a message may have, the session is closed at once.
     *
     * @param bytes how many must be readable, those that are there included
     */
    record Need<M>(long bytes) implements Decoded<M> {}

    /**
     * No message can begin so. The session is closed with a {@link MalformedMessageException}.
     *
     * @param reason what is wrong, in a few words for a log
     */
    record Malformed<M>(String reason) implements Decoded<M> {}

    /** A {@link Message}. */
    static <M> Decoded<M> message(M message) {
        return new Message<>(message);
    }

    /** {@link NeedMore}, always the same one. */
    @SuppressWarnings("unchecked") // it holds no message
    static <M> Decoded<M> needMore() {
        return (Decoded<M>) NeedMore.INSTANCE;
    }

    /** {@link Need}. */
    static <M> Decoded<M> need(long bytes) {
        return new Need<>(bytes);
    }

    /** {@link Malformed}. */
    static <M> Decoded<M> malformed(String reason) {
        return new Malformed<>(reason);
    }
}
