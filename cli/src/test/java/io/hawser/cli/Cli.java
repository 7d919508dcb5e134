// SPDX-License-Identifier: Apache-2.0
package io.hawser.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.hawser.connection.Engine;
import io.hawser.transport.TransportProvider;
import io.hawser.transport.TransportUnavailableException;
import io.hawser.transport.Transports;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.Writer;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** The command line, run in this process, with what it prints. */
final class Cli implements AutoCloseable {
    private static final long PATIENCE_SECONDS = 30;

    /** What a command that has ended has left. */
    record Ended(int exitCode, String out, String err) {
        List<String> outLines() {
            return out.lines().toList();
        }

        List<String> errLines() {
            return err.lines().toList();
        }
    }

    private final Stop stop = new Stop();
    private final Lines out = new Lines();
    private final StringWriter err = new StringWriter();
    private final CompletableFuture<Integer> exitCode;

    private Cli(String... args) {
        exitCode = CompletableFuture.supplyAsync(
                () -> Main.commandLine(stop)
                        .setOut(new PrintWriter(out, true))
                        .setErr(new PrintWriter(err, true))
                        .execute(args),
                Executors.newVirtualThreadPerTaskExecutor());
    }

    /** Starts a command that runs until it is stopped. */
    static Cli start(String... args) {
        return new Cli(args);
    }

    /** Runs a command to its end. */
    static Ended run(String... args) throws Exception {
        try (Cli cli = new Cli(args)) {
            return cli.ended();
        }
    }

    /** The names of the transports that work here, at least {@code nio}. */
    static List<String> transports() {
        final List<String> names = Transports.all().stream()
                .map(TransportProvider::name)
                .filter(Cli::works)
                .toList();
        assertThat(names).contains("nio");
        return names;
    }

    private static boolean works(String transport) {
        try (Engine _ = Engine.builder().transport(transport).loops(1).start()) {
            return true;
        } catch (TransportUnavailableException _) {
            return false;
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /** The next line that it prints; an AssertionError if it ends before. */
    String nextLine() throws InterruptedException {
        final long deadlineNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (System.nanoTime() - deadlineNs < 0) {
            final String line = out.complete.poll(50, TimeUnit.MILLISECONDS);
            if (line != null) {
                return line;
            }
            if (exitCode.isDone()) {
                throw new AssertionError("It ended with exit code " + exitCode.join() + " and said " + err);
            }
        }
        throw new AssertionError("It printed nothing; it said " + err);
    }

    /** The address of the next line, which is to be {@code listening URI}. */
    String nextListening() throws InterruptedException {
        final String line = nextLine();
        assertThat(line).startsWith("listening ");
        return line.substring("listening ".length());
    }

    /** The rest of the first line of its messages that begins with {@code start}, which has come. */
    String errLine(String start) {
        return err.toString()
                .lines()
                .filter(line -> line.startsWith(start))
                .findFirst()
                .orElseThrow(() -> new AssertionError("It said " + err))
                .substring(start.length());
    }

    /** Asks it to end, as a signal does. */
    Cli stop() {
        stop.request();
        return this;
    }

    /** Waits until it has ended. */
    Ended ended() throws Exception {
        final int code = exitCode.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        return new Ended(code, out.text(), err.toString());
    }

    @Override
    public void close() {
        stop.request();
        exitCode.orTimeout(PATIENCE_SECONDS, TimeUnit.SECONDS).join();
    }

    /** Keeps what is printed, and hands out whole lines. */
    private static final class Lines extends Writer {
        final BlockingQueue<String> complete = new LinkedBlockingQueue<>();
        private final StringBuilder all = new StringBuilder();
        private int taken;

        @Override
        public synchronized void write(char[] text, int offset, int length) {
            all.append(text, offset, length);
            int end = all.indexOf("\n", taken);
            while (end >= 0) {
                complete.add(all.substring(taken, end));
                taken = end + 1;
                end = all.indexOf("\n", taken);
            }
        }

        synchronized String text() {
            return all.toString();
        }

        @Override
        public void flush() {
            // Nothing is held back.
        }

        @Override
        public void close() {
            // Nothing to give back.
        }
    }
}
