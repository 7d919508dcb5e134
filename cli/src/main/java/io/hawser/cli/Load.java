// SPDX-License-Identifier: Apache-2.0
package io.hawser.cli;

/** A load on one server, whose clients are connected. One thread, which must not be a loop. */
interface Load extends AutoCloseable {
    /** Begins to send. */
    void start() throws InterruptedException;

    /** How much of its time is left, in nanoseconds; 0 also if all clients are done or lost. */
    long remainingNs();

    /** How it stands. */
    LoadSample sample() throws InterruptedException;

    /** Ends the sending, waits a while for what is on its way, and tells how it went. */
    LoadResult finish() throws InterruptedException;

    /** Ends the clients. */
    @Override
    void close();
}
