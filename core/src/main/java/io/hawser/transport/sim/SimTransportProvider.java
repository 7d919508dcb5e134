// SPDX-License-Identifier: Apache-2.0
package io.hawser.transport.sim;

import io.hawser.transport.TransportConfig;
import io.hawser.transport.TransportProvider;

/** Makes transports that live on one simulated host. */
public final class SimTransportProvider implements TransportProvider {
    static final String NAME = "sim";

    private final SimHost host;

    /** @param host where the transports live */
    public SimTransportProvider(SimHost host) {
        this.host = host;
    }

    /** {@inheritDoc} It is {@code sim}. */
    @Override
    public String name() {
        return NAME;
    }

    /** {@inheritDoc} Of the configuration, {@code blocks} and {@code readBlockBytes} are used. */
    @Override
    public SimTransport open(TransportConfig config) {
        return new SimTransport(host, config);
    }
}
