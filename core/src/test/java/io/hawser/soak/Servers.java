// SPDX-License-Identifier: Apache-2.0
package io.hawser.soak;

import io.hawser.buffer.Reader;
import io.hawser.connection.Address;
import io.hawser.connection.BlockingHandler;
import io.hawser.connection.CloseCause;
import io.hawser.connection.Connection;
import io.hawser.connection.ConnectionHandler;
import io.hawser.connection.ConnectionOptions;
import io.hawser.connection.Datagram;
import io.hawser.connection.DatagramEndpoint;
import io.hawser.connection.DatagramHandler;
import io.hawser.connection.Engine;
import io.hawser.connection.ServerOptions;
import io.hawser.transport.DatagramOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** The echo servers of a soak, in both styles and over all kinds of sockets. They count what each conversation does. */
final class Servers {
    private static final Duration TIMEOUT = Duration.ofMillis(300);

    private final Ledger ledger;
    private final Address datagrams;
    private final List<Address> streams;
    private final List<Address> impatient;

    /** Listens at addresses that the system picks, and at paths in {@code directory}. */
    Servers(Engine engine, Ledger ledger, Path directory) throws IOException {
        this.ledger = ledger;
        final Address tcp = Address.parse("tcp://127.0.0.1:0");
        final ServerOptions patient = ServerOptions.DEFAULT;
        final ServerOptions idle = patient.withConnections(ConnectionOptions.DEFAULT.withIdleTimeout(TIMEOUT));
        final ServerOptions reads = patient.withConnections(ConnectionOptions.DEFAULT.withReadTimeout(TIMEOUT));
        this.streams = List.of(
                engine.listen(tcp, patient, new LoopEcho()).address(),
                engine.serve(tcp, patient, new BlockingEcho()).address(),
                engine.listen(unix(directory, "loop"), patient, new LoopEcho()).address(),
                engine.serve(unix(directory, "blocking"), patient, new BlockingEcho())
                        .address());
        this.impatient = List.of(
                engine.listen(tcp, idle, new LoopEcho()).address(),
                engine.serve(tcp, reads, new BlockingEcho()).address());
        this.datagrams = engine.bind(
                        Address.parse("udp://127.0.0.1:0"),
                        DatagramOptions.builder().receiveBufferBytes(4 << 20).build(),
                        new DatagramEcho())
                .address();
    }

    private static Address unix(Path directory, String name) {
        return Address.parse("unix://" + directory.resolve(name));
    }

    /** Those that wait for as long as it takes. */
    List<Address> streams() {
        return streams;
    }

    /** Those that close what says nothing for a while. */
    List<Address> impatient() {
        return impatient;
    }

    Address datagrams() {
        return datagrams;
    }

    /** What a handler throws on purpose. */
    private static final class OnPurpose extends RuntimeException {
        private static final long serialVersionUID = 1;

        OnPurpose() {
            super("on purpose", null, false, false);
        }
    }

    /** The conversation of a connection, if its number has come. */
    private Optional<Conversation> conversation(Connection connection) {
        if (connection.attachment().isEmpty() && connection.reader().readableBytes() >= Conversation.ID_BYTES) {
            final long id = connection.reader().getLong(0);
            ledger.find(id)
                    .ifPresentOrElse(
                            connection::attach, () -> ledger.violated("a server received the unknown number " + id));
        }
        return attached(connection);
    }

    private static Optional<Conversation> attached(Connection connection) {
        return connection.attachment().map(Conversation.class::cast);
    }

    /** Sends back all that there is, or ends the conversation; whether it goes on. */
    private static boolean answer(Connection connection, Conversation conversation) {
        final Reader reader = connection.reader();
        // In the blocking style more may come while this runs; what is counted here is what is taken here.
        final long bytes = reader.readableBytes();
        final long all = conversation.serverIn.addAndGet(bytes);
        if (conversation.kind().isEndedByServer() && all >= conversation.middle()) {
            reader.skip(bytes);
            if (conversation.kind() == Kind.SERVER_THROWS) {
                throw new OnPurpose();
            }
            connection.abort();
            return false;
        }
        conversation.serverOut.addAndGet(bytes);
        connection.writer().append(reader, bytes);
        return true;
    }

    private void failed(Connection connection, Throwable error) {
        if (!(error instanceof OnPurpose)) {
            ledger.violated("the server of " + connection + " failed: " + error);
        }
    }

    /** Echo on the loop. */
    private final class LoopEcho implements ConnectionHandler {
        @Override
        public void onData(Connection connection) {
            final Optional<Conversation> known = conversation(connection);
            if (known.isPresent()) {
                answer(connection, known.get());
            } else if (connection.reader().readableBytes() >= Conversation.ID_BYTES) {
                connection.abort();
            }
        }

        @Override
        public void onError(Connection connection, Throwable error) {
            failed(connection, error);
        }

        @Override
        public void onClose(Connection connection, CloseCause cause) {
            attached(connection).ifPresent(conversation -> conversation.serverEnded(cause));
        }
    }

    /** Echo in the blocking style. */
    private final class BlockingEcho implements BlockingHandler {
        @Override
        public void handle(Connection connection) {
            if (connection.attachment().isEmpty()) {
                connection.reader().getLong(0);
            }
            final Optional<Conversation> known = conversation(connection);
            if (known.isEmpty()) {
                connection.abort();
                return;
            }
            while (answer(connection, known.get())) {
                connection.writer().flush();
                connection.reader().getByte(0);
            }
        }

        @Override
        public void onError(Connection connection, Throwable error) {
            failed(connection, error);
        }

        @Override
        public void onClose(Connection connection, CloseCause cause) {
            attached(connection).ifPresent(conversation -> conversation.serverEnded(cause));
        }
    }

    /** Echo of datagrams. */
    private final class DatagramEcho implements DatagramHandler {
        @Override
        public void onDatagram(DatagramEndpoint endpoint, Datagram datagram) {
            if (datagram.length() < Conversation.ID_BYTES) {
                ledger.violated("a datagram of " + datagram.length() + " bytes");
                return;
            }
            // Of one that came too late, nobody waits for the answer.
            ledger.find(datagram.reader().getLong(0)).ifPresent(conversation -> {
                final int length = datagram.length();
                conversation.serverIn.addAndGet(length);
                conversation.serverOut.addAndGet(length);
                if (!datagram.reply(datagram.reader())) {
                    conversation.serverOut.addAndGet(-length);
                }
            });
        }
    }
}
