// SPDX-License-Identifier: Apache-2.0
package io.hawser.cli;

/**
 * What became of datagrams, all counted since the start, also while it warmed up. Every one that was sent is answered in time, lost, or not
 * decided yet.
 *
 * @param sent datagrams that were sent
 * @param lost datagrams whose answers were given up
 * @param late answers that came after that; their datagrams stay lost
 * @param duplicated answers that came once more
 * @param reordered answers to datagrams before one that had been answered already (RFC 4737, section 3.3)
 */
record DatagramCounts(long sent, long lost, long late, long duplicated, long reordered) {
    static final DatagramCounts NONE = new DatagramCounts(0, 0, 0, 0, 0);

    DatagramCounts plus(DatagramCounts other) {
        return new DatagramCounts(
                sent + other.sent,
                lost + other.lost,
                late + other.late,
                duplicated + other.duplicated,
                reordered + other.reordered);
    }

    /** How much of what was sent is lost, from 0 to 1. */
    double lostPart() {
        return sent == 0 ? 0 : (double) lost / sent;
    }
}
