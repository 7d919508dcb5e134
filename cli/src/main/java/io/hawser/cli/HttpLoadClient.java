// SPDX-License-Identifier: Apache-2.0
package io.hawser.cli;

import io.hawser.connection.CloseCause;
import io.hawser.connection.Connection;
import io.hawser.connection.ConnectionHandler;
import java.net.ProtocolException;
import org.jspecify.annotations.Nullable;

/**
 * One client that gets a page over HTTP again and again, on one connection as long as the server keeps it, and then on another. The thread of its loop.
 *
 * <p>What was sent on a connection that the server has ended in order, and is not answered, is sent again on the next; it counts from when it was sent
 * first, or was due.
 */
final class HttpLoadClient implements LoadClient, ConnectionHandler {
    private final LoadSpec spec;
    private final LoadRun run;
    private final byte[] request;
    private final int inFlight;
    /** After so many answers it is done. */
    private final long requests;
    /** Since when the unanswered requests count; request {@code n} at {@code n & mask}. */
    private final long[] sinceNs;

    private final int mask;
    private final ResponseReader reader = new ResponseReader();
    private int index;
    private @Nullable LoopLoad load;
    private @Nullable Connection connection;
    private @Nullable Pacer pacer;

    private long sent;
    private long answered;
    /** How many requests have been due, if something else than answers makes them so. */
    private long due;
    /** How many answers this connection has brought. */
    private long answeredHere;
    /** The server has said that it ends the connection. */
    private boolean closing;

    private boolean failed;
    private boolean done;

    HttpLoadClient(LoadSpec spec, LoadRun run, HttpTarget target, int number) {
        this.spec = spec;
        this.run = run;
        this.request = target.request();
        this.inFlight = spec.inFlight();
        this.requests = spec.requests() == 0 ? Long.MAX_VALUE : spec.requests();
        this.index = number;
        final int slots = Integer.highestOneBit(Math.max(1, inFlight - 1)) << 1;
        this.sinceNs = new long[slots];
        this.mask = slots - 1;
    }

    // ---- set up by the load

    @Override
    public int index() {
        return index;
    }

    @Override
    public void setIndex(int place) {
        index = place;
    }

    @Override
    public void paceBy(Pacer schedule) {
        pacer = schedule;
    }

    @Override
    public boolean isOpen() {
        return load != null && !failed && !done;
    }

    @Override
    public long unanswered() {
        return isOpen() ? Math.max(due, sent) - answered : 0;
    }

    @Override
    public DatagramCounts datagrams() {
        return DatagramCounts.NONE;
    }

    // ---- sending

    @Override
    public void messageDue(long nowNs) {
        if (!isOpen()) {
            return;
        }
        due++;
        sendMore(nowNs);
        if (sent < due && load != null) {
            load.heldBack();
        }
    }

    @Override
    public void sendMore(long nowNs) {
        final Connection open = connection;
        if (open == null || load == null || failed || done || closing) {
            return;
        }
        try {
            if (pacer == null) {
                while (sent - answered < inFlight && sent < requests && load.isRunning(nowNs)) {
                    send(open, nowNs);
                    load.sent(nowNs);
                }
            } else {
                while (sent - answered < inFlight && sent < due) {
                    send(open, spec.pacing() == LoadSpec.Pacing.OPEN_LOOP ? pacer.dueNs(index, sent) : nowNs);
                    load.sent(nowNs);
                }
            }
        } catch (RuntimeException e) {
            fail("not sent", Failures.describe(e));
        }
    }

    private void send(Connection open, long since) {
        sinceNs[(int) sent & mask] = since;
        sent++;
        open.writer().writeBytes(request);
    }

    // ---- what happens on the connection

    @Override
    public void onOpen(Connection opened) {
        connection = opened;
        reader.reset();
        answeredHere = 0;
        closing = false;
        LoopLoad home = load;
        if (home == null) {
            home = run.loadOf(opened.loop());
            home.add(this);
            load = home;
        }
        for (long again = sent - answered; again > 0; again--) {
            opened.writer().writeBytes(request);
        }
        sendMore(System.nanoTime());
    }

    @Override
    public void onData(Connection open) {
        final long nowNs = System.nanoTime();
        try {
            while (!failed && !done && !closing && reader.next(open.reader())) {
                answered(nowNs);
            }
        } catch (ProtocolException e) {
            fail("no HTTP", Failures.describe(e));
        }
        if (closing || failed || done) {
            open.reader().skip(open.reader().readableBytes());
        }
        sendMore(nowNs);
    }

    private void answered(long nowNs) {
        final LoopLoad home = load;
        if (home == null || answered == sent) {
            fail(
                    "answers that nobody asked for",
                    "connection " + index + " got more answers than it has sent requests");
            return;
        }
        final int status = reader.status();
        if (status >= 200 && status < 300) {
            home.answered(sinceNs[(int) answered & mask], nowNs, reader.bytes());
        } else {
            home.answeredWrong(nowNs);
            run.errors().add("status " + status, "an answer of " + reader.bytes() + " bytes");
        }
        answered++;
        answeredHere++;
        if (answered == requests) {
            finish();
        } else if (reader.closes()) {
            closing = true;
            final Connection open = connection;
            if (open != null) {
                open.close();
            }
        }
    }

    @Override
    public void onEnd(Connection open) {
        if (!failed && !done && !closing && reader.end()) {
            answered(System.nanoTime());
        }
        open.close();
    }

    @Override
    public void onError(Connection failing, Throwable error) {
        fail("failed here", error.getClass().getSimpleName() + ": " + Failures.describe(error));
    }

    @Override
    public void onClose(Connection closed, CloseCause cause) {
        connection = null;
        final LoopLoad home = load;
        if (failed || done || home == null || home.isFinishing()) {
            return;
        }
        // A server may end a connection between two requests, of which the second is on its way already.
        if (closing || (cause.kind() == CloseCause.Kind.PEER_CLOSED && answeredHere > 0)) {
            if (home.isRunning(System.nanoTime()) || unanswered() > 0) {
                dialAgain(home);
            }
            return;
        }
        final String kind = switch (cause.kind()) {
            case PEER_CLOSED -> "closed by the server";
            case RESET -> "reset by the server";
            case TIMED_OUT -> "timed out";
            default -> "lost";
        };
        fail(kind, cause.error().map(Failures::describe).orElse(kind));
    }

    private void dialAgain(LoopLoad home) {
        final var unused = run.redial(this, home.loop()).whenComplete((_, failure) -> {
            if (failure != null) {
                home.loop().executeAlways(() -> {
                    if (!home.isFinishing()) {
                        fail("could not connect again", Failures.reason(failure));
                    }
                });
            }
        });
    }

    private void finish() {
        done = true;
        run.clientEnded();
        final Connection open = connection;
        if (open != null) {
            open.close();
        }
    }

    /** Counts as an error, unless it is over already, and closes. */
    private void fail(String kind, String detail) {
        if (!failed && !done) {
            failed = true;
            run.errors().add(kind, detail);
            run.clientEnded();
            final Connection open = connection;
            if (open != null) {
                open.abort();
            }
        }
    }
}
