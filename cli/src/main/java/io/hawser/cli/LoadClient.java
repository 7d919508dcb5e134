// SPDX-License-Identifier: Apache-2.0
package io.hawser.cli;

/** One client of a load, as its loop and its schedule see it. The thread of its loop. */
interface LoadClient {
    /** Its place in the order of all clients of the load. */
    int index();

    void setIndex(int place);

    /** From now on {@code schedule} says when messages are due. */
    void paceBy(Pacer schedule);

    boolean isOpen();

    /** Messages that have been due, and of which it is not known yet what became of them; 0 of a lost client. */
    long unanswered();

    /** What became of its datagrams; nothing of a stream. */
    DatagramCounts datagrams();

    /** One more message is due, by the clock. */
    void messageDue(long nowNs);

    /** Sends as much as may be sent now. */
    void sendMore(long nowNs);
}
