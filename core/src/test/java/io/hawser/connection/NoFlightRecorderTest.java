// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** An engine where nobody records: it starts and serves without the Flight Recorder, be it there or not. */
final class NoFlightRecorderTest {
    private static List<String> run(String... options) throws Exception {
        final List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "--enable-native-access=ALL-UNNAMED"));
        command.addAll(List.of(options));
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), ExchangeProgram.class.getName()));
        final Process process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try {
            final List<String> lines = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .toList();
            assertThat(process.waitFor(EngineFixture.PATIENCE.toSeconds(), TimeUnit.SECONDS))
                    .isTrue();
            assertThat(process.exitValue()).as("exit code, after %s", lines).isZero();
            return lines;
        } finally {
            process.destroyForcibly();
        }
    }

    @Test
    void shouldRunWithoutTheModule() throws Exception {
        assertThat(run("--limit-modules", "java.base")).containsExactly("echoed");
    }

    @Test
    void shouldNotStartTheFlightRecorder() throws Exception {
        final List<String> lines = run("-Xlog:class+load:stdout");
        assertThat(lines).contains("echoed").anyMatch(line -> line.contains(" io.hawser.jfr.Recording "));
        assertThat(lines)
                .noneMatch(line -> line.contains(" jdk.jfr.internal."))
                .noneMatch(line -> line.contains(" io.hawser.jfr.") && line.contains("Event "));
    }
}
