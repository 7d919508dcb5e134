// SPDX-License-Identifier: Apache-2.0
package io.hawser.jfr;

import jdk.jfr.FlightRecorder;

/**
 * Whether the Flight Recorder is at work. Asked before anything else of this package is touched: to load the class of an event costs as much as
 * a start can ill afford, and a JDK without the module does not have what it extends. Any thread.
 */
public final class Recording {
    private static final boolean AVAILABLE =
            ModuleLayer.boot().findModule("jdk.jfr").isPresent();

    private Recording() {}

    /** Whether something has been recorded in this JVM, so that events may be wanted; each tells for itself. Costs the read of a field. */
    public static boolean isOn() {
        return AVAILABLE && FlightRecorder.isInitialized();
    }
}
