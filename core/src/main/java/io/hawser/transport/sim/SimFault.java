// SPDX-License-Identifier: Apache-2.0
package io.hawser.transport.sim;

/**
 * What the network does to its users. Each has a probability, by which it befalls the single operation that it is about; 0 unless
 * {@link SimNetwork#fault} says otherwise.
 */
public enum SimFault {
    /** A segment takes many times as long as others; what is behind it on the same connection waits. */
    DELAY(true),
    /** A receive gives fewer bytes than there are. */
    SHORT_READ(true),
    /** A send takes fewer bytes than there is room for. */
    SHORT_WRITE(true),
    /** A send finds no room, although there was some. */
    FULL_BUFFER(true),
    /** A send completes later, whether or not there is room, as with io_uring. */
    PENDING_SEND(true),
    /** The host takes something that has completed for incomplete, for one turn more. */
    LATE_COMPLETION(true),
    /** A pause finds bytes, or an end, on their way up, and those are still delivered. */
    LATE_PAUSE(true),
    /** A close completes later, since an operation was in flight. */
    LATE_CLOSE(true),
    /** A wait ends for no reason. */
    SPURIOUS_WAKEUP(true),
    /** ENOBUFS: no block for a receive, although the pool has some. */
    NO_BUFFER(true),
    /** A loop's thread is not scheduled for a while. */
    STALL(true),
    /** The clock is far ahead at once, as after a suspended machine. */
    CLOCK_JUMP(false),
    /** The connection is reset when a segment arrives, as by a router. */
    RESET(false),
    /** The peer is gone without a word when a segment arrives: half-open. */
    HALF_OPEN(false),
    /** Two hosts are cut off from each other for a while when a segment arrives. */
    PARTITION(false),
    /** A connect is refused, although somebody listens. */
    REFUSE(false),
    /** A connect gets no answer. */
    NO_ANSWER(false),
    /** EMFILE when a connection is to be made. */
    NO_DESCRIPTOR(false),
    /** EMFILE when one is to be accepted. */
    ACCEPT_EXHAUSTED(true),
    /** The system refuses to register an accepted socket. */
    ATTACH_FAILS(false),
    /** A peer resets the connection between the accept and the first byte. */
    ACCEPTED_GONE(false),
    /** A datagram is lost on its way. */
    DATAGRAM_LOST(true),
    /** A datagram comes twice. */
    DATAGRAM_DOUBLED(true),
    /** The system refuses to send a datagram. */
    DATAGRAM_REFUSED(true),
    /** A reset is reported to a receiver that is paused. */
    RESET_WHILE_PAUSED(true),
    /** A reset is reported before the bytes that came before it, which are lost. */
    RESET_OVERTAKES(false);

    private final boolean harmless;

    SimFault(boolean harmless) {
        this.harmless = harmless;
    }

    /** Whether it costs connections time alone: they neither end nor lose bytes by it. */
    public boolean isHarmless() {
        return harmless;
    }
}
