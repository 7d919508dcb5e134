// SPDX-License-Identifier: Apache-2.0
package io.hawser.jfr;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Enabled;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** A connection was accepted, adopted or dialled. Any thread. */
@Name("io.hawser.ConnectionOpened")
@Label("Connection Opened")
@Description("A connection was accepted, adopted or dialled")
@Category({"Hawser", "Connections"})
@Enabled(false)
@StackTrace(false)
@SuppressWarnings("UnusedVariable") // the recorder reads the fields
public final class ConnectionOpenedEvent extends Event {
    private static final ConnectionOpenedEvent PROTOTYPE = new ConnectionOpenedEvent("", 0, "", "", false);

    @Label("Loop")
    private final String loop;

    @Label("Connection")
    private final long connection;

    @Label("Local Address")
    private final String local;

    @Label("Peer Address")
    private final String peer;

    @Label("Dialled")
    @Description("Whether this side made the connection")
    private final boolean dialled;

    /**
     * One that has not been committed.
     *
     * @param connection its number
     */
    public ConnectionOpenedEvent(String loop, long connection, String local, String peer, boolean dialled) {
        this.loop = loop;
        this.connection = connection;
        this.local = local;
        this.peer = peer;
        this.dialled = dialled;
    }

    /** Whether a recording wants it. */
    public static boolean isWanted() {
        return PROTOTYPE.isEnabled();
    }
}
