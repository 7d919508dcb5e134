// SPDX-License-Identifier: Apache-2.0
package io.hawser.loop;

/** A thread that runs a loop for ever, and can be told by that from all others. */
final class LoopThread extends Thread {
    LoopThread(LoopDriver.Life loop) {
        super(null, loop::run, loop.name(), 0, false);
        setDaemon(true);
    }
}
