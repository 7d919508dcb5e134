// SPDX-License-Identifier: Apache-2.0
package io.hawser.sim;

import io.hawser.transport.sim.SimTrace;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Plays scenarios from the command line: many, in several processes, until one fails; or one again, with a trace. See
 * {@code tools/simulate}.
 */
public final class SimRunner {
    private static final String USAGE = """
            Usage: tools/simulate [--seeds N] [--from SEED] [--processes N] [--keep-going] [--fast]
                   tools/simulate --replay SEED [--fast]

              --seeds N        how many scenarios to play; default 10000
              --from SEED      the first seed; default 1
              --processes N    in how many processes; default 1
              --keep-going     play on after a failure, and count
              --replay SEED    play one scenario and print all that happens, with its virtual time
              --fast           without the checks of released memory and leaked blocks
            """;

    private long seeds = 10_000;
    private long from = 1;
    private int processes = 1;
    private boolean keepGoing;
    private long replay = Long.MIN_VALUE;

    private SimRunner() {}

    /** Exits with 0 if all went well, 1 if a scenario failed, 2 if the command line is wrong. */
    public static void main(String[] arguments) throws Exception {
        final SimRunner runner = new SimRunner();
        if (!runner.parse(List.of(arguments))) {
            System.err.print(USAGE);
            System.exit(2);
        }
        System.exit(runner.run() ? 0 : 1);
    }

    private boolean parse(List<String> arguments) {
        try {
            for (var rest = arguments.iterator(); rest.hasNext(); ) {
                switch (rest.next()) {
                    case "--seeds" -> seeds = Long.parseLong(rest.next());
                    case "--from" -> from = Long.parseLong(rest.next());
                    case "--processes" -> processes = Integer.parseInt(rest.next());
                    case "--replay" -> replay = Long.parseLong(rest.next());
                    case "--keep-going" -> keepGoing = true;
                    default -> {
                        return false;
                    }
                }
            }
            return processes > 0 && seeds > 0;
        } catch (RuntimeException e) {
            return false;
        }
    }

    private boolean run() throws IOException, InterruptedException {
        if (replay != Long.MIN_VALUE) {
            return replay();
        }
        return processes == 1 ? explore(System.out) : fork();
    }

    private boolean replay() {
        final Scenario.Outcome outcome = Scenario.play(replay, SimTrace.printing(System.out::println));
        report(System.out, outcome);
        System.out.printf(
                "seed %d: %s, trace %016x, %d turns, %d connections, %d bytes received%n",
                replay,
                outcome.isGood() ? "good" : "FAILED",
                outcome.traceHash(),
                outcome.turns(),
                outcome.connections(),
                outcome.bytes());
        return outcome.isGood();
    }

    private boolean explore(PrintStream out) {
        final long startNs = System.nanoTime();
        long failed = 0;
        long played = 0;
        long bytes = 0;
        long turns = 0;
        for (long seed = from; seed < from + seeds && (failed == 0 || keepGoing); seed++) {
            final Scenario.Outcome outcome = Scenario.play(seed, SimTrace.hashing());
            played++;
            bytes += outcome.bytes();
            turns += outcome.turns();
            if (!outcome.isGood()) {
                failed++;
                report(out, outcome);
            }
        }
        final double seconds = (System.nanoTime() - startNs) / 1e9;
        out.printf(
                "%d scenarios from seed %d, %d failed; %.1f s, %.0f a minute; %d turns, %d bytes received%n",
                played, from, failed, seconds, played / seconds * 60, turns, bytes);
        return failed == 0;
    }

    private static void report(PrintStream out, Scenario.Outcome outcome) {
        if (!outcome.isGood()) {
            out.println("FAILED: seed " + outcome.seed() + " (play it again with --replay " + outcome.seed() + ")");
            outcome.failures().stream().limit(5).forEach(failure -> out.println("  " + failure));
        }
    }

    /** Each process gets a piece of the seeds. */
    private boolean fork() throws IOException, InterruptedException {
        final AtomicBoolean good = new AtomicBoolean(true);
        final List<Thread> watchers = new ArrayList<>();
        final List<Process> running = new ArrayList<>();
        for (int i = 0; i < processes; i++) {
            final long first = from + seeds * i / processes;
            final long next = from + seeds * (i + 1) / processes;
            final Process process = start(first, next - first);
            running.add(process);
            watchers.add(Thread.ofPlatform().start(() -> watch(process, good)));
        }
        for (Thread watcher : watchers) {
            watcher.join();
        }
        for (Process process : running) {
            process.destroy();
        }
        return good.get();
    }

    private Process start(long first, long count) throws IOException {
        final List<String> command = new ArrayList<>();
        command.add(ProcessHandle.current().info().command().orElse("java"));
        command.addAll(java.lang.management.ManagementFactory.getRuntimeMXBean().getInputArguments());
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), SimRunner.class.getName()));
        command.addAll(List.of("--from", Long.toString(first), "--seeds", Long.toString(count)));
        if (keepGoing) {
            command.add("--keep-going");
        }
        return new ProcessBuilder(command).redirectErrorStream(true).start();
    }

    private static void watch(Process process, AtomicBoolean good) {
        try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                System.out.println(line);
            }
            if (process.waitFor() != 0) {
                good.set(false);
            }
        } catch (IOException | InterruptedException e) {
            good.set(false);
        }
    }
}
