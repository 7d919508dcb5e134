// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import java.util.Optional;

/**
 * Why a connection was closed.
 *
 * @param kind what kind of end it was
 * @param error the failure behind it, where there is one
 */
public record CloseCause(Kind kind, Optional<Throwable> error) {
    /** Kinds of ends. */
    public enum Kind {
        /** The peer closed in the ordinary way (FIN). */
        PEER_CLOSED,
        /** The peer reset the connection, or answered with a reset. */
        RESET,
        /** A timeout passed, of Hawser's or the kernel's. */
        TIMED_OUT,
        /** This side closed it. */
        LOCAL,
        /** The handler threw, or the operating system reported an error. */
        ERROR,
        /** A limit was passed: too many bytes that nobody reads, or that nobody takes. */
        LIMIT,
        /** The server or the engine was shut down. */
        SHUTDOWN,
        /** {@link Connection#detach} took the socket out of the engine; the peer notices nothing. */
        DETACHED
    }

    static CloseCause of(Kind kind) {
        return new CloseCause(kind, Optional.empty());
    }

    static CloseCause of(Kind kind, Throwable error) {
        return new CloseCause(kind, Optional.of(error));
    }

    @Override
    public String toString() {
        return error.map(e -> kind + " (" + e.getMessage() + ")").orElse(kind.name());
    }
}
