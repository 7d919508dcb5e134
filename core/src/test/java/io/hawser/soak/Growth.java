// SPDX-License-Identifier: Apache-2.0
package io.hawser.soak;

import java.util.Arrays;

/**
 * Whether a figure that was read at even distances grows.
 *
 * <p>The first third is warm-up and left out. Two figures are taken of the rest, neither of which minds single outliers: what the last
 * quarter's median has over the first quarter's, and the slope over the last half of all readings (the median of the slopes between all
 * pairs, after Theil and Sen), times the length of that half. A leak raises both. What fills up and then stays raises the first only, and
 * noise raises now the one, now the other.
 *
 * @param start the median of the first quarter after the warm-up
 * @param end the median of the last quarter
 * @param trend by how much the slope over the last half makes it grow in that time
 * @param allowed what is no growth yet
 */
record Growth(double start, double end, double trend, double allowed) {
    /** With fewer readings nothing is said. */
    static final int LEAST_READINGS = 18;

    /**
     * Judges readings, of which there must be {@link #LEAST_READINGS}.
     *
     * @param allowed what is no growth yet
     * @param allowedPart the same, as a part of the figure; the greater one counts
     */
    static Growth of(double[] readings, double allowed, double allowedPart) {
        if (readings.length < LEAST_READINGS) {
            throw new IllegalArgumentException(readings.length + " readings are too few");
        }
        final double[] warm = Arrays.copyOfRange(readings, readings.length / 3, readings.length);
        final int quarter = warm.length / 4;
        final double start = median(Arrays.copyOf(warm, quarter));
        final double end = median(Arrays.copyOfRange(warm, warm.length - quarter, warm.length));
        final double[] half = Arrays.copyOfRange(readings, readings.length / 2, readings.length);
        return new Growth(start, end, slope(half) * (half.length - 1), Math.max(allowed, allowedPart * start));
    }

    /** Whether it grows. */
    boolean isGrowing() {
        return end - start > allowed && trend > allowed;
    }

    private static double slope(double[] values) {
        final double[] slopes = new double[values.length * (values.length - 1) / 2];
        int n = 0;
        for (int i = 0; i < values.length; i++) {
            for (int j = i + 1; j < values.length; j++) {
                slopes[n++] = (values[j] - values[i]) / (j - i);
            }
        }
        return median(slopes);
    }

    private static double median(double[] values) {
        final double[] sorted = values.clone();
        Arrays.sort(sorted);
        final int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}
