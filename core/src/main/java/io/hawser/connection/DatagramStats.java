// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

/**
 * What a UDP socket, or several, have done.
 *
 * @param received datagrams that came and were given to the handler
 * @param receivedBytes the bytes of their payloads
 * @param truncated of those, how many were cut
 * @param dropped datagrams that came and were lost before anybody saw them, for want of memory or time; with NIO only those for which
 *     there was no buffer memory
 * @param sent datagrams that the kernel took
 * @param sentBytes the bytes of their payloads
 * @param refused datagrams that were not sent since too many waited
 * @param failed datagrams that could not be sent, or were still waiting at the close
 */
public record DatagramStats(
        long received,
        long receivedBytes,
        long truncated,
        long dropped,
        long sent,
        long sentBytes,
        long refused,
        long failed) {
    /** Nothing. */
    public static final DatagramStats NONE = new DatagramStats(0, 0, 0, 0, 0, 0, 0, 0);

    /** The sums of both. */
    public DatagramStats plus(DatagramStats other) {
        return new DatagramStats(
                received + other.received,
                receivedBytes + other.receivedBytes,
                truncated + other.truncated,
                dropped + other.dropped,
                sent + other.sent,
                sentBytes + other.sentBytes,
                refused + other.refused,
                failed + other.failed);
    }
}
