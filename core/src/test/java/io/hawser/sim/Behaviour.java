// SPDX-License-Identifier: Apache-2.0
package io.hawser.sim;

/** What a handler does, once its caller has been checked; for one connection. */
abstract class Behaviour {
    void open(Tracked tracked) throws Exception {}

    /** There are unread bytes, which have been looked at. */
    abstract void data(Tracked tracked) throws Exception;

    void writable(Tracked tracked) throws Exception {}

    void end(Tracked tracked) throws Exception {
        tracked.close();
    }

    void closed(Tracked tracked) throws Exception {}

    /** Whether it has done, once all is quiet, what it had to do. */
    boolean isFinished() {
        return true;
    }
}
