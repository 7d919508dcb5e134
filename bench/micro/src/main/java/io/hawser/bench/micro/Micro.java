// SPDX-License-Identifier: Apache-2.0
package io.hawser.bench.micro;

import java.util.Collection;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.CommandLineOptionException;
import org.openjdk.jmh.runner.options.CommandLineOptions;
import org.openjdk.jmh.runner.options.Options;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/** JMH with other defaults, and a table of ratios behind its own. */
public final class Micro {
    private static final String SMOKE = "--smoke";

    private Micro() {}

    /** Takes what JMH takes, and {@code --smoke}: all once, in this JVM, without measuring anything. */
    public static void main(String[] arguments) throws Exception {
        final List<String> given = List.of(arguments);
        final boolean smoke = given.contains(SMOKE);
        try {
            final CommandLineOptions options = new CommandLineOptions(
                    given.stream().filter(argument -> !argument.equals(SMOKE)).toArray(String[]::new));
            if (options.shouldHelp()) {
                options.showHelp();
            } else if (options.shouldList()) {
                new Runner(options).list();
            } else if (options.shouldListWithParams()) {
                new Runner(options).listWithParams(options);
            } else if (options.shouldListProfilers()) {
                options.listProfilers();
            } else {
                final Collection<RunResult> results = new Runner(smoke ? once(options) : measured(options)).run();
                if (smoke) {
                    System.out.println(results.size() + " benchmarks have run");
                } else {
                    Ratios.print(results, System.out);
                }
            }
        } catch (CommandLineOptionException | RunnerException e) {
            System.err.println("bench/jmh: " + e.getMessage());
            System.exit(2);
        }
    }

    private static Options once(CommandLineOptions options) {
        return new OptionsBuilder()
                .parent(options)
                .mode(Mode.SingleShotTime)
                .forks(0)
                .warmupIterations(0)
                .measurementIterations(1)
                .shouldFailOnError(true)
                .verbosity(VerboseMode.SILENT)
                .build();
    }

    private static Options measured(CommandLineOptions options) {
        final ChainedOptionsBuilder builder =
                new OptionsBuilder().parent(options).addProfiler(CpuTime.class).addProfiler(GCProfiler.class);
        if (options.getBenchModes().isEmpty()) {
            builder.mode(Mode.AverageTime);
        }
        if (!options.getTimeUnit().hasValue()) {
            builder.timeUnit(TimeUnit.NANOSECONDS);
        }
        if (!options.getForkCount().hasValue()) {
            builder.forks(2);
        }
        if (!options.getWarmupIterations().hasValue()) {
            builder.warmupIterations(3);
        }
        if (!options.getWarmupTime().hasValue()) {
            builder.warmupTime(TimeValue.seconds(1));
        }
        if (!options.getMeasurementIterations().hasValue()) {
            builder.measurementIterations(5);
        }
        if (!options.getMeasurementTime().hasValue()) {
            builder.measurementTime(TimeValue.seconds(1));
        }
        if (!options.shouldFailOnError().hasValue()) {
            builder.shouldFailOnError(true);
        }
        return builder.build();
    }
}
