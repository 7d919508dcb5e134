// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import io.hawser.stage.Handshakes;
import java.util.concurrent.Semaphore;

/** The handshakes of an engine that peers have begun, as many as its {@link Limits} allow. Any thread. */
final class HandshakeSlots implements Handshakes {
    private final Semaphore free;
    private final LimitCounter refusals;

    HandshakeSlots(int limit, LimitCounter refusals) {
        free = new Semaphore(limit);
        this.refusals = refusals;
    }

    @Override
    public boolean tryBegin() {
        if (free.tryAcquire()) {
            return true;
        }
        refusals.increment();
        return false;
    }

    @Override
    public void end() {
        free.release();
    }

    /** How many more may begin. */
    int free() {
        return free.availablePermits();
    }
}
