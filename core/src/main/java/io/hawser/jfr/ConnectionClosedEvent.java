// SPDX-License-Identifier: Apache-2.0
package io.hawser.jfr;

import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Enabled;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Timespan;

/** A connection was closed. Any thread. */
@Name("io.hawser.ConnectionClosed")
@Label("Connection Closed")
@Description("A connection has ended")
@Category({"Hawser", "Connections"})
@Enabled(false)
@StackTrace(false)
@SuppressWarnings("UnusedVariable") // the recorder reads the fields
public final class ConnectionClosedEvent extends Event {
    private static final ConnectionClosedEvent PROTOTYPE = new ConnectionClosedEvent("", 0, "", "", "", 0, 0, 0);

    @Label("Loop")
    private final String loop;

    @Label("Connection")
    private final long connection;

    @Label("Peer Address")
    private final String peer;

    @Label("Cause")
    private final String cause;

    @Label("Message")
    @Description("What the failure behind it says, if there was one")
    private final String message;

    @Label("Bytes In")
    @DataAmount
    private final long bytesIn;

    @Label("Bytes Out")
    @DataAmount
    private final long bytesOut;

    @Label("Lived")
    @Description("How long the connection was there, to some 20 ms")
    @Timespan(Timespan.NANOSECONDS)
    private final long lived;

    /**
     * One that has not been committed.
     *
     * @param connection its number
     * @param lived in nanoseconds
     */
    public ConnectionClosedEvent(
            String loop,
            long connection,
            String peer,
            String cause,
            String message,
            long bytesIn,
            long bytesOut,
            long lived) {
        this.loop = loop;
        this.connection = connection;
        this.peer = peer;
        this.cause = cause;
        this.message = message;
        this.bytesIn = bytesIn;
        this.bytesOut = bytesOut;
        this.lived = lived;
    }

    /** Whether a recording wants it. */
    public static boolean isWanted() {
        return PROTOTYPE.isEnabled();
    }
}
