// SPDX-License-Identifier: Apache-2.0
package io.hawser.soak;

import io.hawser.connection.VirtualThreads;
import java.io.Console;
import java.io.IOException;
import java.io.PrintStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.locks.LockSupport;
import java.util.function.ToDoubleFunction;

/**
 * Runs a {@link SoakRun} from the command line, reads what the process holds meanwhile, and judges it. See {@code tools/soak}.
 */
public final class Soak {
    private static final String USAGE = """
            Usage: tools/soak [--minutes M] [--transport NAME] [--actors N] [--seed S] [--loop-carried] [--checked]

              --minutes M       how long; default 5
              --transport NAME  io_uring, epoll, nio or auto; default auto
              --actors N        how many conversations go on at a time; default 48
              --seed S          of what they do; default 1
              --loop-carried    blocking handlers are carried by the loops' own threads
              --checked         released memory and leaked blocks are looked for, too; slower
            """;

    private static final int READINGS = 120;
    private static final long LEAST_INTERVAL_NS = 100_000_000;
    private static final long LINE_NS = 10_000_000_000L;
    private static final double MIB = 1 << 20;
    /** What conversations that go on at the time of a reading may make of a difference. */
    private static final double HEAP_MIB = 1.5;

    private static final double HEAP_PART = 0.05;
    private static final double RSS_MIB = 4;
    private static final double RSS_PART = 0.02;
    private static final double DESCRIPTORS = 8;
    private static final double DESCRIPTORS_PART = 0.05;
    private static final double LOST_DATAGRAMS_PART = 0.01;

    private final Settings settings;
    private final PrintStream out;
    private final boolean interactive;
    private final List<Vitals> readings = new ArrayList<>();
    private boolean good = true;

    private Soak(Settings settings, PrintStream out, boolean interactive) {
        this.settings = settings;
        this.out = out;
        this.interactive = interactive;
    }

    /** Exits with 0 if all went well, 1 if not, 2 if the command line is wrong. */
    @SuppressWarnings("SystemConsoleNull") // since JDK 25 the default is again one that needs a terminal
    public static void main(String[] arguments) throws Exception {
        final Settings settings;
        try {
            settings = parse(List.of(arguments));
        } catch (RuntimeException _) {
            System.err.print(USAGE);
            System.exit(2);
            return;
        }
        final Console console = System.console();
        final boolean interactive = console != null && console.isTerminal();
        System.exit(new Soak(settings, System.out, interactive).run() ? 0 : 1);
    }

    private static Settings parse(List<String> arguments) {
        double minutes = 5;
        String transport = "auto";
        int actors = 48;
        long seed = 1;
        VirtualThreads virtualThreads = VirtualThreads.JDK;
        for (var rest = arguments.iterator(); rest.hasNext(); ) {
            final String option = rest.next();
            switch (option) {
                case "--minutes" -> minutes = Double.parseDouble(rest.next());
                case "--transport" -> transport = rest.next();
                case "--actors" -> actors = Integer.parseInt(rest.next());
                case "--seed" -> seed = Long.parseLong(rest.next());
                case "--loop-carried" -> virtualThreads = VirtualThreads.LOOP;
                default -> throw new IllegalArgumentException(option);
            }
        }
        if (!(minutes > 0) || actors < 1) {
            throw new IllegalArgumentException("out of range");
        }
        return new Settings(transport, Duration.ofMillis((long) (minutes * 60_000)), actors, seed, virtualThreads);
    }

    private boolean run() throws IOException {
        final long startNs = System.nanoTime();
        final SoakRun run = new SoakRun(settings);
        final Ledger ledger = run.ledger();
        out.printf(
                Locale.ROOT,
                "soak over %s for %s, %d actors, seed %d%n",
                run.transport(),
                clock(settings.duration().toNanos()),
                settings.actors(),
                settings.seed());
        try (run) {
            watch(startNs, ledger);
        }
        report(ledger);
        return good;
    }

