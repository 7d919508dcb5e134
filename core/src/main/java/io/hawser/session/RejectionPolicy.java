// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

/** What happens to a message for whose task there is no room in the {@link TaskPool}. */
public enum RejectionPolicy {
    /** It waits, and its session receives nothing until there is room: the peer is held back by its TCP window. The default. */
    BLOCK,
    /** It is dropped, and the listener is told by {@link EventListener#onError}. */
    REJECT,
    /** Its task runs on the loop. For listeners that may run there at need. */
    CALLER_RUNS,
    /** Its session is closed with {@link io.hawser.connection.CloseCause.Kind#LIMIT}. */
    CLOSE
}
