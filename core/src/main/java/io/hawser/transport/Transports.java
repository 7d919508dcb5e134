// SPDX-License-Identifier: Apache-2.0
package io.hawser.transport;

import io.hawser.transport.epoll.EpollTransportProvider;
import io.hawser.transport.nio.NioTransportProvider;
import io.hawser.transport.uring.UringTransportProvider;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;

/**
 * The transports that come with Hawser, best first, and the choice among them. This class alone names them; any thread.
 */
public final class Transports {
    /** The name that stands for the first transport that works. */
    public static final String AUTO = "auto";

    private static final System.Logger LOGGER = System.getLogger("io.hawser.transport");
    private static final List<TransportProvider> PROVIDERS =
            List.of(new UringTransportProvider(), new EpollTransportProvider(), new NioTransportProvider());
    private static final AtomicReference<TransportProvider> BEST = new AtomicReference<>();

    private Transports() {}

    /** All that there are, best first, whether they can run here or not. */
    public static List<TransportProvider> all() {
        return PROVIDERS;
    }

    /**
     * The transport called {@code name}, after it has proved itself.
     *
     * @param name {@code io_uring}, {@code epoll}, {@code nio}, or {@value #AUTO} for the best that works here
     * @throws IllegalArgumentException if there is none of that name
     * @throws TransportUnavailableException if it was asked for by name and cannot run here
     */
    public static TransportProvider choose(String name) throws TransportUnavailableException {
        if (AUTO.equals(name)) {
            return best();
        }
        for (TransportProvider provider : PROVIDERS) {
            if (provider.name().equals(name)) {
                probe(provider);
                return provider;
            }
        }
        throw new IllegalArgumentException("No transport is called '" + name + "'; there are "
                + PROVIDERS.stream().map(TransportProvider::name).collect(Collectors.joining(", "))
                + " and " + AUTO);
    }

    /** The first that works; found out once in a process, and logged where it is not the first of all. */
    private static TransportProvider best() throws TransportUnavailableException {
        final TransportProvider known = BEST.get();
        if (known != null) {
            return known;
        }
        final List<String> reasons = new ArrayList<>();
        for (TransportProvider provider : PROVIDERS) {
            try {
                probe(provider);
                if (!reasons.isEmpty()) {
                    LOGGER.log(
                            System.Logger.Level.INFO,
                            "Using the transport " + provider.name() + ", not available: "
                                    + String.join("; ", reasons));
                }
                BEST.set(provider);
                return provider;
            } catch (TransportUnavailableException e) {
                reasons.add(String.valueOf(e.getMessage()));
            }
        }
        throw new TransportUnavailableException("No transport works here: " + String.join("; ", reasons));
    }

    /**
     * The best that works of those that are less good than {@code failed}, which had proved itself and failed all the same.
     *
     * @throws TransportUnavailableException {@code why}, if none does
     */
    public static TransportProvider instead(TransportProvider failed, TransportUnavailableException why)
            throws TransportUnavailableException {
        for (TransportProvider provider : PROVIDERS.subList(PROVIDERS.indexOf(failed) + 1, PROVIDERS.size())) {
            try {
                probe(provider);
            } catch (TransportUnavailableException e) {
                why.addSuppressed(e);
                continue;
            }
            LOGGER.log(
                    System.Logger.Level.WARNING,
                    "Using the transport " + provider.name() + ", since an engine could not be started otherwise: "
                            + why.getMessage());
            return provider;
        }
        throw why;
    }

    private static void probe(TransportProvider provider) throws TransportUnavailableException {
        try {
            Probe.exchange(provider);
        } catch (TransportUnavailableException e) {
            throw e;
        } catch (IOException | RuntimeException | LinkageError e) {
            throw new TransportUnavailableException(provider.name() + ": " + e.getMessage(), e);
        }
    }
}
