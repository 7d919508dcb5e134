// SPDX-License-Identifier: Apache-2.0
package io.hawser.sim;

import java.util.ArrayList;
import java.util.List;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/** Takes Hawser's log for itself: errors are failures of the engine, all else is to be expected. */
final class LogCapture extends Handler implements AutoCloseable {
    // Held, as a logger that nobody holds loses its handlers.
    private static final Logger LOGGER = Logger.getLogger("io.hawser");

    private final List<String> severe = new ArrayList<>();
    private final boolean usedParents = LOGGER.getUseParentHandlers();

    LogCapture() {
        LOGGER.setUseParentHandlers(false);
        LOGGER.addHandler(this);
    }

    List<String> severe() {
        return severe;
    }

    @Override
    public void publish(LogRecord record) {
        if (record.getLevel().intValue() >= Level.SEVERE.intValue()) {
            final Throwable thrown = record.getThrown();
            severe.add(record.getMessage() + (thrown == null ? "" : ": " + thrown + Failures.at(thrown)));
        }
    }

    @Override
    public void flush() {
        // Nothing is held back.
    }

    @Override
    public void close() {
        LOGGER.removeHandler(this);
        LOGGER.setUseParentHandlers(usedParents);
    }
}
