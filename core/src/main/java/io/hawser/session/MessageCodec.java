// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

import io.hawser.buffer.Reader;
import io.hawser.buffer.Writer;

/**
 * What is in a message, where a {@link Framing} says where it ends. One serves all sessions, on several threads at once.
 *
 * @param <M> the type of messages
 */
public interface MessageCodec<M> {
    /**
     * Reads the one message that {@code frame} holds.
     *
     * @param frame all of the message and nothing else; what is left of it is an error. Its memory lives until the listener's callback
     *     returns
     * @throws Exception if it is none; the session is closed with a {@link MalformedMessageException}
     */
    M decode(Reader frame) throws Exception;

    /**
     * Writes a message.
     *
     * @throws Exception if it cannot be written; nothing is sent then
     */
    void encode(M message, Writer out) throws Exception;

    /**
     * How many bytes {@link #encode} will write, if that is cheap to tell; else -1, the default. It saves a copy where the length of the header
     * depends on that of the body.
     */
    default long encodedBytes(M message) {
        return -1;
    }

    /** As {@link Codec#isTransient()}. */
    default boolean isTransient() {
        return false;
    }
}
