// SPDX-License-Identifier: Apache-2.0
package io.hawser.proxy;

import io.hawser.stage.Stage;
import io.hawser.stage.StageContext;
import io.hawser.stage.StageFactory;
import io.hawser.transport.StreamSink;

/**
 * Has connections that are dialled begin with a PROXY header: a stage before all others, TLS too. Each connection of a client needs one of its
 * own; one with {@link ProxyHeader#ofProxyItself()} may serve many.
 *
 * <pre>{@code
 * var header = ProxyHeader.of(client.remoteAddress().get(), client.localAddress().get());
 * var options = ConnectionOptions.DEFAULT.withStages(List.of(new ProxySender(ProxyVersion.V2, header)));
 * }</pre>
 *
 * <p>The header leaves as soon as the connection is made, without waiting for what is written, as the server may be the one to speak first.
 *
 * <p><b>Thread:</b> any.
 */
public final class ProxySender implements StageFactory {
    private final byte[] header;

    /** @throws IllegalArgumentException as {@link ProxyHeader#encode} */
    public ProxySender(ProxyVersion version, ProxyHeader header) {
        this.header = header.encode(version);
    }

    @Override
    public Stage stage(StageContext context, StreamSink above) {
        return new ProxySenderStage(header, context.loop(), above);
    }
}
