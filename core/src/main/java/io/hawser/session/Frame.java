// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

/** Where a frame lies at the head of the bytes. A session has one, which is used again and again. */
public final class Frame {
    private final Decoded<Frame> found = Decoded.message(this);
    private long bodyAt;
    private long bodyBytes;
    private long totalBytes;

    /** One that is nowhere yet. */
    public Frame() {}

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
