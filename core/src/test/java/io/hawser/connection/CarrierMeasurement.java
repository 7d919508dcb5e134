// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.concurrent.locks.LockSupport;

/**
 * How long a connection waits whose loop also has a handler that blocks its carrier now and then. Prints a line for each way to block and
 * for both kinds of carriers. See {@code tools/carriers}.
 */
public final class CarrierMeasurement {
    private static final long BLOCK_NS = 50_000_000;
    private static final long PAUSE_NS = 50_000_000;
    private static final int BLOCKS = 20;
    private static final int WARM_UP = 5_000;
    private static final int AFTERWARDS = 1_000;

    /** What the handler does for 50 ms. */
    private enum Way {
        /** It does nothing. */
        NOTHING,
        /** Parks, under a monitor: since Java 24 that pins no more. */
        PARK_IN_MONITOR,
        /** Reads from a pipe that another process or thread writes late, as from a slow file. */
        FILE,
        /** Computes. */
        COMPUTE
    }

    private final Path pipe;
    private final Object monitor = new Object();

    private CarrierMeasurement(Path pipe) {
        this.pipe = pipe;
    }

    /** Takes the name of a transport, or none for the best. */
    public static void main(String[] arguments) throws Exception {
        final String transport = arguments.length > 0 ? arguments[0] : "auto";
        final Path directory = Files.createTempDirectory("hawser-carriers-");
        final Path pipe = directory.resolve("pipe");
        try {
            if (new ProcessBuilder("mkfifo", pipe.toString())
                            .inheritIO()
                            .start()
                            .waitFor()
                    != 0) {
                throw new IOException("mkfifo failed");
            }
            System.out.println(
                    "An echo of 1 byte, while another handler of the same loop blocks 20 times for 50 ms, and afterwards");
            for (Way way : Way.values()) {
                for (VirtualThreads threads : VirtualThreads.values()) {
                    new CarrierMeasurement(pipe).measure(transport, threads, way);
                }
            }
        } finally {
            Files.deleteIfExists(pipe);
            Files.delete(directory);
        }
    }

    private void measure(String transport, VirtualThreads threads, Way way) throws Exception {
        if (!threads.isAvailable()) {
            throw new IOException(threads + " is not available");
        }
        try (Engine engine = Engine.builder()
                        .transport(transport)
                        .loops(1)
                        .virtualThreads(threads)
                        .start();
                Server echo = engine.serve(
                        "tcp://127.0.0.1:0", connection -> connection.writer().append(connection.reader()));
                Server blocking = engine.serve("tcp://127.0.0.1:0", connection -> {
                    connection.reader().readByte();
                    block(way);
                    connection.writer().writeByte((byte) 1);
                });
                Socket client = connect(echo);
                Socket blocker = connect(blocking)) {
            echoes(client, WARM_UP);
            final Thread blocks = Thread.ofPlatform().start(() -> blockAgainAndAgain(blocker, way));
            final long[] meanwhile = new long[1 << 20];
            int count = 0;
            while (blocks.isAlive() && count < meanwhile.length) {
                meanwhile[count++] = echo(client);
            }
            blocks.join();
            final long[] afterwards = echoes(client, AFTERWARDS);
            System.out.printf(
                    Locale.ROOT,
                    "%-9s %-5s %-16s meanwhile %s; afterwards %s%n",
                    engine.transport(),
                    threads,
                    way,
                    describe(Arrays.copyOf(meanwhile, count)),
                    describe(afterwards));
        }
    }

    private static Socket connect(Server server) throws IOException {
        final Socket socket = new Socket("127.0.0.1", server.address().port());
        socket.setTcpNoDelay(true);
        return socket;
    }

    private void block(Way way) throws IOException {
        final long endNs = System.nanoTime() + BLOCK_NS;
        switch (way) {
            case NOTHING -> {}
            case PARK_IN_MONITOR -> {
                synchronized (monitor) {
                    for (long left = BLOCK_NS; left > 0; left = endNs - System.nanoTime()) {
                        LockSupport.parkNanos(left);
                    }
                }
            }
            case FILE -> {
                try (InputStream in = Files.newInputStream(pipe)) {
                    if (in.read() != 1) {
                        throw new IOException("nothing in the pipe");
                    }
                }
            }
            case COMPUTE -> {
                while (endNs - System.nanoTime() > 0) {
                    Thread.onSpinWait();
                }
            }
        }
    }

    private void blockAgainAndAgain(Socket blocker, Way way) {
        try {
            for (int i = 0; i < BLOCKS; i++) {
                blocker.getOutputStream().write(1);
                if (way == Way.FILE) {
                    LockSupport.parkNanos(BLOCK_NS);
                    try (OutputStream out = Files.newOutputStream(pipe)) {
                        out.write(1);
                    }
                }
                if (blocker.getInputStream().read() != 1) {
                    throw new IOException("the server has closed");
                }
                LockSupport.parkNanos(PAUSE_NS);
            }
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private static long[] echoes(Socket client, int count) throws IOException {
        final long[] latencies = new long[count];
        for (int i = 0; i < count; i++) {
            latencies[i] = echo(client);
        }
        return latencies;
    }

    /** How long it took, in nanoseconds. */
    private static long echo(Socket client) throws IOException {
        final long startNs = System.nanoTime();
        client.getOutputStream().write(1);
        if (client.getInputStream().read() != 1) {
            throw new IOException("the server has closed");
        }
        return System.nanoTime() - startNs;
    }

    private static String describe(long[] latencies) {
        Arrays.sort(latencies);
        final long waited =
                Arrays.stream(latencies).filter(ns -> ns > BLOCK_NS / 2).count();
        return String.format(
                Locale.ROOT,
                "p50 %.0f µs, max %.1f ms, %d over 25 ms",
                latencies[latencies.length / 2] / 1e3,
                latencies[latencies.length - 1] / 1e6,
                waited);
    }
}
