// SPDX-License-Identifier: Apache-2.0
package io.hawser.sim;

import io.hawser.connection.CloseCause;
import io.hawser.connection.Connection;
import io.hawser.connection.ConnectionHandler;
import java.util.function.Supplier;

/** Checks what the connection layer promises to handlers, around what a behaviour does. */
final class CheckedHandler implements ConnectionHandler {
    private final Scenario scenario;
    private final boolean dialled;
    private final Supplier<Behaviour> behaviours;

    CheckedHandler(Scenario scenario, boolean dialled, Supplier<Behaviour> behaviours) {
        this.scenario = scenario;
        this.dialled = dialled;
        this.behaviours = behaviours;
    }

    private Tracked tracked(Connection connection, String callback) {
        return connection.attachment().map(Tracked.class::cast).orElseThrow(() -> {
            scenario.ledger().fail("connection " + connection.id(), callback + " before onOpen");
            return new IllegalStateException();
        });
    }

    private interface Step {
        void run() throws Exception;
    }

    private void run(Tracked tracked, String callback, Step step) throws Exception {
        scenario.trace(tracked.name, callback);
        tracked.enter(callback, false);
        try {
            scenario.checkBounds(tracked);
            step.run();
        } catch (Exception e) {
            tracked.threw = true;
            throw e;
        } finally {
            tracked.leave();
        }
    }

    @Override
    public void onOpen(Connection connection) throws Exception {
        final Behaviour behaviour = behaviours.get();
        final Tracked tracked = scenario.track(connection, dialled, behaviour);
        scenario.ledger().check(connection.attachment().isEmpty(), tracked.name, "a second onOpen");
        connection.attach(tracked);
        run(tracked, "onOpen", () -> behaviour.open(tracked));
    }

    @Override
    public void onData(Connection connection) throws Exception {
        final Tracked tracked = tracked(connection, "onData");
        run(tracked, "onData", () -> {
            scenario.ledger().check(!tracked.ended, tracked.name, "onData after onEnd");
            scenario.ledger().check(!tracked.isHeld(), tracked.name, "onData although paused");
            final long before = tracked.unread();
            tracked.inspect();
            scenario.ledger().check(tracked.unread() > before || before > 0, tracked.name, "onData without data");
            tracked.behaviour.data(tracked);
        });
    }

    @Override
    public void onWritable(Connection connection) throws Exception {
        final Tracked tracked = tracked(connection, "onWritable");
        run(tracked, "onWritable", () -> {
            scenario.ledger()
                    .check(
                            connection.pendingBytes() <= scenario.limits().outboundLowBytes(),
                            tracked.name,
                            "onWritable above the low mark");
            tracked.behaviour.writable(tracked);
        });
    }

    @Override
    public void onEnd(Connection connection) throws Exception {
        final Tracked tracked = tracked(connection, "onEnd");
        run(tracked, "onEnd", () -> {
            scenario.ledger().check(!tracked.ended, tracked.name, "a second onEnd");
            tracked.ended = true;
            final Tracked peer = tracked.peer;
            scenario.ledger()
                    .check(
                            peer == null || tracked.received == peer.written,
                            tracked.name,
                            "the end came before all that the peer wrote");
            tracked.behaviour.end(tracked);
        });
    }

    @Override
    public void onError(Connection connection, Throwable error) {
        final Tracked tracked = tracked(connection, "onError");
        scenario.trace(tracked.name, "onError " + error.getClass().getSimpleName());
        tracked.onFailure();
        scenario.ledger().check(scenario.isExpected(error), tracked.name, "onError with " + error);
    }

    @Override
    public void onClose(Connection connection, CloseCause cause) {
        final Tracked tracked = tracked(connection, "onClose");
        scenario.trace(tracked.name, "onClose " + cause.kind());
        tracked.enter("onClose", true);
        tracked.closed = true;
        tracked.closedNs = scenario.nowNs();
        tracked.cause = cause;
        tracked.leave();
        scenario.closed(tracked);
        try {
            tracked.behaviour.closed(tracked);
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }
}
