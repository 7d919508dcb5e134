// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/**
 * A handler that writes down what it is called with, and does what a test tells it to. What a test waits for comes within
 * {@link #PATIENCE}, or the test fails with all that did come.
 *
 * <p><b>Thread:</b> the loops call it, the test asks it.
 */
public final class Recorder implements ConnectionHandler {
    static final Duration PATIENCE = Duration.ofSeconds(20);

    /** What a callback does. */
    @FunctionalInterface
    interface Step {
        void run(Connection connection) throws Exception;
    }

    private Step onOpen = _ -> {};
    private Step onData = this::take;
    private Step onWritable = _ -> {};
    private Step onEnd = Connection::close;
    private Step onError = _ -> {};
    private Step onClose = _ -> {};

    private final List<String> events = new ArrayList<>();
    private final List<String> violations = new ArrayList<>();
    private final Map<Connection, String> last = new HashMap<>();
    private final ByteArrayOutputStream received = new ByteArrayOutputStream();
    private final List<Connection> opened = new ArrayList<>();
    private final List<CloseCause> causes = new ArrayList<>();
    private final List<Throwable> errors = new ArrayList<>();

    // ---- what to do; before the first connection

    Recorder onOpen(Step step) {
        onOpen = step;
        return this;
    }

    /** Instead of {@link #take}. */
    Recorder onData(Step step) {
        onData = step;
        return this;
    }

    Recorder onWritable(Step step) {
        onWritable = step;
        return this;
    }

    /** Instead of closing. */
    Recorder onEnd(Step step) {
        onEnd = step;
        return this;
    }

    Recorder onError(Step step) {
        onError = step;
        return this;
    }

    Recorder onClose(Step step) {
        onClose = step;
        return this;
    }

    static Recorder echo() {
        return new Recorder().onData(c -> c.writer().append(c.reader()));
    }

    /** Reads all there is, for {@link #awaitBytes}. */
    void take(Connection connection) {
        take(connection, (int) connection.reader().readableBytes());
    }

    /** Reads {@code count} bytes, for {@link #awaitBytes}. */
    void take(Connection connection, int count) {
        final byte[] bytes = connection.reader().readBytes(count);
        synchronized (this) {
            received.writeBytes(bytes);
            notifyAll();
        }
    }

    // ---- callbacks

    @Override
    public void onOpen(Connection connection) throws Exception {
        synchronized (this) {
            opened.add(connection);
        }
        record(connection, "open");
        onOpen.run(connection);
    }

    @Override
    public void onData(Connection connection) throws Exception {
        record(connection, "data");
        onData.run(connection);
    }

    @Override
    public void onWritable(Connection connection) throws Exception {
        record(connection, "writable");
        onWritable.run(connection);
    }

    @Override
    public void onEnd(Connection connection) throws Exception {
        record(connection, "end");
        onEnd.run(connection);
    }

    @Override
    public void onError(Connection connection, Throwable error) {
        synchronized (this) {
            errors.add(error);
        }
        record(connection, "error");
        run(onError, connection);
    }

    @Override
    public void onClose(Connection connection, CloseCause cause) {
        record(connection, "close " + cause.kind());
        synchronized (this) {
            causes.add(cause);
            notifyAll();
        }
        run(onClose, connection);
    }

    private static void run(Step step, Connection connection) {
        try {
            step.run(connection);
        } catch (RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    private synchronized void record(Connection connection, String event) {
        final String before = last.put(connection, event);
        if (!connection.loop().inLoop()) {
            violations.add(event + " of " + connection + " on " + Thread.currentThread());
        }
        if ((before == null) != event.equals("open") || (before != null && !mayFollow(before, event))) {
            violations.add(event + " after " + before + " of " + connection);
        }
        // How the bytes are cut is the kernel's affair.
        if (!event.equals("data") || !"data".equals(before)) {
            events.add(event);
        }
        notifyAll();
    }

    private static boolean mayFollow(String before, String event) {
        if (before.startsWith("close")) {
            return false;
        }
        return switch (event) {
            case "data", "end" -> !before.equals("end") && !before.equals("error");
            case "writable" -> !before.equals("error");
            case "error" -> !before.equals("error");
            default -> true;
        };
    }

    // ---- questions

    /** All events so far in their order; calls with data in a row count as one. */
    synchronized List<String> events() {
        return List.copyOf(events);
    }

    /** What happened that the contract of {@link ConnectionHandler} rules out. */
    synchronized List<String> violations() {
        return List.copyOf(violations);
    }

    synchronized List<Throwable> errors() {
        return List.copyOf(errors);
    }

    synchronized List<CloseCause> causes() {
        return List.copyOf(causes);
    }

    synchronized List<Connection> opened() {
        return List.copyOf(opened);
    }

    synchronized int receivedBytes() {
        return received.size();
    }

    Connection awaitOpen() {
        return awaitOpen(1).getFirst();
    }

    synchronized List<Connection> awaitOpen(int count) {
        await(() -> opened.size() >= count, () -> count + " opened connections");
        return List.copyOf(opened);
    }

    CloseCause awaitClose() {
        return awaitClose(1).getFirst();
    }

    synchronized List<CloseCause> awaitClose(int count) {
        await(() -> causes.size() >= count, () -> count + " closed connections");
        return List.copyOf(causes);
    }

    synchronized void awaitEvent(String event) {
        await(() -> events.contains(event), () -> "the event " + event);
    }

    /** All bytes so far, once there are {@code count} of them. */
    synchronized byte[] awaitBytes(int count) {
        await(() -> received.size() >= count, () -> count + " bytes");
        return received.toByteArray();
    }

    String awaitText(int bytes) {
        return new String(awaitBytes(bytes), StandardCharsets.UTF_8);
    }

    private void await(BooleanSupplier condition, Supplier<String> what) {
        final long deadlineNs = System.nanoTime() + PATIENCE.toNanos();
        try {
            while (!condition.getAsBoolean()) {
                final long leftMs = (deadlineNs - System.nanoTime()) / 1_000_000;
                if (leftMs <= 0) {
                    throw new AssertionError("Waited in vain for " + what.get() + "; there were " + events + ", "
                            + received.size() + " bytes, errors " + errors + ", causes " + causes);
                }
                wait(leftMs);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("Interrupted while waiting for " + what.get() + "; there were " + events, e);
        }
    }
}
