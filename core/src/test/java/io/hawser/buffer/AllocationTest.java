// SPDX-License-Identifier: Apache-2.0
package io.hawser.buffer;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The data path allocates nothing in its steady state. What it costs is printed, and no more than that. */
class AllocationTest {
    private record Cost(String name, long bytes, int operations, double ns) {
        static Cost parse(String line) {
            final String[] words = line.split(" ", -1);
            return new Cost(
                    words[0], Long.parseLong(words[1]), Integer.parseInt(words[2]), Double.parseDouble(words[3]));
        }

        @Override
        public String toString() {
            return String.format("%-12s %6.1f ns, %5.1f bytes each", name, ns, (double) bytes / operations);
        }
    }

    @Test
    void shouldAllocateNothingInTheSteadyState() throws Exception {
        final Map<String, Cost> costs = probe();
        costs.values().forEach(System.out::println);
        // A byte in a thousand operations is the JVM's, not the operation's.
        assertThat(List.of("numbers", "echo", "copies", "proxy"))
                .allSatisfy(name -> assertThat(costs.get(name).bytes())
                        .as("bytes allocated by %s", name)
                        .isLessThan(costs.get(name).operations() / 1000));
    }

    /** In a JVM of its own: this one is in checked mode. */
    private static Map<String, Cost> probe() throws Exception {
        final String classPath = Stream.of(Buffer.class, AllocationProbe.class)
                .map(AllocationTest::location)
                .collect(Collectors.joining(File.pathSeparator));
        final Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:+UseCompactObjectHeaders",
                        "-XX:+UseSerialGC",
                        "-cp",
                        classPath,
                        AllocationProbe.class.getName())
                .redirectError(Redirect.INHERIT)
                .start();
        try {
            final var output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(process.waitFor()).as("exit code, after %s", output).isZero();
            return output.lines().map(Cost::parse).collect(Collectors.toMap(Cost::name, cost -> cost));
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
        } catch (java.net.URISyntaxException e) {
            throw new AssertionError(e);
        }
    }
}
