// SPDX-License-Identifier: Apache-2.0
package io.hawser.transport.sim;

import java.util.Locale;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** What happened, in order: always as a hash, by which two runs are compared; on request as text. */
public final class SimTrace {
    private final @Nullable Consumer<String> lines;
    private long hash;
    private long count;

    private SimTrace(@Nullable Consumer<String> lines) {
        this.lines = lines;
    }

    /** Only the hash. */
    public static SimTrace hashing() {
        return new SimTrace(null);
    }

    /** The hash, and a line for each event. */
    public static SimTrace printing(Consumer<String> lines) {
        return new SimTrace(lines);
    }

    /**
     * Notes an event.
     *
     * @param nowNs virtual time
     * @param who to whom
     * @param what happened; of a small number of constants
     * @param value a number that belongs to it, or 0
     */
    public void add(long nowNs, String who, String what, long value) {
        count++;
        hash = SimRandom.mix(hash ^ nowNs) + SimRandom.mix(value + 31L * who.hashCode() + what.hashCode());
        if (lines != null) {
            lines.accept(String.format(
                    Locale.ROOT, "%,16.3f µs  %-24s %s%s", nowNs / 1e3, who, what, value == 0 ? "" : " " + value));
        }
    }

    /** A number that two runs share if they were the same. */
    public long hash() {
        return hash;
    }

    /** How many events there were. */
    public long count() {
        return count;
    }

    /** Where lines go, if anywhere. */
    public Optional<Consumer<String>> lines() {
        return Optional.ofNullable(lines);
    }
}
