// SPDX-License-Identifier: Apache-2.0
package io.hawser.tls;

import io.hawser.buffer.Buffer;
import java.util.Optional;
import javax.net.ssl.SSLException;

/**
 * One side of one TLS connection, without its socket: bytes go in, bytes come out. Whoever owns it moves {@code outgoing} to the peer,
 * also after a failure, since the alert that tells of it is queued there.
 *
 * <p><b>Order:</b> {@link #start} first. While {@link #task()} has one, only that is run, on whatever thread, and when it has returned
 * {@link #receive} is called again, be it with nothing new. After a failure only {@link #close()} is called, which is called once, last.
 *
 * <p><b>Bounds:</b> {@code receive} makes no more plaintext than it consumes of {@code incoming}, and keeps no more than one record of
 * its own. What a peer can send without data (empty records, KeyUpdate, warnings) is bounded: so many in a row are a failure.
 * Renegotiation is a failure, whoever wants it. An engine that waits for bytes holds no block, and as little memory as it can.
 *
 * <p><b>Thread:</b> the loop's, but for {@link #task()}'s.
 */
interface TlsEngine extends AutoCloseable {
    /** The most plaintext that one {@link #send} encrypts, so that what is encrypted and not sent is bounded. */
    int MAX_BATCH_BYTES = 64 * 1024;

    /** Begins the handshake: a client queues its ClientHello. */
    void start(Buffer outgoing) throws SSLException;

    /**
     * Takes what has come. Whole records are consumed; of one that has not come in full, any part may be left where it is.
     *
     * @param incoming what the peer has sent
     * @param plaintext gets what it meant
     * @param outgoing gets answers: of the handshake, to KeyUpdate, alerts
     * @throws SSLException if the peer broke the protocol, is not to be trusted, or sent a fatal alert, which the message names; an alert
     *     is in {@code outgoing} where one is to be sent. What is in {@code plaintext} came before it
     * @throws io.hawser.buffer.PoolExhaustedException if there is no memory for what the next record brings: it is where it was, and this may be
     *     called again. Where it is too late for that, as when there is none for an answer, it is the cause of a {@code SSLException}
     */
    void receive(Buffer incoming, Buffer plaintext, Buffer outgoing) throws SSLException;

    /**
     * Encrypts from the head of {@code plaintext}, which is left as it is: its owner removes what was sent. Once {@link #isEstablished()}.
     *
     * @param plaintext holds at least one byte, none of which has been encrypted before
     * @return how many bytes were encrypted, 1 to {@link #MAX_BATCH_BYTES}
     * @throws SSLException if nothing more can be sent: this side has ended, or the peer of TLS 1.2 has, whose end is one for both
     */
    int send(Buffer plaintext, Buffer outgoing) throws SSLException;

    /** Queues close_notify, once; also during the handshake. Receiving goes on. */
    void closeOutput(Buffer outgoing) throws SSLException;

    /** Whether the handshake is done: data may be sent, and what {@link #session()} says is final. */
    boolean isEstablished();

    /** Whether the peer's close_notify has come. */
    boolean isInputClosed();

    /** What takes long and may run on another thread, and has to before anything goes on. It must not throw. Each is got once. */
    Optional<Runnable> task();

    /** What was agreed; once {@link #isEstablished()}. */
    TlsSession session();

    /** Gives all memory back; sends nothing. */
    @Override
    void close();
}
