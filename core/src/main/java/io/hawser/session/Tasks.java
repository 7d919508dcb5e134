// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

/** The ready-made {@link TaskPool}s. */
public final class Tasks {
    private Tasks() {}

    /** Listeners run on the session's loop and must not block: the cheapest, and the default. */
    public static TaskPool inline() {
        return InlineTasks.INSTANCE;
    }
}
