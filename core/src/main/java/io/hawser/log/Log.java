// SPDX-License-Identifier: Apache-2.0
package io.hawser.log;

import java.lang.System.Logger.Level;

/**
 * What connections and sessions have to say. A logger that fails must not fail the loop that calls it: the JDK's own does when it has to open a file
 * for its first message and there is no descriptor left, which is just when there is something to say. Any thread.
 */
public final class Log {
    private static final System.Logger LOGGER = System.getLogger("io.hawser");

    private Log() {}

    /** Logs. */
    public static void log(Level level, String message) {
        try {
            LOGGER.log(level, message);
        } catch (Throwable _) {
            // There is nobody else to tell.
        }
    }

    /** Logs, with a failure. */
    public static void log(Level level, String message, Throwable cause) {
        try {
            LOGGER.log(level, message, cause);
        } catch (Throwable _) {
            // There is nobody else to tell.
        }
    }
}