    private void watch(long startNs, Ledger ledger) throws IOException {
        final long allNs = settings.duration().toNanos();
        final long intervalNs = Math.max(LEAST_INTERVAL_NS, allNs / READINGS);
        long nextLineNs = LINE_NS;
        for (long dueNs = intervalNs; dueNs <= allNs; dueNs += intervalNs) {
            for (long leftNs = startNs + dueNs - System.nanoTime();
                    leftNs > 0;
                    leftNs = startNs + dueNs - System.nanoTime()) {
                LockSupport.parkNanos(leftNs);
            }
            final Vitals vitals = Vitals.now();
            readings.add(vitals);
            if (interactive) {
                out.print("\r" + progress(dueNs, ledger, vitals) + "\u001b[K");
            } else if (dueNs >= nextLineNs) {
                out.println(progress(dueNs, ledger, vitals));
                nextLineNs = dueNs + LINE_NS;
            }
            out.flush();
        }
        if (interactive) {
            out.println();
        }
    }

    private String progress(long passedNs, Ledger ledger, Vitals vitals) {
        return String.format(
                Locale.ROOT,
                "%s of %s  %,d conversations, %.1f MiB each way, heap %.1f MiB, RSS %.1f MiB, %d descriptors, %s",
                clock(passedNs),
                clock(settings.duration().toNanos()),
                ledger.settledCount(),
                ledger.receivedBytes() / MIB,
                vitals.heapBytes() / MIB,
                vitals.rssBytes() / MIB,
                vitals.descriptors(),
                ledger.violationCount() == 0 ? "all well" : ledger.violationCount() + " VIOLATIONS");
    }

    private static String clock(long ns) {
        final long seconds = ns / 1_000_000_000;
        return String.format(Locale.ROOT, "%d:%02d", seconds / 60, seconds % 60);
    }

    private void report(Ledger ledger) {
        out.printf(
                Locale.ROOT,
                "%,d conversations, %.1f MiB sent, %.1f MiB came back, %.4f %% of datagrams lost%n",
                ledger.settledCount(),
                ledger.sentBytes() / MIB,
                ledger.receivedBytes() / MIB,
                100 * ledger.lostDatagramPart());
        if (readings.size() < Growth.LEAST_READINGS) {
            out.println("too short to judge growth");
        } else {
            judge("heap, MiB", vitals -> vitals.heapBytes() / MIB, HEAP_MIB, HEAP_PART);
            judge("RSS, MiB", vitals -> vitals.rssBytes() / MIB, RSS_MIB, RSS_PART);
            judge("descriptors", Vitals::descriptors, DESCRIPTORS, DESCRIPTORS_PART);
        }
        verdict(ledger.settledCount() > 0, "no conversation came to its end");
        verdict(ledger.openCount() == 0, ledger.openCount() + " conversations are open");
        verdict(ledger.lostDatagramPart() <= LOST_DATAGRAMS_PART, "too many datagrams were lost");
        verdict(ledger.violationCount() == 0, ledger.violationCount() + " violations, the first of them:");
        ledger.violations().forEach(violation -> out.println("  " + violation));
        out.println(good ? "PASSED" : "FAILED");
    }

    private void judge(String name, ToDoubleFunction<Vitals> figure, double allowed, double allowedPart) {
        final double[] values = readings.stream().mapToDouble(figure).toArray();
        final Growth growth = Growth.of(values, allowed, allowedPart);
        out.printf(
                Locale.ROOT,
                "%-12s %8.1f after warm-up, %8.1f at the end, trend of the last half %+.2f, allowed %.1f: %s%n",
                name,
                growth.start(),
                growth.end(),
                growth.trend(),
                growth.allowed(),
                growth.isGrowing() ? "GROWS" : "no growth");
        verdict(!growth.isGrowing(), name + " grows");
    }

    private void verdict(boolean condition, String otherwise) {
        if (!condition) {
            good = false;
            out.println("FAILED: " + otherwise);
        }
    }
}
