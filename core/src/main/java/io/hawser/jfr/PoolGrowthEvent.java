// SPDX-License-Identifier: Apache-2.0
package io.hawser.jfr;

import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Enabled;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;

/** A pool of buffers has reserved more memory. Any thread. */
@Name("io.hawser.PoolGrowth")
@Label("Pool Growth")
@Description("The buffers of an engine have reserved more native memory")
@Category({"Hawser", "Memory"})
@Enabled(false)
@SuppressWarnings("UnusedVariable") // the recorder reads the fields
public final class PoolGrowthEvent extends Event {
    private static final PoolGrowthEvent PROTOTYPE = new PoolGrowthEvent(0, 0, 0);

    @Label("Block Size")
    @DataAmount
    private final int blockBytes;

    @Label("Reserved")
    @DataAmount
    private final long reservedBytes;

    @Label("Cap")
    @DataAmount
    private final long capBytes;

    private PoolGrowthEvent(int blockBytes, long reservedBytes, long capBytes) {
        this.blockBytes = blockBytes;
        this.reservedBytes = reservedBytes;
        this.capBytes = capBytes;
    }

    /** Records it, if a recording wants it. */
    public static void record(int blockBytes, long reservedBytes, long capBytes) {
        if (PROTOTYPE.isEnabled()) {
            new PoolGrowthEvent(blockBytes, reservedBytes, capBytes).commit();
        }
    }
}
