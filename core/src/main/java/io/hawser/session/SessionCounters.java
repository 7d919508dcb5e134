// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

import io.hawser.loop.LoopStats;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

/** What a session counts. The loop counts without atomic updates what it alone does. */
final class SessionCounters {
    private final LoopStats loop;
    private final long openedNs;
    private final AtomicLong messagesReceived = new AtomicLong();
    private final AtomicLong bytesReceived = new AtomicLong();
    private final AtomicLong messagesSentByLoop = new AtomicLong();
    private final AtomicLong bytesSentByLoop = new AtomicLong();
    private final AtomicLong messagesSentByOthers = new AtomicLong();
    private final AtomicLong bytesSentByOthers = new AtomicLong();
    private final AtomicLong errors = new AtomicLong();
    private final AtomicLong lateResponses = new AtomicLong();
    private final AtomicLong lastActiveNs;

    /** @param loop counts, too, what all its sessions do */
    SessionCounters(LoopStats loop, long nowNs) {
        this.loop = loop;
        openedNs = nowNs;
        lastActiveNs = new AtomicLong(nowNs);
    }

    private static void addAlone(AtomicLong counter, long n) {
        counter.setRelease(counter.getPlain() + n);
    }

    /** The loop's thread. */
    void received(long bytes, long nowNs) {
        loop.messageReceived();
        addAlone(messagesReceived, 1);
        addAlone(bytesReceived, bytes);
        lastActiveNs.setOpaque(nowNs);
    }

    /** The loop's thread. */
    void sentByLoop(long bytes, long nowNs) {
        loop.messageSent();
        addAlone(messagesSentByLoop, 1);
        addAlone(bytesSentByLoop, bytes);
        lastActiveNs.setOpaque(nowNs);
    }

    void sent(long bytes, long nowNs) {
        loop.messageSentElsewhere();
        messagesSentByOthers.incrementAndGet();
        bytesSentByOthers.addAndGet(bytes);
        lastActiveNs.setOpaque(nowNs);
    }

    /** The loop's thread. */
    void late() {
        addAlone(lateResponses, 1);
    }

    void failed() {
        errors.incrementAndGet();
    }

    SessionStats snapshot(long nowNs) {
        return new SessionStats(
                messagesReceived.get(),
                bytesReceived.get(),
                messagesSentByLoop.get() + messagesSentByOthers.get(),
                bytesSentByLoop.get() + bytesSentByOthers.get(),
                errors.get(),
                lateResponses.get(),
                Duration.ofNanos(nowNs - openedNs),
                Duration.ofNanos(Math.max(0, nowNs - lastActiveNs.get())));
    }
}
