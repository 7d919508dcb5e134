// SPDX-License-Identifier: Apache-2.0
package io.hawser.transport.nio;

import io.hawser.transport.AcceptedSocket;
import io.hawser.transport.Transport;
import io.hawser.transport.TransportConfig;
import io.hawser.transport.TransportProvider;
import java.io.IOException;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;

/** Makes transports over the JDK's selectors, which run on every system. Immutable; any thread. */
public final class NioTransportProvider implements TransportProvider {
    static final String NAME = "nio";

    /** Makes the provider; all of them are equal. */
    public NioTransportProvider() {}

    /** {@inheritDoc} It is {@code nio}. */
    @Override
    public String name() {
        return NAME;
    }

    /**
     * {@inheritDoc} Of the configuration, {@code blocks} and {@code readBlockBytes} are used.
     *
     * @throws IOException if no selector can be made, for want of descriptors as a rule
     */
    @Override
    public Transport open(TransportConfig config) throws IOException {
        return new NioTransport(Selector.open(), config);
    }

    @Override
    public AcceptedSocket adopt(SocketChannel channel) {
        return NioAccepted.adopt(channel);
    }
}
