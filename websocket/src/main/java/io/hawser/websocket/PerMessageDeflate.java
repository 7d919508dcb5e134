// SPDX-License-Identifier: Apache-2.0
package io.hawser.websocket;

/**
 * How messages are compressed (RFC 7692), where both sides agree on it. Immutable; start from {@link #DEFAULT}.
 *
 * <p>With context takeover the compressor of a session keeps its window from one message to the next, about 300 KiB for each session that sends
 * compressed messages and 40 KiB for each that gets them; without, sessions borrow one for each message, and idle ones hold nothing.
 *
 * @param level of the compression, 1 (fast) to 9 (small); default 6
 * @param thresholdBytes messages that are shorter are sent as they are; at least 1. Default 128
 * @param sendTakeover whether what was sent before helps to compress what is sent next; the peer can refuse. Default true
 * @param receiveTakeover whether the peer may do so; default true
 */
public record PerMessageDeflate(int level, int thresholdBytes, boolean sendTakeover, boolean receiveTakeover) {
    /** The defaults as given above. */
    public static final PerMessageDeflate DEFAULT = new PerMessageDeflate(6, 128, true, true);

    /** Checks the ranges. */
    public PerMessageDeflate {
        if (level < 1 || level > 9) {
            throw new IllegalArgumentException("The level must be 1 to 9: " + level);
        }
        if (thresholdBytes < 1) {
            throw new IllegalArgumentException("The threshold must be 1 byte at least: " + thresholdBytes);
        }
    }

    /** As this, at another level. */
    public PerMessageDeflate withLevel(int value) {
        return new PerMessageDeflate(value, thresholdBytes, sendTakeover, receiveTakeover);
    }

    /** As this, with another threshold. */
    public PerMessageDeflate withThresholdBytes(int bytes) {
        return new PerMessageDeflate(level, bytes, sendTakeover, receiveTakeover);
    }

    /** As this, with context takeover in each direction or not. */
    public PerMessageDeflate withTakeover(boolean send, boolean receive) {
        return new PerMessageDeflate(level, thresholdBytes, send, receive);
    }
}
