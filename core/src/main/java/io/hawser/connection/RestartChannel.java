// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import io.hawser.transport.PassedSocket;
import io.hawser.transport.SocketPassing;
import java.io.EOFException;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The messages of a restart on their way. Whatever goes wrong is an {@link IOException} that says so, and no descriptor that came is left
 * open. One thread.
 *
 * <pre>
 *   0       4         6      8        12        16
 *  +-------+---------+------+--------+---------+---------
 *  | magic | version | kind | length | sockets | payload
 *  | u32   | u16     | u16  | u32    | u32     | length bytes
 *  +-------+---------+------+--------+---------+---------
 * </pre>
 */
final class RestartChannel implements AutoCloseable {
    /** Of the order and the form of the messages; a process talks with its like only. */
    static final int VERSION = 1;

    /** {@code HWSR}. */
    static final int MAGIC = 0x48575352;

    static final int HEADER_BYTES = 16;
    static final int MAX_PAYLOAD_BYTES = 64 * 1024;
    private static final int MAX_REASON_BYTES = 1024;

    private final SocketPassing.Channel channel;

    RestartChannel(SocketPassing.Channel channel) {
        this.channel = channel;
    }

    void send(RestartMessage.Kind kind, Duration time) throws IOException {
        send(kind, new byte[0], List.of(), time);
    }

    /** The sockets stay the caller's. */
    void send(RestartMessage.Kind kind, byte[] payload, List<PassedSocket> sockets, Duration time) throws IOException {
        final byte[] bytes = ByteBuffer.allocate(HEADER_BYTES + payload.length)
                .putInt(MAGIC)
                .putShort((short) VERSION)
                .putShort((short) kind.code)
                .putInt(payload.length)
                .putInt(sockets.size())
                .put(payload)
                .array();
        try {
            channel.send(bytes, sockets, time);
        } catch (SocketTimeoutException e) {
            throw new IOException("it does not take what it is sent", e);
        }
    }

    /** Says why this is the end, to who may be gone already. */
    void refuse(String reason, Duration time) {
        final byte[] bytes = reason.getBytes(StandardCharsets.UTF_8);
        try {
            send(
                    RestartMessage.Kind.REFUSED,
                    Arrays.copyOf(bytes, Math.min(bytes.length, MAX_REASON_BYTES)),
                    List.of(),
                    time);
        } catch (IOException _) {
            // Then it sees the end of the connection.
        }
    }

    /**
     * The next message, which must be a {@code wanted} one, in {@code time} as a whole.
     *
     * @throws EOFException if there is none, or half a one: the other process has died, or has given up without saying so
     * @throws IOException for any other failure
     */
    RestartMessage receive(RestartMessage.Kind wanted, Duration time) throws IOException {
        final List<PassedSocket> sockets = new ArrayList<>();
        boolean complete = false;
        try {
            final RestartMessage message = receive(wanted, sockets, System.nanoTime() + time.toNanos());
            complete = true;
            return message;
        } catch (SocketTimeoutException e) {
            throw new IOException("it has not said " + wanted + " within " + time.toMillis() + " ms", e);
        } finally {
            if (!complete) {
                sockets.forEach(PassedSocket::close);
            }
        }
    }

    private RestartMessage receive(RestartMessage.Kind wanted, List<PassedSocket> sockets, long deadlineNs)
            throws IOException {
        final ByteBuffer header = ByteBuffer.wrap(receive(HEADER_BYTES, true, sockets, deadlineNs));
        final int magic = header.getInt();
        final int version = header.getShort() & 0xffff;
        final int kind = header.getShort() & 0xffff;
        final int length = header.getInt();
        final int count = header.getInt();
        if (magic != MAGIC) {
            throw new IOException("it does not speak of a restart");
        }
        if (version != VERSION) {
            throw new IOException("it speaks version " + version + " of the restart, this process " + VERSION);
        }
        final boolean refused = kind == RestartMessage.Kind.REFUSED.code;
        if (!refused && kind != wanted.code) {
            throw new IOException("it has said " + describe(kind) + ", not " + wanted);
        }
        if (length < 0 || length > (refused ? MAX_REASON_BYTES : MAX_PAYLOAD_BYTES)) {
            throw new IOException("it announces " + Integer.toUnsignedString(length) + " bytes, which is too much");
        }
        if (count < 0 || count > (wanted == RestartMessage.Kind.OFFER ? SocketPassing.MAX_SOCKETS : 0)) {
            throw new IOException(
                    "it announces " + Integer.toUnsignedString(count) + " sockets with " + describe(kind));
        }
        final byte[] payload = receive(length, false, sockets, deadlineNs);
        if (sockets.size() != count) {
            throw new IOException("it has sent " + sockets.size() + " descriptors where " + count + " were announced");
        }
        if (refused) {
            throw new IOException("it has refused: " + printable(payload));
        }
        return new RestartMessage(wanted, ByteBuffer.wrap(payload), List.copyOf(sockets));
    }

    private byte[] receive(int length, boolean first, List<PassedSocket> sockets, long deadlineNs) throws IOException {
        final byte[] bytes = new byte[length];
        int at = 0;
        while (at < length) {
            final Duration left = Duration.ofNanos(Math.max(0, deadlineNs - System.nanoTime()));
            final int received = channel.receive(bytes, at, length - at, sockets, left);
            if (received < 0) {
                throw new EOFException(
                        first && at == 0 ? "it has ended, or given up" : "it has ended in the middle of a message");
            }
            if (sockets.size() > SocketPassing.MAX_SOCKETS) {
                throw new IOException("it has sent " + sockets.size() + " descriptors, which is too much");
            }
            at += received;
        }
        return bytes;
    }

    private static String describe(int kind) {
        for (RestartMessage.Kind known : RestartMessage.Kind.values()) {
            if (known.code == kind) {
                return known.toString();
            }
        }
        return "message " + kind;
    }

    /** What another process wrote must not play with a terminal. */
    private static String printable(byte[] text) {
        return new String(text, StandardCharsets.UTF_8).replaceAll("\\p{Cntrl}", "?");
    }

    @Override
    public void close() {
        channel.close();
    }
}
