// SPDX-License-Identifier: Apache-2.0
package io.hawser.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.Spec;
import picocli.CommandLine.UnmatchedArgumentException;

/** The command {@code hawser}: picks the subcommand, and turns every failure into one line and an exit code. */
@Command(
        name = "hawser",
        description = "A network engine for Java: serves, measures, and shows itself at work.",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        synopsisSubcommandLabel = "COMMAND",
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {"0:done", "1:failed", "2:wrong usage"})
public final class Main implements Callable<Integer> {
    /** With {@code -Dhawser.stacktrace=true} a failure shows where it comes from. */
    static final String STACK_TRACE = "hawser.stacktrace";

    @Spec
    private CommandSpec spec = CommandSpec.create();

    private Main() {}

    /**
     * Runs the command and ends the JVM with its exit code.
     *
     * @param args the command line
     */
    public static void main(String[] args) {
        final Stop stop = Stop.onSignals();
        final CommandLine command = commandLine(stop);
        if (System.out.charset().equals(StandardCharsets.US_ASCII)) {
            // The C locale says nothing about the terminal, and what prints a µ as a question mark helps nobody.
            command.setOut(utf8(FileDescriptor.out)).setErr(utf8(FileDescriptor.err));
        }
        stop.exit(command.execute(args));
    }

    private static PrintWriter utf8(FileDescriptor descriptor) {
        return new PrintWriter(new FileOutputStream(descriptor), true, StandardCharsets.UTF_8);
    }

    /** @param stop ends a command that runs until it is told to end */
    static CommandLine commandLine(Stop stop) {
        return new CommandLine(new Main())
                .addSubcommand(new ServeCommand(stop))
                .addSubcommand(new BenchCommand(stop))
                .addSubcommand(new ProxyCommand(stop))
                .addSubcommand(new ExampleCommand(stop))
                .addSubcommand(new TopCommand(stop))
                .addSubcommand(new DemoCommand(stop))
                .addSubcommand(new CommandLine.HelpCommand())
                .setParameterExceptionHandler(Main::wrongUsage)
                .setExecutionExceptionHandler(Main::failed);
    }

    /** Reached when there is no subcommand. */
    @Override
    public Integer call() {
        spec.commandLine().usage(spec.commandLine().getErr());
        return spec.exitCodeOnInvalidInput();
    }

    private static int wrongUsage(ParameterException e, String[] args) {
        CommandLine command = e.getCommandLine();
        String name = command.getCommandSpec().qualifiedName();
        PrintWriter err = command.getErr();
        err.println(name + ": " + explain(e));
        err.println("Try '" + name + " --help'.");
        return command.getCommandSpec().exitCodeOnInvalidInput();
    }

    private static String explain(ParameterException e) {
        final CommandLine command = e.getCommandLine();
        if (command.getParent() == null
                && e instanceof UnmatchedArgumentException unmatched
                && !unmatched.isUnknownOption()) {
            return "There is no command '" + unmatched.getUnmatched().getFirst() + "'; there are "
                    + String.join(", ", command.getSubcommands().keySet());
        }
        return Failures.describe(e);
    }

    private static int failed(Exception e, CommandLine command, ParseResult parsed) {
        PrintWriter err = command.getErr();
        err.println(command.getCommandSpec().qualifiedName() + ": " + Failures.describe(e));
        if (Boolean.getBoolean(STACK_TRACE)) {
            e.printStackTrace(err);
        }
        return command.getCommandSpec().exitCodeOnExecutionException();
    }
}
