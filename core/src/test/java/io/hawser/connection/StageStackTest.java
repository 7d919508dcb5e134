// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import static org.assertj.core.api.Assertions.assertThat;

import io.hawser.proxy.AddressRanges;
import io.hawser.proxy.ProxyHeader;
import io.hawser.proxy.ProxyReceiver;
import io.hawser.proxy.ProxySender;
import io.hawser.proxy.ProxyVersion;
import io.hawser.tls.Tls;
import io.hawser.tls.TlsIdentity;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** What stands between a socket and its connection, all of it at once: the PROXY header is before TLS, and files go through both. */
@ParameterizedClass
@EnumSource(TestTransport.class)
final class StageStackTest {
    private static final TlsIdentity IDENTITY = Tls.selfSigned();
    private static final InetSocketAddress CLIENT = new InetSocketAddress("192.0.2.1", 4711);

    @RegisterExtension
    final EngineFixture engines;

    StageStackTest(TestTransport transport) {
        engines = new EngineFixture(transport);
    }

    @Test
    void shouldSendFilesOverTlsBehindAHeader() throws Exception {
        final Engine engine = engines.engine();
        final Payload payload = Payload.random(1, 3 << 20);
        final FileSource file =
                engines.closing(engine.openFile(Files.write(engines.directory().resolve("file"), payload.bytes())));
        final Recorder server = engines.watched(new Recorder().onOpen(c -> {
            c.writer().writeString("<");
            final var unused = c.sendFile(file, 0, payload.size());
            c.writer().writeString(">");
            c.close();
        }));
        final ConnectionOptions accepted = ConnectionOptions.DEFAULT
                .withStages(List.of(ProxyReceiver.required(AddressRanges.ANY)))
                .withTls(Tls.server().identity(IDENTITY).build());
        final Address address = engine.listen(
                        Address.parse("tls://127.0.0.1:0"), ServerOptions.DEFAULT.withConnections(accepted), server)
                .address();
        final ProxyHeader header = ProxyHeader.of(CLIENT, CLIENT);
        final ConnectionOptions dialled = ConnectionOptions.DEFAULT
                .withStages(List.of(new ProxySender(ProxyVersion.V2, header)))
                .withTls(Tls.client().trust(IDENTITY.certificate()).build());
        final Recorder client = engines.watched(new Recorder());

        final Connection connection = EngineFixture.await(engine.dial(address, dialled, client));

        final byte[] received = client.awaitBytes(payload.size() + 2);
        assertThat(received[0]).isEqualTo((byte) '<');
        assertThat(received[received.length - 1]).isEqualTo((byte) '>');
        payload.assertEqualTo(Arrays.copyOfRange(received, 1, received.length - 1));
        assertThat(connection.tls()).isPresent();
        final Connection served = server.awaitOpen();
        assertThat(served.remoteAddress()).contains(CLIENT);
        assertThat(served.tls()).isPresent();
        assertThat(served.find(ProxyHeader.class)).isPresent();
        client.awaitClose();
    }
}
