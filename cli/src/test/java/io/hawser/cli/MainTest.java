// SPDX-License-Identifier: Apache-2.0
package io.hawser.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.BindException;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.Command;

class MainTest {
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();
    private final CommandLine commandLine = Main.commandLine(new Stop())
            .addSubcommand(new Failing())
            .setOut(new PrintWriter(out))
            .setErr(new PrintWriter(err));

    @Test
    void shouldShowHelp() {
        assertThat(commandLine.execute("--help")).isZero();
        assertThat(out.toString()).startsWith("Usage: hawser").contains("--version", "Exit codes:");
        assertThat(err.toString()).isEmpty();
    }

    @Test
    void shouldShowTheVersionOfHawserAndOfWhatItRunsOn() {
        assertThat(commandLine.execute("--version")).isZero();
        assertThat(out.toString().lines())
                .satisfiesExactly(
                        hawser -> assertThat(hawser).matches("hawser \\d+\\.\\d+\\.\\d+(-SNAPSHOT)?"),
                        java -> assertThat(java).startsWith("Java " + Runtime.version()),
                        system -> assertThat(system)
                                .contains(System.getProperty("os.name"), System.getProperty("os.arch")));
    }

    @Test
    void shouldAnswerAnUnknownOptionWithOneLineAndAHint() {
        assertThat(commandLine.execute("--no-such-option")).isEqualTo(2);
        assertThat(err.toString().lines())
                .containsExactly("hawser: Unknown option: '--no-such-option'", "Try 'hawser --help'.");
        assertThat(out.toString()).isEmpty();
    }

    @Test
    void shouldAnswerAMissingCommandWithTheUsage() {
        assertThat(commandLine.execute()).isEqualTo(2);
        assertThat(err.toString()).startsWith("Usage: hawser");
    }

    @Test
    void shouldAnswerAFailureWithOneLineThatNamesTheCommand() {
        assertThat(commandLine.execute("fail")).isEqualTo(1);
        assertThat(err.toString().lines()).containsExactly("hawser fail: bind: address in use");
    }

    @Command(name = "fail")
    private static final class Failing implements Callable<Integer> {
        @Override
        public Integer call() throws Exception {
            throw new BindException("bind:\n  address in use");
        }
    }
}
