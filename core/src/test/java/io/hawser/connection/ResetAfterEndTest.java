// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** A peer that ends its stream in the ordinary way, and resets before this side has done the same. */
@ParameterizedClass
@EnumSource
final class ResetAfterEndTest {
    @RegisterExtension
    final EngineFixture engines;

    ResetAfterEndTest(TestTransport transport) {
        engines = new EngineFixture(transport);
    }

    @Test
    void shouldBlameThePeer() throws Exception {
        final CompletableFuture<Peer> connected = new CompletableFuture<>();
        final CompletableFuture<CloseCause> closed = new CompletableFuture<>();
        final Server server = engines.engine().listen("tcp://127.0.0.1:0", new ConnectionHandler() {
            @Override
            public void onData(Connection connection) {}

            @Override
            public void onEnd(Connection connection) {
                try {
                    // Over loopback the reset is here when the call returns.
                    connected.join().reset();
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
                connection.close();
            }

            @Override
            public void onClose(Connection connection, CloseCause cause) {
                closed.complete(cause);
            }
        });
        connected.complete(Peer.connect(server.address()).finish());
        // Which of the two a transport finds is chance; that something went wrong on this side is neither.
        assertThat(EngineFixture.await(closed).kind()).isIn(CloseCause.Kind.RESET, CloseCause.Kind.PEER_CLOSED);
    }
}
