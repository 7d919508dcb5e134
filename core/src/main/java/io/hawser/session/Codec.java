// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

import io.hawser.buffer.Reader;
import io.hawser.buffer.Writer;
import io.hawser.connection.CloseCause;
import io.hawser.connection.Connection;
import java.time.Duration;
import java.util.Optional;

/**
 * Cuts a stream into messages, and makes messages bytes. {@link Codecs} has ready-made ones; who knows where a message ends and wants to say
 * only what is in it writes a {@link MessageCodec} for a {@link Framing}.
 *
 * <pre>{@code
 * final class Temperatures implements Codec<Integer> {
 *     public Decoded<Integer> decode(Reader in) {
 *         return in.readableBytes() < 4 ? Decoded.need(4) : Decoded.message(in.readInt());
 *     }
 *
 *     public void encode(Integer message, Writer out) {
 *         out.writeInt(message);
 *     }
 * }
 * }</pre>
 *
 * <p><b>State:</b> one codec serves all sessions of an endpoint, on several threads at once. One that keeps something for a session says so
 * with {@link #forSession}.
 *
 * @param <M> the type of messages
 */
public interface Codec<M> {
    /**
     * Looks for a message at the head of {@code in}. On the session's loop.
     *
     * @param in what has come and was not consumed; one byte at least. Memory of it that the message refers to lives until the listener's
     *     callback returns, so a message that lives longer copies it or takes a {@link Reader#slice}
     * @return a message, of which {@code in} has consumed at least one byte; or why there is none, and then {@code in} has consumed only what a
     *     codec with state keeps
     * @throws Exception if the bytes are no message, as {@link Decoded#malformed}
     */
    Decoded<M> decode(Reader in) throws Exception;

    /**
     * Writes a message. On the thread that sends: in the loop straight into the outbound buffer, elsewhere into a buffer of its own. When it
     * fails, nothing of what it has written is sent.
     *
     * @param out neither kept nor flushed
     * @throws Exception if this message cannot be written
     */
    void encode(M message, Writer out) throws Exception;

    /**
     * The codec of one session: this one by default. One that has state returns a new one, whose {@code decode} is called on the loop only.
     * Called on the loop, before the session opens.
     */
    default Codec<M> forSession(CodecContext context) {
        return this;
    }

    /**
     * What is to be said on a connection before its session opens. It makes the session's codec, and {@link #forSession} is not asked for one. On
     * the connection's loop. By default nothing.
     */
    default Optional<Handshake<M>> handshake(Connection connection) {
        return Optional.empty();
    }

    /**
     * The session is made, and its listener has not been asked yet: for a codec that keeps something with it, or sends of its own accord, through
     * {@link Session#connection()}. Of the codec of one session, on the loop.
     */
    default void opens(Session<M> session) {}

    /**
     * The session is going to be closed, and sends no messages any more; those that it has sent are queued. Here is the place for a last word,
     * through {@link Connection#send(byte[])}, which has them go first. On the loop, once; not where the connection is gone already.
     *
     * @param cause why: {@link CloseCause.Kind#LOCAL} for {@link Session#close()}, {@link CloseCause.Kind#PEER_CLOSED} after the peer's end or
     *     {@link #hasEnded}, {@link CloseCause.Kind#SHUTDOWN}, or a failure
     * @return how long to wait for the peer's last word, while {@link #decode} is still asked; the connection is closed when {@link #hasEnded}, or
     *     when the peer closes it. Zero closes it at once, as a failure and a shutdown do anyway. By default zero
     */
    default Duration closes(CloseCause cause) {
        return Duration.ZERO;
    }

    /**
     * Whether the peer has said goodbye, though its connection is open: what comes from it is ignored, and the session is closed when what it sent
     * before has been handled. Asked on the loop after a {@link #decode} that found no message. Default no.
     */
    default boolean hasEnded() {
        return false;
    }

    /**
     * Whether messages must be sent in the order in which they were encoded, since the coder keeps state from one to the next. Then no two
     * threads encode for one session at once. Default no.
     */
    default boolean isOrdered() {
        return false;
    }

    /**
     * Whether what it consumes for a message says nothing of how long that is, and the codec itself sees to it that none is longer than
     * {@link CodecContext#maxMessageBytes()}. By default, if it {@link #isOrdered}.
     */
    default boolean isSelfLimiting() {
        return isOrdered();
    }

    /**
     * Whether it keeps bytes that it has consumed, so that {@link #decode} may find a message although nothing new has come. A stream that ends
     * while it does has ended within a message. Default no.
     */
    default boolean hasBuffered() {
        return false;
    }

    /**
     * Whether a message lives no longer than the callback that it is given to: then listeners run in the loop, and a task pool is refused.
     * Default no.
     */
    default boolean isTransient() {
        return false;
    }

    /**
     * The listener has returned from the message that {@link #decode} gave last, or a task pool has it: what was kept for it can go. On the loop;
     * also after {@link #close}, if the listener has ended the session.
     */
    default void delivered(Reader in) {}

    /**
     * The listener has returned from a message; what it holds that is not to live longer can go. Wherever the listener runs; of the endpoint's codec.
     */
    default void handled(M message) {}

    /**
     * Frees what a message holds that no listener will see, since its session has ended or its task was rejected. By default closes what is
     * {@link AutoCloseable}.
     */
    default void discard(M message) {
        if (message instanceof AutoCloseable closeable) {
            try {
                closeable.close();
            } catch (Exception e) {
                throw new IllegalStateException("A message could not be discarded", e);
            }
        }
    }

    /**
     * The session is over: frees what {@link #forSession} made. On the loop, once; another thread may be encoding, whose message is not sent any
     * more.
     */
    default void close() {}
}
