// SPDX-License-Identifier: Apache-2.0
package io.hawser.sim;

import io.hawser.buffer.NotEnoughBytesException;
import io.hawser.buffer.Slice;
import io.hawser.connection.BlockingHandler;
import io.hawser.connection.CloseCause;
import io.hawser.connection.Connection;
import io.hawser.transport.sim.SimRandom;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.List;

/**
 * A server in the blocking style, and what is promised to it. Its virtual threads are carried by the simulated loops, that is by the one
 * thread of the simulation: they run until they park, and are woken in an order that the seed determines.
 */
final class CheckedBlocking implements BlockingHandler {
    static final int KINDS = 4;

    private final Scenario scenario;
    private final Ledger ledger;
    private final SimRandom random;
    private final int kind;
    private final List<Served> all = new ArrayList<>();

    CheckedBlocking(Scenario scenario, int kind) {
        this.scenario = scenario;
        this.ledger = scenario.ledger();
        this.random = scenario.random();
        this.kind = kind;
    }

    /** One connection. */
    private static final class Served {
        final Connection connection;
        final String name;
        final SocketAddress peer;
        boolean running;
        boolean closed;
        boolean failed;
        /** For how many bytes the handler waits in a read; 0 if in none. */
        int needed;

        long key;
        long consumed;
        long written;
        long left;

        Served(Connection connection, long left) {
            this.connection = connection;
            this.name = "connection " + connection.id() + " blocking";
            this.peer = connection.remoteAddress().orElse(null);
            this.left = left;
        }
    }

    @Override
    public boolean prepare(Connection connection) {
        final Served served = new Served(connection, random.skewed(8, 40_000));
        ledger.check(connection.attachment().isEmpty(), served.name, "a second prepare");
        connection.attach(served);
        all.add(served);
        scenario.countOpened();
        return true;
    }

    private static Served of(Connection connection) {
        return (Served) connection.attachment().orElseThrow();
    }

    @Override
    public void handle(Connection connection) throws Exception {
        final Served served = of(connection);
        scenario.trace(served.name, "handle");
        ledger.check(!served.running, served.name, "the handler runs twice at once");
        ledger.check(!served.failed, served.name, "handle after onError");
        ledger.check(connection.reader().readableBytes() > 0, served.name, "handle, and there is nothing to read");
        ledger.check(!connection.loop().inLoop(), served.name, "handle on the loop");
        served.running = true;
        try {
            switch (kind) {
                case 0 -> echo(served);
                case 1 -> read(served);
                case 2 -> pour(served);
                default -> {
                    echo(served);
                    if (random.chance(0.2)) {
                        throw new Behaviours.Thrown();
                    }
                }
            }
        } finally {
            served.running = false;
            scenario.trace(served.name, "handled");
        }
    }

    /** Somebody else may run. */
    @SuppressWarnings("ThreadPriorityCheck") // The scheduler is the simulation's, and does as it is told.
    private void maybeYield() {
        if (random.chance(0.3)) {
            Thread.yield();
        }
    }

    /** Sends back some of what there is, in one of several ways. */
    private void echo(Served served) {
        final Connection connection = served.connection;
        final int bytes =
                random.skewed(1, (int) Math.min(8000, connection.reader().readableBytes()));
        if (random.chance(0.5)) {
            try (Slice slice = connection.reader().slice(bytes)) {
                maybeYield();
                connection.writer().append(slice);
            }
        } else {
            connection.writer().writeBytes(connection.reader().readBytes(bytes));
        }
        served.consumed += bytes;
        served.written += bytes;
        maybeYield();
        if (random.chance(0.3)) {
            connection.writer().flush();
        }
    }

    /** Reads all that comes in pieces of its own choice, which have to be waited for. */
    private void read(Served served) {
        if (served.consumed == 0) {
            await(served, StreamBytes.KEY_BYTES);
            served.key = served.connection.reader().readLong();
            consumed(served, StreamBytes.KEY_BYTES);
        }
        while (true) {
            final int bytes =
                    random.skewed(1, (int) Math.min(600, scenario.limits().inboundBytes()));
            await(served, bytes);
            final long wrong =
                    StreamBytes.firstWrong(served.connection.reader(), 0, bytes, served.key, served.consumed);
            if (wrong >= 0) {
                ledger.fail(served.name, "byte " + wrong + " is wrong");
            }
            served.connection.reader().skip(bytes);
            consumed(served, bytes);
            maybeYield();
        }
    }

    private static void consumed(Served served, int bytes) {
        served.consumed += bytes;
    }

    private void await(Served served, int bytes) {
        served.needed = bytes;
        scenario.trace(served.name, "waits");
        served.connection.reader().peek(bytes);
        served.needed = 0;
    }

    /** Writes as much as it has to, and waits for room wherever there is none; then ends. */
    private void pour(Served served) {
        final Connection connection = served.connection;
        connection.reader().skip(connection.reader().readableBytes());
        while (served.left > 0) {
            final int bytes = (int) Math.min(served.left, random.skewed(8, 3000));
            connection.writer().writeBytes(StreamBytes.make(key(served), served.written, bytes));
            served.written += bytes;
            served.left -= bytes;
            maybeYield();
        }
    }

    /** Of its own stream. */
    private long key(Served served) {
        if (served.key == 0) {
            served.key = ledger.stream();
        }
        return served.key;
    }

    @Override
    public void onError(Connection connection, Throwable error) {
        final Served served = of(connection);
        ledger.check(!served.failed, served.name, "a second onError");
        served.failed = true;
        ledger.check(scenario.isExpected(error), served.name, "an unexpected error: " + error + Failures.at(error));
        ledger.check(!(error instanceof NotEnoughBytesException), served.name, "an end was taken for a failure");
    }

    @Override
    public void onClose(Connection connection, CloseCause cause) {
        final Served served = of(connection);
        scenario.trace(served.name, "onClose");
        ledger.check(!served.closed, served.name, "a second onClose");
        ledger.check(connection.loop().inLoop(), served.name, "onClose on a foreign thread");
        served.closed = true;
    }

    /** Nothing moves any more, and no fault has cost a byte. */
    void checkSettled() {
        for (Served served : all) {
            final Tracked client = ledger.dialledFrom(served.peer);
            if (client == null || served.closed || served.failed || !client.isUntouched()) {
                continue;
            }
            final long coming = client.written - served.consumed;
            switch (kind) {
                case 0 -> {
                    ledger.check(coming == 0, served.name, coming + " bytes were never served");
                    ledger.check(
                            client.received == served.written,
                            client.name,
                            "only " + client.received + " of " + served.written + " bytes have come");
                }
                case 1 ->
                    ledger.check(
                            served.running ? coming < served.needed : coming == 0,
                            served.name,
                            "waits for " + served.needed + " bytes, and there are " + coming);
                case 2 ->
                    ledger.check(
                            client.received == served.written && (served.left == 0 || client.written == 0),
                            client.name,
                            "only " + client.received + " of " + served.written + " bytes have come, " + served.left
                                    + " were never written");
                default -> {
                    // It fails when it likes.
                }
            }
        }
    }

    void checkEnded() {
        for (Served served : all) {
            ledger.check(served.closed, served.name, "was never closed");
            ledger.check(!served.running, served.name, "a handler never ended");
        }
    }
}
