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

/** A call of a handler on its loop took long. One thread. */
@Name("io.hawser.SlowHandler")
@Label("Slow Handler")
@Description("A handler kept its loop, and all other connections of it, waiting")
@Category({"Hawser", "Loops"})
@Enabled(false)
@StackTrace(false)
@SuppressWarnings("UnusedVariable") // the recorder reads the fields
@Threshold("10 ms")
public final class SlowHandlerEvent extends Event {
    private static final SlowHandlerEvent PROTOTYPE = new SlowHandlerEvent();

    @Label("Loop")
    private String loop = "";

    @Label("Handler")
    private String handler = "";

    @Label("Method")
    private String method = "";

    @Label("Connection")
    private long connection;

    private SlowHandlerEvent() {}

    /** Whether a recording wants it. */
    public static boolean isWanted() {
        return PROTOTYPE.isEnabled();
    }

    /** The call begins. */
    public static SlowHandlerEvent started() {
        final SlowHandlerEvent event = new SlowHandlerEvent();
        event.begin();
        return event;
    }

    /** The call has ended; whether it took as long as the recording asks for. */
    public boolean isSlow() {
        end();
        return shouldCommit();
    }

    /** Records it. */
    public void commit(String onLoop, Class<?> ofHandler, String ofMethod, long ofConnection) {
        loop = onLoop;
        handler = ofHandler.getName();
        method = ofMethod;
        connection = ofConnection;
        commit();
    }
}
