// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import java.util.Comparator;

/** By what {@link Engine#connections} sorts. Connections that are equal in it are sorted by their number. */
public enum ConnectionOrder {
    /** Their numbers. */
    ID,
    /** The address of the other side, as text. */
    PEER,
    /** The address of this side, as text. */
    LOCAL,
    /** What serves them. */
    HANDLER,
    /** The names of their loops. */
    LOOP,
    /** What they are at. */
    STATE,
    /** What TLS has agreed on, as text: the version first. */
    TLS,
    /** What was received. */
    BYTES_IN,
    /** What was sent. */
    BYTES_OUT,
    /** What is pending. */
    PENDING,
    /** What is not read. */
    UNREAD,
    /** How long they have been there. */
    AGE;

    /** A total order: no two connections are equal. */
    public Comparator<ConnectionSnapshot> comparator() {
        final Comparator<ConnectionSnapshot> own = switch (this) {
            case ID -> Comparator.comparingLong(ConnectionSnapshot::id);
            case PEER -> Comparator.comparing(ConnectionSnapshot::peer);
            case LOCAL -> Comparator.comparing(ConnectionSnapshot::local);
            case HANDLER -> Comparator.comparing(ConnectionSnapshot::handler);
            case LOOP -> Comparator.comparing(ConnectionSnapshot::loop);
            case STATE -> Comparator.comparing(ConnectionSnapshot::state);
            case TLS -> Comparator.comparing(ConnectionSnapshot::tlsText);
            case BYTES_IN -> Comparator.comparingLong(ConnectionSnapshot::bytesIn);
            case BYTES_OUT -> Comparator.comparingLong(ConnectionSnapshot::bytesOut);
            case PENDING -> Comparator.comparingLong(ConnectionSnapshot::pendingBytes);
            case UNREAD -> Comparator.comparingLong(ConnectionSnapshot::unreadBytes);
            case AGE -> Comparator.comparing(ConnectionSnapshot::age);
        };
        return own.thenComparingLong(ConnectionSnapshot::id);
    }
}
