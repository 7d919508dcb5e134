// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import io.hawser.transport.PassedSocket;
import io.hawser.transport.SocketPassing;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** What a predecessor offers: duplicates of its sockets, described. The counterpart of {@link Inheritance}. One thread. */
final class Offer implements AutoCloseable {
    private record Entry(int server, String asked, String bound, PassedSocket socket) {}

    private final List<Entry> entries = new ArrayList<>();

    /** @param control the socket of the restart itself, which belongs to this */
    Offer(PassedSocket control) {
        entries.add(new Entry(0, "", "", control));
    }

    void add(int server, Passing passing) throws IOException {
        for (PassedSocket socket : passing.duplicate()) {
            entries.add(new Entry(
                    server, passing.asked().toString(), passing.address().toString(), socket));
        }
    }

    void send(RestartChannel channel, Duration time) throws IOException {
        if (entries.size() > Inheritance.MAX_SOCKETS) {
            throw new IOException(entries.size() + " sockets are too many to be passed on");
        }
        for (int from = 0; from < entries.size(); from += SocketPassing.MAX_SOCKETS) {
            final int to = Math.min(entries.size(), from + SocketPassing.MAX_SOCKETS);
            final List<Entry> some = entries.subList(from, to);
            channel.send(
                    RestartMessage.Kind.OFFER,
                    describe(some, entries.size() - to),
                    some.stream().map(Entry::socket).toList(),
                    time);
        }
    }

    private static byte[] describe(List<Entry> entries, int left) {
        final var bytes = new ByteArrayOutputStream();
        try (var out = new DataOutputStream(bytes)) {
            out.writeLong(ProcessHandle.current().pid());
            out.writeInt(left);
            for (Entry entry : entries) {
                out.writeInt(entry.server());
                out.writeUTF(entry.asked());
                out.writeUTF(entry.bound());
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    /** Closes the duplicates. */
    @Override
    public void close() {
        entries.forEach(entry -> entry.socket().close());
    }
}
