// SPDX-License-Identifier: Apache-2.0
package io.hawser.loop;

/** Something that has bytes to send at the end of the turn. */
public interface Flushable {
    /** Sends. The loop's thread, once for each {@link EventLoop#flushLater}; must not throw. */
    void flush();
}
