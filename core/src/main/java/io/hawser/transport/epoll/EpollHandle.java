// SPDX-License-Identifier: Apache-2.0
package io.hawser.transport.epoll;

/** Something registered with the epoll instance. */
abstract class EpollHandle {
    /** What comes back with an event: the place in the transport's table and a generation. */
    long key;

    /** Whether it stands in the transport's list of handles to look at again without a new event. */
    boolean inReadyList;

    /** Takes the events of one wait. */
    abstract void onEvents(int mask);

    /** Goes on with what a quota interrupted. */
    abstract void onReady();
}
