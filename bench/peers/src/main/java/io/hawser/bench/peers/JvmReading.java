// SPDX-License-Identifier: Apache-2.0
package io.hawser.bench.peers;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.nio.charset.Charset;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The command {@code bench/jvm}: reads what a running JVM has allocated, and prints it as a line of JSON. */
@Command(
        name = "bench/jvm",
        description =
                "Prints a line of JSON: what the threads of a running JVM have allocated, its heap and its collections.",
        footer = {
            "",
            "allocated_bytes is read first and allocated_bytes_end last, disturbance_bytes is what one reading of either costs.",
            "Between two lines A and B others have allocated",
            "B.allocated_bytes - A.allocated_bytes_end - B.disturbance_bytes."
        },
        mixinStandardHelpOptions = true,
        versionProvider = PeerVersions.class,
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {"0:done", "1:failed, for example since there is no such process", "2:wrong usage"})
public final class JvmReading implements Callable<Integer> {
    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Parameters(index = "0", paramLabel = "PID", description = "the process, of this user, with a JVM")
    private long pid;

    @Option(names = "--gc", description = "collect all garbage before each reading")
    private boolean collect;

    @Option(names = "--watch", description = "stay attached, and print a line for each line on stdin, until its end")
    private boolean watch;

    private JvmReading() {}

    /**
     * Runs the command and ends the JVM with its exit code.
     *
     * @param args the command line
     */
    public static void main(String[] args) {
        System.exit(commandLine().execute(args));
    }

    static CommandLine commandLine() {
        return new CommandLine(new JvmReading()).setExecutionExceptionHandler((e, command, _) -> {
            command.getErr().println("bench/jvm: " + e);
            return command.getCommandSpec().exitCodeOnExecutionException();
        });
    }

    @Override
    public Integer call() throws Exception {
        final PrintWriter out = spec.commandLine().getOut();
        try (RemoteJvm jvm = RemoteJvm.attach(pid)) {
            if (watch) {
                answer(jvm, out);
            } else {
                print(jvm, out);
            }
        }
        return 0;
    }

    private void answer(RemoteJvm jvm, PrintWriter out) throws IOException {
        final BufferedReader in = new BufferedReader(new InputStreamReader(System.in, Charset.defaultCharset()));
        while (in.readLine() != null) {
            print(jvm, out);
        }
    }

    private void print(RemoteJvm jvm, PrintWriter out) {
        if (collect) {
            jvm.collect();
        }
        out.println(jvm.read().json());
        out.flush();
    }
}
