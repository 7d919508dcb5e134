// SPDX-License-Identifier: Apache-2.0
package io.hawser.transport.nio;

/** What a selection key carries: whose turn it is when the key is ready. The loop's thread only. */
sealed interface Selectable permits NioListener, NioStream, NioDatagramPort {
    /**
     * Notes that the key is ready for {@code ops}, as in {@link java.nio.channels.SelectionKey#readyOps()}. Calls no sink.
     *
     * @return whether it was not in the queue of those to dispatch, and is to be put there
     */
    boolean mark(int ops);

    /**
     * Makes the calls that are possible now and tells the sink. What was noted may be out of date: the socket may have been
     * paused or closed since.
     *
     * @return how many completions it reported
     */
    int dispatch();
}
