// SPDX-License-Identifier: Apache-2.0
package io.hawser.bench.peers;

import io.vertx.core.transport.Transport;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** What Vert.x talks to the kernel by. */
enum VertxTransport {
    /** What {@code preferNativeTransport} chooses. */
    NATIVE,
    NIO,
    EPOLL,
    URING;

    /** What Vert.x calls it; null if it is to choose. */
    @Nullable
    Transport transport() {
        return switch (this) {
            case NATIVE -> null;
            case NIO -> Transport.NIO;
            case EPOLL -> Transport.EPOLL;
            case URING -> Transport.IO_URING;
        };
    }

    /** @throws UnsupportedOperationException with the reason, if the machine does not have it */
    void requireAvailable() {
        final Transport transport = transport();
        if (transport != null && !transport.available()) {
            throw new UnsupportedOperationException(
                    "Vert.x has no " + this + " here: " + transport.unavailabilityCause(),
                    transport.unavailabilityCause());
        }
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
