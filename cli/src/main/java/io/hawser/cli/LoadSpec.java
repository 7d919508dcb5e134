// SPDX-License-Identifier: Apache-2.0
package io.hawser.cli;

import io.hawser.connection.Address;
import org.jspecify.annotations.Nullable;

/**
 * What load to make. Immutable. A connection is a UDP socket where the address says so.
 *
 * @param address the echo server
 * @param connections how many connections
 * @param inFlight in a closed loop how many messages of a connection wait for their answers at any time; else the most that may
 * @param size of a message, in bytes
 * @param pacing what makes a client send
 * @param rate messages a second over all connections; of a closed loop 0
 * @param warmupNs how long to run before anything is measured
 * @param durationNs how long to measure
 * @param answerTimeoutNs after how long a datagram that has not come back is taken for lost; of a number of messages over streams, after how
 *     long a silence no more answers are waited for
 * @param framing in what each message is put; null for nothing but its bytes
 * @param requests after how many messages a connection is done; 0 if only the time ends it
 * @param http what is got over HTTP in place of an echo; null for an echo
 * @param rampNs over how long connections are opened, each of which sends at once; 0 if all are there before anything is sent
 */
record LoadSpec(
        Address address,
        int connections,
        int inFlight,
        int size,
        Pacing pacing,
        double rate,
        long warmupNs,
        long durationNs,
        long answerTimeoutNs,
        @Nullable NamedFraming framing,
        @Nullable HttpTarget http,
        long requests,
        long rampNs) {

    /** What makes a client send the next message. */
    enum Pacing {
        /** An answer to the last one. The latency counts from the sending. */
        CLOSED_LOOP,
        /** The clock, whatever comes back. The latency counts from the time at which the message was due. */
        OPEN_LOOP,
        /** The loop's timers, without polling in between. The latency counts from the sending. */
        TIMER
    }

    /** What {@link #answerTimeoutNs} is unless somebody says otherwise. */
    static final long ANSWER_TIMEOUT_NS = 1_000_000_000;

    /** A duration that something else will end; far from overflowing with those that are added to it. */
    static final long UNBOUNDED_NS = Long.MAX_VALUE / 4;

    /** From the opening of the first connection to the end. */
    long allNs() {
        return rampNs + warmupNs + durationNs;
    }

    /** The most bytes that a message has on the wire. */
    long wireBytes() {
        if (http != null) {
            return http.head().length();
        }
        return framing == null ? size : framing.frameBytes(size);
    }

    /** What the load is made on, as the user has named it. */
    String target() {
        return http == null ? address.toString() : http.uri();
    }

    /** What to call a connection. */
    String connectionNoun() {
        return address.isUdp() ? "socket" : "connection";
    }

    /** What to call a message. */
    String messageNoun() {
        return http != null ? "request" : address.isUdp() ? "datagram" : "message";
    }

    /** The most bytes of one connection that can be on their way. */
    long inFlightBytes() {
        return inFlight * wireBytes();
    }
}
