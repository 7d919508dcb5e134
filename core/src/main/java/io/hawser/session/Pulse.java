// SPDX-License-Identifier: Apache-2.0
package io.hawser.session;

import io.hawser.connection.CloseCause;
import io.hawser.loop.Timer;
import io.hawser.loop.TimingWheel;
import java.net.SocketTimeoutException;

/** The {@link Heartbeat} of one session. The loop's thread. */
final class Pulse<M> {
    private final AbstractSession<M> session;
    private final Heartbeat<M> heartbeat;
    private final Timer timer = new Timer(this::beat);
    private long receivedBytes;
    private long takenBytes;
    private boolean pinged;
    private int unanswered;

    Pulse(AbstractSession<M> session, Heartbeat<M> heartbeat) {
        this.session = session;
        this.heartbeat = heartbeat;
    }

    void start() {
        if (heartbeat.ping().isPresent()) {
            receivedBytes = session.receivedBytes();
            final TimingWheel wheel = session.loop().wheel();
            wheel.schedulePeriodic(timer, session.loop().nowNs() + heartbeat.periodNs(), heartbeat.periodNs());
        }
    }

    void stop() {
        session.loop().wheel().cancel(timer);
    }

    private void beat() {
        if (!session.isOpen()) {
            // Of a peer that has said goodbye nothing is to be expected; and who closes has a timeout of its own.
            return;
        }
        look();
        if (unanswered >= heartbeat.unanswered()) {
            session.failedHard(
                    CloseCause.Kind.TIMED_OUT,
                    new SocketTimeoutException("The peer has not answered a heartbeat for " + unanswered + " periods"));
        } else if (!session.isCongested()) {
            ping();
        }
    }

    private void look() {
        final boolean congested = session.isCongested();
        final long received = session.receivedBytes();
        final long taken = session.takenBytes();
        final boolean alive = received != receivedBytes || (congested && taken != takenBytes);
        receivedBytes = received;
        takenBytes = taken;
        if (alive) {
            unanswered = 0;
        } else if ((pinged || congested) && !session.isBlocked()) {
            unanswered++;
        }
    }

    private void ping() {
        try {
            heartbeat.ping().orElseThrow().accept(session);
            pinged = true;
        } catch (SendFailedException e) {
            // Too much is pending: then it has enough to answer. Or it is closing.
            if (e.reason() == SendFailedException.Reason.NOT_ENCODED
                    || e.reason() == SendFailedException.Reason.TOO_LONG) {
                session.failed(CloseCause.Kind.ERROR, e);
            }
        } catch (RuntimeException e) {
            session.failed(CloseCause.Kind.ERROR, e);
        }
    }

    /** Whether {@code message} is a heartbeat, which has been dealt with. */
    boolean takes(M message) {
        try {
            if (heartbeat.isPing(message)) {
                answer(message);
                return true;
            }
            if (heartbeat.isPong(message)) {
                session.endpoint().codec().discard(message);
                return true;
            }
            return false;
        } catch (RuntimeException e) {
            session.failed(CloseCause.Kind.ERROR, e);
            session.endpoint().codec().discard(message);
            return true;
        }
    }

    private void answer(M ping) {
        final M pong = heartbeat.pong(ping);
        try {
            session.send(pong);
        } catch (SendFailedException e) {
            // A peer that does not read its answers does not need them either.
            if (e.reason() == SendFailedException.Reason.NOT_ENCODED) {
                throw e;
            }
        }
        if (pong != ping) {
            session.endpoint().codec().discard(ping);
        }
    }
}
