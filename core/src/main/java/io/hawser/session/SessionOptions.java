// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

import io.hawser.connection.Engine;
import java.time.Duration;

/** What each session of an endpoint begins with. */
record SessionOptions(int maxMessageBytes, Duration cron, Duration idleTimeout, int maxPendingCalls) {
    static final int DEFAULT_PENDING_CALLS = 65_536;

    SessionOptions {
        requireNotNegative("cron", cron);
        requireNotNegative("idleTimeout", idleTimeout);
    }

    /** @param maxMessageBytes 0 for what the engine's limits say */
    static SessionOptions of(
            Engine engine, int maxMessageBytes, Duration cron, Duration idleTimeout, int maxPendingCalls) {
        final int most = maxMessageBytes == 0 ? engine.limits().messageBytes() : maxMessageBytes;
        if (most > engine.limits().inboundBytes()) {
            throw new IllegalArgumentException("A message of " + most + " bytes would not fit Limits.inboundBytes, "
                    + engine.limits().inboundBytes());
        }
        return new SessionOptions(most, cron, idleTimeout, maxPendingCalls);
    }

    static int requirePendingCalls(int count) {
        if (count < 1) {
            throw new IllegalArgumentException("A session must be allowed 1 pending call at least: " + count);
        }
        return count;
    }

    private static void requireNotNegative(String name, Duration duration) {
        if (duration.isNegative()) {
            throw new IllegalArgumentException(name + " must not be negative: " + duration);
        }
    }
}
