// SPDX-License-Identifier: Apache-2.0
package io.hawser.sim;

/** A simulation cannot go on: nothing would ever happen again although somebody waits, or too much does without any effect. */
public final class SimulationException extends IllegalStateException {
    private static final long serialVersionUID = 1L;

    /** @param message what was the matter */
    public SimulationException(String message) {
        super(message);
    }
}
