// SPDX-License-Identifier: Apache-2.0
package io.hawser.transport;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * A way to send sockets to another process of this machine, over unix sockets of its own (SCM_RIGHTS, unix(7)). It blocks, so it is not for
 * loops. Stateless; any thread.
 */
public interface SocketPassing {
    /**
     * Listens at {@code path}, which must not exist; only the user of this process may connect (mode 0600).
     *
     * @throws java.net.BindException if the path is taken, too long, or forbidden
     */
    Listener listen(Path path) throws IOException;

    /**
     * Goes on listening on what another process has listened on, which belongs to the listener from now on, whatever the outcome.
     *
     * @throws IOException if it is no listening unix socket
     */
    Listener adopt(PassedSocket socket) throws IOException;

    /**
     * Connects to who listens at {@code path}; empty if nobody does.
     *
     * @throws IOException for any other failure, and if the process there belongs to another user
     */
    Optional<Channel> connect(Path path) throws IOException;

    /** Where other processes connect. {@link #stop()} is for any thread, all else for one at a time. */
    interface Listener extends AutoCloseable {
        /**
         * Waits for a process of this user to connect; others are hung up on. Empty after {@link #stop()}.
         *
         * @throws IOException if the system cannot go on
         */
        Optional<Channel> accept() throws IOException;

        /** A duplicate of the listening socket, to be passed on. */
        PassedSocket duplicate() throws IOException;

        /** Ends {@link #accept}, and the waits of the channels that came from it with an {@link IOException}, now and for ever. */
        void stop();

        /** Closes the descriptor, not the channels. The file stays. */
        @Override
        void close();
    }

    /** A connection with another process. One thread. */
    interface Channel extends AutoCloseable {
        /**
         * Sends all of {@code bytes}, the descriptors of {@code sockets} with the first of them. The sockets stay the caller's.
         *
         * @param bytes at least one
         * @param sockets at most {@link #MAX_SOCKETS}
         * @param time after which it gives up
         * @throws java.net.SocketTimeoutException if the other side does not take it in time
         * @throws IOException if the other side is gone, or the system refuses
         */
        void send(byte[] bytes, List<? extends PassedSocket> sockets, Duration time) throws IOException;

        /**
         * Receives some bytes and the descriptors that came with them.
         *
         * @param sockets to which they are added; they are the caller's, also when this throws
         * @return how many bytes; -1 at the end
         * @throws java.net.SocketTimeoutException if nothing comes in time
         * @throws IOException if the connection failed, or descriptors came for which there was no room here or in the process
         */
        int receive(byte[] into, int offset, int length, List<PassedSocket> sockets, Duration time) throws IOException;

        /** Closes the connection. A second call does nothing. */
        @Override
        void close();
    }

    /** The most sockets that go with one {@link Channel#send}. */
    int MAX_SOCKETS = 64;
}
