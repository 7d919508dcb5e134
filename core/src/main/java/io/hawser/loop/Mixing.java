// SPDX-License-Identifier: Apache-2.0
package io.hawser.loop;

/**
 * Bit mixing for the balancers.
 *
 * <p>Steele, Lea and Flood, "Fast splittable pseudorandom number generators" (2014), with Stafford's variant 13 of the
 * finaliser.
 */
final class Mixing {
    /** The odd number nearest to 2^64 divided by the golden ratio: as a step, it spreads a counter over all values. */
    static final long GOLDEN_GAMMA = 0x9e3779b97f4a7c15L;

    private Mixing() {}

    /** A bijection in which each bit of the result depends on every bit of the value. */
    static long mix(long value) {
        long z = value + GOLDEN_GAMMA;
        z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
        z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
        return z ^ (z >>> 31);
    }

    /** Scales a mixed number to 0 to {@code bound - 1}, evenly, without a division. */
    static int toRange(long mixed, int bound) {
        return (int) Math.unsignedMultiplyHigh(mixed, bound);
    }
}
