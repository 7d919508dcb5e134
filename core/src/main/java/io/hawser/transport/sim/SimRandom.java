// SPDX-License-Identifier: Apache-2.0
package io.hawser.transport.sim;

/**
 * All chance there is in a simulation: SplitMix64 (Steele, Lea and Flood, 2014). The same seed gives the same sequence in every JDK.
 */
public final class SimRandom {
    private static final long GOLDEN_GAMMA = 0x9e3779b97f4a7c15L;

    private long state;

    /** Starts the sequence of {@code seed}. */
    public SimRandom(long seed) {
        state = mix(seed);
    }

    /** A bijection in which each bit of the result depends on every bit of the value. */
    public static long mix(long value) {
        long z = value + GOLDEN_GAMMA;
        z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
        z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
        return z ^ (z >>> 31);
    }

    /** The next 64 bits. */
    public long next() {
        final long value = mix(state);
        state += GOLDEN_GAMMA;
        return value;
    }

    /** A sequence of its own, which this one determines. */
    public SimRandom split() {
        return new SimRandom(next());
    }

    /** True with the given probability, 0 to 1. */
    public boolean chance(double probability) {
        return (next() >>> 11) * 0x1p-53 < probability;
    }

    /** Evenly from {@code from} to {@code to}, both included. */
    public long between(long from, long to) {
        return from + Math.unsignedMultiplyHigh(next(), to - from + 1);
    }

    /** Evenly from {@code from} to {@code to}, both included. */
    public int between(int from, int to) {
        return (int) between((long) from, to);
    }

    /** From {@code from} to {@code to}, both included, small ones more often: each order of magnitude is as likely. */
    public int skewed(int from, int to) {
        final int span = to - from;
        final int bits = between(0, Integer.SIZE - Integer.numberOfLeadingZeros(span));
        return from + (int) Math.min(span, between(0L, (1L << bits) - 1));
    }
}
