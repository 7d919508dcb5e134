// SPDX-License-Identifier: Apache-2.0
package io.hawser.tls;

import io.hawser.buffer.Buffer;
import java.util.HexFormat;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLProtocolException;

/**
 * Looks at how a peer begins, before a library does: whether it speaks TLS at all, and whether its first message is of a size that can be
 * meant. Stateless.
 */
final class FirstBytes {
    /** RFC 8446, 5.1: type, version and length of a record. */
    private static final int RECORD_HEADER_BYTES = 5;

    /** RFC 8446, 4: type and length of a message of the handshake. */
    private static final int MESSAGE_HEADER_BYTES = 4;

    /** RFC 8446, 5.1: of one that is not encrypted. */
    private static final int MAX_RECORD_BYTES = 1 << 14;

    private static final int ALERT = 21;
    private static final int HANDSHAKE = 22;
    private static final int FATAL = 2;
    private static final int UNEXPECTED_MESSAGE = 10;
    private static final int RECORD_OVERFLOW = 22;
    private static final int ILLEGAL_PARAMETER = 47;

    private FirstBytes() {}

    /**
     * Checks what there is.
     *
     * @param outgoing gets an alert, in the clear since no keys were agreed on, if it fails
     * @return whether there was enough to tell
     */
    static boolean check(Buffer incoming, int maxMessageBytes, Buffer outgoing) throws SSLException {
        if (incoming.readableBytes() == 0) {
            return false;
        }
        final int type = incoming.getByte(0);
        // RFC 8446, 5.1: the first byte of the version is 3 whatever the version.
        final boolean foreign = incoming.readableBytes() > 1 && incoming.getByte(1) != 3;
        if ((type != HANDSHAKE && type != ALERT) || foreign) {
            alert(outgoing, UNEXPECTED_MESSAGE);
            throw new SSLProtocolException("The peer does not speak TLS; it began with " + start(incoming));
        }
        if (type == ALERT) {
            return true;
        }
        if (incoming.readableBytes() < RECORD_HEADER_BYTES) {
            return false;
        }
        final int record = incoming.getShort(RECORD_HEADER_BYTES - 2) & 0xffff;
        if (record > MAX_RECORD_BYTES) {
            alert(outgoing, RECORD_OVERFLOW);
            throw new SSLProtocolException("The peer's first record is said to have " + record + " bytes");
        }
        if (record < MESSAGE_HEADER_BYTES) {
            // So small a piece that the library has to put it together.
            return true;
        }
        if (incoming.readableBytes() < RECORD_HEADER_BYTES + MESSAGE_HEADER_BYTES) {
            return false;
        }
        // The first byte of these four is the type.
        final int bytes = incoming.getInt(RECORD_HEADER_BYTES) & 0xff_ff_ff;
        if (bytes > maxMessageBytes) {
            alert(outgoing, ILLEGAL_PARAMETER);
            throw new SSLProtocolException("The peer's first message is said to have " + bytes
                    + " bytes; the most that is taken is " + maxMessageBytes);
        }
        return true;
    }

    private static String start(Buffer incoming) {
        final byte[] start = new byte[(int) Math.min(8, incoming.readableBytes())];
        for (int i = 0; i < start.length; i++) {
            start[i] = incoming.getByte(i);
        }
        return HexFormat.ofDelimiter(" ").formatHex(start);
    }

    private static void alert(Buffer outgoing, int description) {
        outgoing.writeByte(ALERT)
                .writeShort(0x0303)
                .writeShort(2)
                .writeByte(FATAL)
                .writeByte(description);
    }
}
