// SPDX-License-Identifier: Apache-2.0
package io.hawser.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** {@code hawser serve} as a process of its own, and what becomes of it at SIGTERM. */
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "has no SIGTERM")
class ServeProcessTest {
    @TempDir
    private Path directory;

    @Test
    void shouldEndWithCode0AtSigtermAndHaveLoggedNothingOfPeersThatReset() throws Exception {
        final Path err = directory.resolve("err");
        final Path socket = directory.resolve("echo.sock");
        final Path recording = directory.resolve("recording.jfr");
        final Process process = new ProcessBuilder(command(
                        List.of("-Xlog:disable", "-XX:StartFlightRecording:filename=" + recording),
                        "serve",
                        "tcp://127.0.0.1:0",
                        "unix://" + socket))
                .redirectError(err.toFile())
                .start();
        try (BufferedReader out = process.inputReader(StandardCharsets.UTF_8)) {
            final URI tcp = URI.create(out.readLine().replace("listening ", ""));
            assertThat(out.readLine()).isEqualTo("listening unix://" + socket);
            for (int i = 0; i < 20; i++) {
                reset(tcp);
            }
            try (Socket alive = new Socket(tcp.getHost(), tcp.getPort())) {
                alive.getOutputStream().write('x');
                assertThat(alive.getInputStream().read()).isEqualTo('x');
                // A client that is still there does not keep it from ending.
                assertThat(process.toHandle().destroy()).isTrue();
                assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
            }
            assertThat(process.exitValue()).isZero();
            assertThat(out.readLine()).isNull();
        } finally {
            process.destroyForcibly();
        }
        assertThat(Files.readAllLines(err)).singleElement().asString().startsWith("echo over ");
        assertThat(socket).doesNotExist();
        // Written in a shutdown hook of the JDK's.
        assertThat(recording).isNotEmptyFile();
    }

    @Test
    void shouldEndWithCode2AtWrongUsage() throws Exception {
        final Process process = new ProcessBuilder(command(List.of(), "serve", "nonsense"))
                .redirectErrorStream(true)
                .start();
        try (BufferedReader out = process.inputReader(StandardCharsets.UTF_8)) {
            assertThat(out.readLine()).startsWith("hawser serve: ");
            assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
            assertThat(process.exitValue()).isEqualTo(2);
        } finally {
            process.destroyForcibly();
        }
    }

    private static void reset(URI tcp) throws Exception {
        try (Socket socket = new Socket(tcp.getHost(), tcp.getPort())) {
            socket.getOutputStream().write(new byte[100_000]);
            assertThat(socket.getInputStream().read()).isZero();
            socket.setSoLinger(true, 0);
        }
    }

    private static List<String> command(List<String> flags, String... args) {
        final List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--illegal-native-access=deny",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path")));
        command.addAll(flags);
        command.add(Main.class.getName());
        command.addAll(List.of(args));
        return command;
    }
}
