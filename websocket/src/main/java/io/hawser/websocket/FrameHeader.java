// SPDX-License-Identifier: Apache-2.0
package io.hawser.websocket;

/** What a frame is made of, RFC 6455, 5.2 and 11.8. */
final class FrameHeader {
    static final int CONTINUATION = 0;
    static final int TEXT = 1;
    static final int BINARY = 2;
    static final int CLOSE = 8;
    static final int PING = 9;
    static final int PONG = 10;

    /** Of the first byte: the last frame of a message. */
    static final int FIN = 0x80;
    /** All reserved bits of the first byte. */
    static final int RSV = 0x70;
    /** The reserved bit that says that a message is compressed (RFC 7692, 6). */
    static final int RSV1 = 0x40;
    /** Of the second byte. */
    static final int MASKED = 0x80;
    /** What frames a message at most. */
    static final int MOST_FRAMING = 14;

    static final int MOST_CONTROL_BYTES = 125;
    static final int MOST_SHORT_BYTES = 0xffff;

    private FrameHeader() {}
}
