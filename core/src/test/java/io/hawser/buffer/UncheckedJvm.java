// SPDX-License-Identifier: Apache-2.0
package io.hawser.buffer;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.lang.ProcessBuilder.Redirect;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A JVM of its own for what cannot be measured in this one, which is in checked mode. */
public final class UncheckedJvm {
    private UncheckedJvm() {}

    /** What {@code main} prints, line by line, once it has ended without an error. */
    public static List<String> run(Class<?> main, String... arguments) throws Exception {
        final String classPath = Stream.of(Buffer.class, main)
                .map(UncheckedJvm::location)
                .collect(Collectors.joining(File.pathSeparator));
        final List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseCompactObjectHeaders",
                "-XX:+UseSerialGC",
                "--enable-native-access=ALL-UNNAMED",
                "--illegal-native-access=deny",
                "--add-opens",
                "java.base/java.lang=ALL-UNNAMED",
                "-cp",
                classPath,
                main.getName()));
        command.addAll(List.of(arguments));
        final Process process =
                new ProcessBuilder(command).redirectError(Redirect.INHERIT).start();
        try {
            final var output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(process.waitFor()).as("exit code, after %s", output).isZero();
            return output.lines().toList();
        } finally {
            process.destroyForcibly();
        }
    }

    private static String location(Class<?> type) {
        try {
            return Path.of(type.getProtectionDomain()
                            .getCodeSource()
                            .getLocation()
                            .toURI())
                    .toString();
        } catch (URISyntaxException e) {
            throw new AssertionError(e);
        }
    }
}
