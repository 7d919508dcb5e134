// SPDX-License-Identifier: Apache-2.0
package io.hawser.jfr;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Enabled;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;

/** A limit was hit. Any thread. */
@Name("io.hawser.LimitHit")
@Label("Limit Hit")
@Description("A limit of an engine was hit")
@Category({"Hawser", "Limits"})
@Enabled(false)
@SuppressWarnings("UnusedVariable") // the recorder reads the fields
public final class LimitHitEvent extends Event {
    private static final LimitHitEvent PROTOTYPE = new LimitHitEvent("");

    @Label("Limit")
    private final String limit;

    private LimitHitEvent(String limit) {
        this.limit = limit;
    }

    /** Records it, if a recording wants it. */
    public static void record(String limit) {
        if (PROTOTYPE.isEnabled()) {
            new LimitHitEvent(limit).commit();
        }
    }
}
