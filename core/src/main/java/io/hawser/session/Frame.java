// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

/**
 * Where a frame lies at the head of the bytes, or how much of them has been searched for its end. A session has one, which is used again and
 * again.
 */
public final class Frame {
    private final Decoded<Frame> found = Decoded.message(this);
    private long bodyAt;
    private long bodyBytes;
    private long totalBytes;
    private final int maxBytes;
    private long searchedBytes;

    /**
     * One that is nowhere yet.
     *
     * @param maxBytes the most bytes that a frame may have, all of it
     * @throws IllegalArgumentException if that is not positive
     */
    public Frame(int maxBytes) {
        if (maxBytes < 1) {
            throw new IllegalArgumentException("A frame must be allowed 1 byte at least: " + maxBytes);
        }
        this.maxBytes = maxBytes;
    }

    /** The most bytes that a frame may have, all of it: who searches for an end need not look further. */
    public int maxBytes() {
        return maxBytes;
    }

    /**
     * Takes down that the end of the frame is not among the first {@code bytes} bytes, so that the next search can go on behind them: else a
     * peer that sends byte by byte would have them searched again for each.
     *
     * @return {@link Decoded#needMore()}
     * @throws IllegalArgumentException if {@code bytes} is negative
     */
    public Decoded<Frame> searched(long bytes) {
        if (bytes < 0) {
            throw new IllegalArgumentException("A negative number of bytes: " + bytes);
        }
        searchedBytes = bytes;
        return Decoded.needMore();
    }

    /** How many bytes have been searched in vain; 0 when the last frame was found. */
    public long searchedBytes() {
        return searchedBytes;
    }

    /**
     * Takes down a frame.
     *
     * @param header how many bytes come before what is handed on
     * @param body how many are handed on
     * @param trailer how many come behind those
     * @throws IllegalArgumentException if one of them is negative, or the sum is 0 or too large
     */
    public Decoded<Frame> at(long header, long body, long trailer) {
        final long total;
        try {
            total = Math.addExact(Math.addExact(header, body), trailer);
        } catch (ArithmeticException e) {
            throw new IllegalArgumentException("A frame of " + header + " + " + body + " + " + trailer + " bytes", e);
        }
        if (header < 0 || body < 0 || trailer < 0 || total == 0) {
            throw new IllegalArgumentException("A frame of " + header + " + " + body + " + " + trailer + " bytes");
        }
        bodyAt = header;
        bodyBytes = body;
        totalBytes = total;
        searchedBytes = 0;
        return found;
    }

    /** How many bytes come before the body. */
    public long bodyAt() {
        return bodyAt;
    }

    /** How long the body is. */
    public long bodyBytes() {
        return bodyBytes;
    }

    /** How long all of it is. */
    public long totalBytes() {
        return totalBytes;
    }
}
