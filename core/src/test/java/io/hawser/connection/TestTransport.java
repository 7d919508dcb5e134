// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import io.hawser.transport.TransportConfig;
import io.hawser.transport.TransportUnavailableException;
import io.hawser.transport.Transports;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Assumptions;

/** The transports that the suite runs over, epoll in both of its modes. Immutable. */
public enum TestTransport {
    IO_URING("io_uring", true),
    EPOLL_EDGE("epoll", true),
    EPOLL_LEVEL("epoll", false),
    NIO("nio", true);

    private final String transportName;
    private final boolean edgeTriggered;
    private final Optional<String> reasonAgainst;

    TestTransport(String transportName, boolean edgeTriggered) {
        this.transportName = transportName;
        this.edgeTriggered = edgeTriggered;
        this.reasonAgainst = probe(transportName);
    }

    private static Optional<String> probe(String name) {
        try {
            Transports.choose(name);
            return Optional.empty();
        } catch (TransportUnavailableException e) {
            return Optional.of(String.valueOf(e.getMessage()));
        }
    }

    /** Skips the test where the transport cannot run, and says why. */
    public void assumeAvailable() {
        Assumptions.assumeTrue(reasonAgainst.isEmpty(), () -> reasonAgainst.orElse(""));
    }

    boolean isAvailable() {
        return reasonAgainst.isEmpty();
    }

    public String transportName() {
        return transportName;
    }

    /** An engine with one loop over this transport. */
    public Engine.Builder builder() {
        return Engine.builder().transport(transportName).loops(1).transportConfig(this::inMode);
    }

    private TransportConfig inMode(TransportConfig c) {
        return new TransportConfig(
                c.blocks(), c.readBlockBytes(), edgeTriggered, c.readBlocks(), c.submissionEntries());
    }

    /** Small blocks, and few of them: what a loop can receive in one turn is {@code readBlocks * readBlockBytes} at most. */
    public UnaryOperator<TransportConfig> receiving(int readBlockBytes, int readBlocks) {
        return c -> new TransportConfig(c.blocks(), readBlockBytes, edgeTriggered, readBlocks, c.submissionEntries());
    }
}
