// SPDX-License-Identifier: Apache-2.0
package io.hawser.cli;

/**
 * Which datagrams of a client are on their way, and what became of the others. Datagrams are numbered from 0, in the order of their sending.
 *
 * <p>One is given up when it has not been answered in time, or when so many later ones have been sent that its place is needed. Not
 * thread-safe; allocates nothing once made.
 */
final class DatagramWindow {
    /** What an answer is. */
    enum Verdict {
        /** The first to a datagram that is waited for. */
        ANSWER,
        /** The first to a datagram that has been given up. */
        LATE,
        /** One more. */
        DUPLICATE,
        /** To a datagram that has not been sent. */
        UNSENT
    }

    private static final int LEAST_PLACES = 256;
    private static final int PLACES_PER_DATAGRAM = 4;

    private static final byte WAITING = 1;
    private static final byte LOST = 2;
    private static final byte ANSWERED = 3;

    private final int inFlight;
    private final long timeoutNs;
    // Of datagram n at n & mask.
    private final byte[] states;
    private final long[] sinceNs;
    private final long[] sentNs;
    private final int mask;

    private long next;
    /** All before it are decided. */
    private long oldest;
    /** After the highest that was answered. */
    private long expected;

    private int waiting;
    private long lost;
    private long late;
    private long duplicated;
    private long reordered;

    /**
     * @param inFlight how many may be on their way
     * @param timeoutNs how long each is waited for
     */
    DatagramWindow(int inFlight, long timeoutNs) {
        this.inFlight = inFlight;
        this.timeoutNs = timeoutNs;
        final int places = Integer.highestOneBit(Math.max(LEAST_PLACES, inFlight * PLACES_PER_DATAGRAM) - 1) << 1;
        this.states = new byte[places];
        this.sinceNs = new long[places];
        this.sentNs = new long[places];
        this.mask = places - 1;
    }

    boolean hasRoom() {
        return waiting < inFlight;
    }

    /** How many are on their way. */
    int waiting() {
        return waiting;
    }

    /** The number of the one that is sent next. */
    long next() {
        return next;
    }

    /**
     * It has been sent.
     *
     * @param since from when its latency counts
     */
    void sent(long since, long nowNs) {
        final int place = place(next);
        if (states[place] == WAITING) {
            lose(place);
        }
        states[place] = WAITING;
        sinceNs[place] = since;
        sentNs[place] = nowNs;
        waiting++;
        next++;
        oldest = Math.max(oldest, next - states.length);
    }

    /** Datagram {@code number} came back. */
    Verdict answered(long number) {
        if (number < 0 || number >= next) {
            return Verdict.UNSENT;
        }
        if (next - number > states.length) {
            // Nobody knows any more whether it was answered before.
            late++;
            return Verdict.LATE;
        }
        final int place = place(number);
        if (states[place] == ANSWERED) {
            duplicated++;
            return Verdict.DUPLICATE;
        }
        if (number < expected) {
            reordered++;
        } else {
            expected = number + 1;
        }
        final boolean inTime = states[place] == WAITING;
        states[place] = ANSWERED;
        if (inTime) {
            waiting--;
            return Verdict.ANSWER;
        }
        late++;
        return Verdict.LATE;
    }

    /** From when the latency of an {@link Verdict#ANSWER} counts. */
    long sinceNs(long number) {
        return sinceNs[place(number)];
    }

    /** Gives up what has been waited for long enough. */
    void expire(long nowNs) {
        while (oldest < next) {
            final int place = place(oldest);
            if (states[place] == WAITING) {
                if (nowNs - sentNs[place] < timeoutNs) {
                    return;
                }
                lose(place);
            }
            oldest++;
        }
    }

    /** When to call {@link #expire} next; only after it has been called, and while something {@link #waiting() waits}. */
    long expiryNs() {
        return sentNs[place(oldest)] + timeoutNs;
    }

    private void lose(int place) {
        states[place] = LOST;
        waiting--;
        lost++;
    }

    DatagramCounts counts() {
        return new DatagramCounts(next, lost, late, duplicated, reordered);
    }

    private int place(long number) {
        return (int) number & mask;
    }
}
