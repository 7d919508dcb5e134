// SPDX-License-Identifier: Apache-2.0
package io.hawser.bench.peers;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.Writer;
import java.net.Socket;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The two commands as processes of their own. */
class ProcessTest {
    private static final long PATIENCE_SECONDS = 30;
    private static final long MEBIBYTE = 1 << 20;

    @Test
    void shouldSayWhereItListensAndEndWithCode0AtSigterm() throws Exception {
        final Process process = start(PeerMain.class, "jdk-nio", "echo");
        try (BufferedReader out = process.inputReader(StandardCharsets.UTF_8)) {
            final URI uri = URI.create(out.readLine().replace("listening ", ""));
            assertThat(uri.getScheme()).isEqualTo("tcp");
            try (Socket socket = new Socket(uri.getHost(), uri.getPort())) {
                socket.getOutputStream().write('x');
                assertThat(socket.getInputStream().read()).isEqualTo('x');
                assertThat(process.toHandle().destroy()).isTrue();
                assertThat(process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
            }
            assertThat(process.exitValue()).isZero();
            assertThat(out.readLine()).isNull();
        } finally {
            process.destroyForcibly();
        }
    }

    @Test
    void shouldEndWithCode2AtACombinationThatDoesNotExist() {
        assertThat(PeerMain.commandLine().setErr(silent()).execute("jdk-threads", "udp"))
                .isEqualTo(2);
        assertThat(PeerMain.commandLine().setErr(silent()).execute("jdk-nio", "--consolidate"))
                .isEqualTo(2);
        assertThat(PeerMain.commandLine().setErr(silent()).execute("netty-epoll", "--gro"))
                .isEqualTo(2);
        assertThat(PeerMain.commandLine().setErr(silent()).execute("netty-nio", "--loops", "0"))
                .isEqualTo(2);
        assertThat(PeerMain.commandLine().setErr(silent()).execute("netty-nio", "tls"))
                .isEqualTo(2);
        assertThat(PeerMain.commandLine().setErr(silent()).execute("undertow", "ws"))
                .isEqualTo(2);
        assertThat(PeerMain.commandLine().setErr(silent()).execute("nobody")).isEqualTo(2);
        assertThat(PeerMain.commandLine().setErr(silent()).execute()).isEqualTo(2);
    }

    @Test
    void shouldTellWhatAnotherJvmAllocatesBetweenTwoLines() throws Exception {
        final Process target = start(Allocating.class);
        final Process watch = start(JvmReading.class, Long.toString(target.pid()), "--watch");
        // The target's stdin stays open until the other has ended, as the target lives for as long.
        try (BufferedReader allocated = target.inputReader(StandardCharsets.UTF_8);
                PrintWriter allocate = new PrintWriter(target.outputWriter(StandardCharsets.UTF_8))) {
            try (BufferedReader lines = watch.inputReader(StandardCharsets.UTF_8);
                    PrintWriter ask = new PrintWriter(watch.outputWriter(StandardCharsets.UTF_8))) {
                // The first ones load classes over there.
                for (int i = 0; i < 5; i++) {
                    ask(ask, lines);
                }
                final String first = ask(ask, lines);
                final String second = ask(ask, lines);
                allocate.println();
                allocate.flush();
                assertThat(allocated.readLine()).isEqualTo("done");
                final String third = ask(ask, lines);

                assertThat(between(second, third)).isBetween(64 * MEBIBYTE, 66 * MEBIBYTE);
                assertThat(Math.abs(between(first, second))).isLessThan(MEBIBYTE / 4);
                assertThat(value(third, "heap_used")).isPositive();
                assertThat(value(third, "threads")).isPositive();
                assertThat(value(third, "gc_count")).isGreaterThanOrEqualTo(value(first, "gc_count"));
                assertThat(value(third, "gc_ms")).isNotNegative();
                assertThat(value(third, "direct_bytes")).isBetween(MEBIBYTE, 2 * MEBIBYTE);
            }
            // Its stdin has ended.
            assertThat(watch.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
            assertThat(watch.exitValue()).isZero();
        } finally {
            watch.destroyForcibly();
            target.destroyForcibly();
        }
    }

    @Test
    void shouldCollectTheGarbageBeforeItReads() throws Exception {
        final Process target = start(Allocating.class);
        try (BufferedReader allocated = target.inputReader(StandardCharsets.UTF_8);
                PrintWriter allocate = new PrintWriter(target.outputWriter(StandardCharsets.UTF_8))) {
            // A JVM that is still starting may miss the signal to be attached to, and the answer is waited for in vain.
            allocate.println();
            allocate.flush();
            assertThat(allocated.readLine()).isEqualTo("done");
            final long before = value(read(target), "gc_count");
            assertThat(value(read(target, "--gc"), "gc_count")).isGreaterThan(before);
        } finally {
            target.destroyForcibly();
        }
    }

    @Test
    void shouldFailWithCode1WhereThereIsNoProcess() {
        // Above the greatest that Linux gives out.
        assertThat(JvmReading.commandLine().setErr(silent()).execute("4194305")).isEqualTo(1);
    }

    private static String read(Process target, String... options) {
        final List<String> arguments = new ArrayList<>(List.of(Long.toString(target.pid())));
        arguments.addAll(List.of(options));
        final StringWriter out = new StringWriter();
        assertThat(JvmReading.commandLine().setOut(new PrintWriter(out)).execute(arguments.toArray(String[]::new)))
                .isZero();
        return out.toString();
    }

    private static String ask(PrintWriter ask, BufferedReader lines) throws IOException {
        ask.println();
        ask.flush();
        return lines.readLine();
    }

    /** What others than the reader have allocated. */
    private static long between(String first, String second) {
        return value(second, "allocated_bytes")
                - value(first, "allocated_bytes_end")
                - value(second, "disturbance_bytes");
    }

    private static long value(String json, String key) {
        final Matcher matcher = Pattern.compile("\"" + key + "\": (-?\\d+)[,}]").matcher(json);
        assertThat(matcher.find()).as("%s in %s", key, json).isTrue();
        return Long.parseLong(matcher.group(1));
    }

    private static PrintWriter silent() {
        return new PrintWriter(Writer.nullWriter());
    }

    private static Process start(Class<?> main, String... arguments) throws IOException {
        final List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-cp",
                System.getProperty("java.class.path"),
                main.getName()));
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
    }

    /** Allocates 64 MiB, a MiB at a time, for each line. */
    static final class Allocating {
        private static volatile Object sink = "";

        private Allocating() {}

        public static void main(String[] args) throws IOException {
            final ByteBuffer direct = ByteBuffer.allocateDirect((int) MEBIBYTE);
            while (System.in.read() >= 0) {
                for (int i = 0; i < 64; i++) {
                    sink = new byte[(int) MEBIBYTE];
                }
                System.out.println(sink == direct ? "nothing" : "done");
            }
        }
    }
}
