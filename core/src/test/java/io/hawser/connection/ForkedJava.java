// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** A test's program in a process of its own, which a shell has prepared; it is asked and answers line by line. */
final class ForkedJava implements AutoCloseable {
    private final Process process;
    private final PrintWriter questions;
    private final BufferedReader answers;

    private ForkedJava(Process process) {
        this.process = process;
        this.questions = new PrintWriter(process.outputWriter(StandardCharsets.UTF_8), true);
        this.answers = process.inputReader(StandardCharsets.UTF_8);
    }

    /**
     * Starts {@code program}.
     *
     * @param preparation what the shell does before, such as {@code ulimit -n 64}
     */
    static ForkedJava start(List<String> wrapper, String preparation, Class<?> program, String... arguments)
            throws IOException {
        final List<String> java = List.of(
                "/bin/sh",
                "-c",
                preparation + " && exec \"$@\"",
                "sh",
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-Dhawser.checked=true",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                program.getName());
        final List<String> command = Stream.of(wrapper, java, List.of(arguments))
                .flatMap(List::stream)
                .toList();
        return new ForkedJava(new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start());
    }

    void say(String line) {
        questions.println(line);
    }

    /** The next line that it prints. */
    String hear() throws IOException {
        final String line = answers.readLine();
        assertThat(line).as("what the process answers").isNotNull();
        return line;
    }

    /** It ends by itself, and well. */
    void expectEnd() throws IOException, InterruptedException {
        questions.close();
        assertThat(answers.readLine()).as("what else the process says").isNull();
        assertThat(process.waitFor(Recorder.PATIENCE.toSeconds(), TimeUnit.SECONDS))
                .isTrue();
        assertThat(process.exitValue()).isZero();
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
