// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import io.hawser.buffer.Reader;
import io.hawser.transport.PeerAddress;

/** A datagram that has come. Valid until the handler returns; the loop's thread only. */
public final class Datagram {
    private final PortEndpoint endpoint;
    private final Reader reader;
    private PeerAddress sender = new PeerAddress();
    private int length;
    private boolean truncated;

    Datagram(PortEndpoint endpoint, Reader reader) {
        this.endpoint = endpoint;
        this.reader = reader;
    }

    void set(int newLength, PeerAddress newSender, boolean newTruncated) {
        length = newLength;
        sender = newSender;
        truncated = newTruncated;
    }

    /** Its payload. */
    public Reader reader() {
        return reader;
    }

    /** How many bytes of payload have come. */
    public int length() {
        return length;
    }

    /** Who sent it; {@link PeerAddress#copy()} outlives this call. */
    public PeerAddress sender() {
        return sender;
    }

    /** Whether it was longer than {@link io.hawser.transport.DatagramOptions#maxDatagramBytes()}, and the rest is lost. */
    public boolean truncated() {
        return truncated;
    }

    /**
     * Sends all that is readable in {@code payload} to the sender; {@link #reader()} itself goes without a copy.
     *
     * @return false if it was refused since too much waits to be sent
     * @throws IllegalArgumentException if it is longer than a datagram can be
     */
    public boolean reply(Reader payload) {
        return endpoint.reply(payload, sender);
    }

    /** As {@link #reply(Reader)}, of a copy of {@code payload}. */
    public boolean reply(byte[] payload) {
        return endpoint.reply(payload, sender);
    }
}
