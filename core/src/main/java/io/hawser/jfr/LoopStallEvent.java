// SPDX-License-Identifier: Apache-2.0
package io.hawser.jfr;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Enabled;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Threshold;

/** A turn of a loop took long. The loop's thread. */
@Name("io.hawser.LoopStall")
@Label("Loop Stall")
@Description("A turn of a loop took long, without the wait at its end")
@Category({"Hawser", "Loops"})
@Enabled(false)
@StackTrace(false)
@SuppressWarnings("UnusedVariable") // the recorder reads the fields
@Threshold("20 ms")
public final class LoopStallEvent extends Event {
    private static final LoopStallEvent PROTOTYPE = new LoopStallEvent();

    @Label("Loop")
    private String loop = "";

    @Label("Work")
    @Description("How many completions, timers, tasks and flushes the turn had")
    private int work;

    private LoopStallEvent() {}

    /** Whether a recording wants it. */
    public static boolean isWanted() {
        return PROTOTYPE.isEnabled();
    }

    /** The turn begins. */
    public static LoopStallEvent started() {
        final LoopStallEvent event = new LoopStallEvent();
        event.begin();
        return event;
    }

    /** The turn ends; recorded if it took as long as the recording asks for. */
    public void ended(String ofLoop, int ofWork) {
        end();
        if (shouldCommit()) {
            loop = ofLoop;
            work = ofWork;
            commit();
        }
    }
}
