// SPDX-License-Identifier: Apache-2.0
package io.hawser.cli;

import io.hawser.buffer.Reader;
import io.hawser.connection.CloseCause;
import io.hawser.connection.ConnectionHandler;
import io.hawser.connection.Engine;
import io.hawser.loop.EventLoop;
import io.hawser.session.SessionHandler;
import org.jspecify.annotations.Nullable;

/**
 * One connection to an echo server: sends messages, checks every byte that comes back, and takes the time. The thread of the connection's
 * loop. In the steady state it allocates nothing.
 */
final class EchoClient implements LoadClient {
    private final LoadSpec spec;
    private final LoadRun run;
    private final int size;
    private final int inFlight;
    /** After so many answers it is done. */
    private final long requests;
    /** Since when the unanswered messages count; message {@code n} at {@code n & mask}. */
    private final long[] sinceNs;

    private final int mask;
    private int index;
    private @Nullable LoopLoad load;
    private @Nullable EchoWire wire;
    private @Nullable Pacer pacer;

    private int sendPosition;
    private int checkPosition;
    private long sent;
    private long answered;
    /** How many messages have been due, if something else than answers makes them so. */
    private long due;
    /** Bytes of an answer that has come in part. */
    private long partialBytes;

    private boolean failed;
    private boolean done;

    EchoClient(LoadSpec spec, LoadRun run, int number) {
        this.spec = spec;
        this.run = run;
        this.size = spec.size();
        this.inFlight = spec.inFlight();
        this.requests = spec.requests() == 0 ? Long.MAX_VALUE : spec.requests();
        this.index = number;
        final int slots = Integer.highestOneBit(Math.max(1, inFlight - 1)) << 1;
        this.sinceNs = new long[slots];
        this.mask = slots - 1;
        // Each starts elsewhere, so that bytes of another connection are wrong ones, too.
        this.sendPosition = Payload.advance(0, number * 7919L);
        this.checkPosition = sendPosition;
    }

    /** Makes it the client of a connection of {@code engine} that is to be dialled. */
    ConnectionHandler handler(Engine engine) {
        final NamedFraming framing = spec.framing();
        return framing == null
                ? new StreamWire(this)
                : SessionHandler.of(engine, framing.framing().frames(), new FrameWire(this, size));
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
        return wire != null && !failed && !done;
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
        final EchoWire open = wire;
        if (open == null || load == null) {
            return;
        }
        try {
            if (pacer == null) {
                while (sent - answered < inFlight && sent < requests && !failed && load.isRunning(nowNs)) {
                    send(open, nowNs);
                    load.sent(nowNs);
                }
            } else {
                while (sent - answered < inFlight && !failed && sent < due) {
                    send(open, spec.pacing() == LoadSpec.Pacing.OPEN_LOOP ? pacer.dueNs(index, sent) : nowNs);
                    load.sent(nowNs);
                }
            }
        } catch (RuntimeException e) {
            fail("not sent", Failures.describe(e));
        }
    }

    private void send(EchoWire open, long since) {
        open.send(sendPosition, size);
        sendPosition = Payload.advance(sendPosition, size);
        sinceNs[(int) sent & mask] = since;
        sent++;
    }

    // ---- what happens on the connection

    /** It is connected; where the load runs already, messages leave at once. */
    void opened(EventLoop loop, EchoWire way) {
        wire = way;
        final LoopLoad home = run.loadOf(loop);
        home.add(this);
        load = home;
        sendMore(System.nanoTime());
    }

    /** Answers have come, whole or in part. */
    void received(Reader answers) {
        final long nowNs = System.nanoTime();
        if (load != null && check(answers, load)) {
            while (partialBytes >= size && answered < sent) {
                partialBytes -= size;
                load.answered(sinceNs[(int) answered & mask], nowNs);
                answered++;
            }
            if (partialBytes > 0 && answered == sent) {
                fail("bytes that nobody sent", partialBytes + " bytes more came back than were sent");
            } else if (answered == requests) {
                finish();
            } else {
                sendMore(nowNs);
            }
        }
    }

    private void finish() {
        if (!done && !failed) {
            done = true;
            run.clientEnded();
            if (wire != null) {
                wire.close();
            }
        }
    }

    /** Reads all there is; whether it is right. */
    private boolean check(Reader reader, LoopLoad loop) {
        long left = reader.readableBytes();
        while (left > 0) {
            final int bytes = (int) Math.min(left, Payload.CHUNK_BYTES);
            reader.readBytes(loop.scratch, 0, bytes);
            final int wrong = Payload.mismatch(loop.scratch, 0, bytes, checkPosition);
            if (wrong >= 0) {
                fail("wrong bytes", wrongByte(loop.scratch[wrong], wrong));
                return false;
            }
            checkPosition = Payload.advance(checkPosition, bytes);
            partialBytes += bytes;
            left -= bytes;
        }
        return true;
    }

    private String wrongByte(byte received, int at) {
        return "byte " + (answered * size + partialBytes + at) + " of connection " + index + " came back as 0x"
                + hex(received) + " instead of 0x" + hex(Payload.at(Payload.advance(checkPosition, at)));
    }

    private static String hex(byte value) {
        final int unsigned = value & 0xff;
        return (unsigned < 16 ? "0" : "") + Integer.toHexString(unsigned);
    }

    /** Something threw on this side. */
    void failedHere(Throwable error) {
        fail("failed here", error.getClass().getSimpleName() + ": " + Failures.describe(error));
    }

    /** The connection is gone. */
    void closed(CloseCause cause) {
        if (load != null && !load.isFinishing()) {
            final String kind = switch (cause.kind()) {
                case PEER_CLOSED -> "closed by the server";
                case RESET -> "reset by the server";
                case TIMED_OUT -> "timed out";
                default -> "lost";
            };
            fail(kind, cause.error().map(Failures::describe).orElse(kind));
        }
        wire = null;
    }

    /** Counts as an error, unless it is over already, and closes. */
    void fail(String kind, String detail) {
        if (!failed && !done) {
            failed = true;
            run.errors().add(kind, detail);
            run.clientEnded();
            if (wire != null) {
                wire.abort();
            }
        }
    }
}
