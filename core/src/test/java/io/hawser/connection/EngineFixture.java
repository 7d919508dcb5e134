// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import static org.assertj.core.api.Assertions.assertThat;

import io.hawser.loop.EventLoop;
import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Engines over one transport, with servers and peers for one test. After the test it closes all of them, and fails if anything is left:
 * buffer memory, threads, descriptors, or a callback out of order.
 */
public final class EngineFixture implements BeforeEachCallback, AfterEachCallback {
    public static final Duration PATIENCE = Recorder.PATIENCE;

    private static final Path DESCRIPTORS = Path.of("/proc/self/fd");
    private static final AtomicInteger ENGINES = new AtomicInteger();

    static {
        // What the JDK keeps open for ever, it opens now.
        try {
            SocketChannel.open().close();
        } catch (IOException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final TestTransport transport;
    private final List<Engine> engines = new ArrayList<>();
    private final List<String> names = new ArrayList<>();
    private final List<Recorder> recorders = new ArrayList<>();
    private final Deque<AutoCloseable> resources = new ArrayDeque<>();
    private @Nullable Path directory;
    private Map<String, Integer> descriptorsBefore = Map.of();

    public EngineFixture(TestTransport transport) {
        this.transport = transport;
    }

    // ---- engines

    /** An engine with one loop. */
    public Engine engine() throws IOException {
        return engine(builder -> builder);
    }

    public Engine engine(UnaryOperator<Engine.Builder> setUp) throws IOException {
        final String name = "test" + ENGINES.incrementAndGet();
        final Engine engine = setUp.apply(transport.builder()).name(name).start();
        engines.add(engine);
        names.add(name + "-");
        return engine;
    }

    /** An address that is free: a port that the system picks, or a path that nobody uses. */
    public Address freshAddress(Family family) throws IOException {
        return switch (family) {
            case TCP -> Address.parse("tcp://127.0.0.1:0");
            case UNIX -> Address.parse("unix://" + directory().resolve("socket" + ENGINES.incrementAndGet()));
        };
    }

    /** A directory of this test's own. */
    public Path directory() throws IOException {
        if (directory == null) {
            directory = Files.createTempDirectory("hawser");
        }
        return directory;
    }

    public Server listen(Engine engine, Family family, ConnectionHandler handler) throws IOException {
        return listen(engine, family, ServerOptions.DEFAULT, handler);
    }

    public Server listen(Engine engine, Family family, ServerOptions options, ConnectionHandler handler)
            throws IOException {
        return engine.listen(freshAddress(family), options, watched(handler));
    }

    /** Has the order of its callbacks checked at the end. */
    public <T extends ConnectionHandler> T watched(T handler) {
        if (handler instanceof Recorder recorder) {
            recorders.add(recorder);
        }
        return handler;
    }

    public Connection dial(Engine engine, Address address, ConnectionHandler handler) throws Exception {
        return await(engine.dial(address, ConnectionOptions.DEFAULT, watched(handler)));
    }

    public Peer connect(Server server) throws IOException {
        return closing(Peer.connect(server.address()));
    }

    /** Closes {@code resource} after the test, before the engines. */
    public <T extends AutoCloseable> T closing(T resource) {
        resources.push(resource);
        return resource;
    }

    // ---- waiting

    public static <T> T await(CompletableFuture<T> future) throws Exception {
        try {
            return future.get(PATIENCE.toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            throw new AssertionError("Waited in vain for " + future, e);
        }
    }

    /** The failure that {@code future} ends with. */
    public static Throwable awaitFailure(CompletableFuture<?> future) throws Exception {
        try {
            final Object result = await(future);
            throw new AssertionError("Succeeded with " + result);
        } catch (ExecutionException e) {
            return e.getCause();
        }
    }

    /** For what nobody announces. */
    public static void until(String what, BooleanSupplier condition) {
        final long deadlineNs = System.nanoTime() + PATIENCE.toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime() - deadlineNs)
                    .as("waited in vain for " + what)
                    .isNegative();
            LockSupport.parkNanos(1_000_000);
        }
    }

    /** Runs {@code task} on the loop and waits for it. */
    public static void onLoop(EventLoop loop, ThrowingTask task) throws Exception {
        final CompletableFuture<Void> done = new CompletableFuture<>();
        loop.execute(() -> {
            try {
                task.run();
                done.complete(null);
            } catch (Throwable t) {
                done.completeExceptionally(t);
            }
        });
        await(done);
    }

    /** Holds a loop in a task until the latch is counted down, so that what comes meanwhile comes in one batch. */
    public static CountDownLatch block(EventLoop loop) throws InterruptedException {
        final CountDownLatch blocked = new CountDownLatch(1);
        final CountDownLatch release = new CountDownLatch(1);
        loop.execute(() -> {
            blocked.countDown();
            try {
                release.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        blocked.await();
        return release;
    }

    /** Runs {@code task}, which may block, on a thread of its own. */
    public static CompletableFuture<Void> async(ThrowingTask task) {
        final CompletableFuture<Void> done = new CompletableFuture<>();
        Thread.ofPlatform().daemon().name("test-async").start(() -> {
            try {
                task.run();
                done.complete(null);
            } catch (Throwable t) {
                done.completeExceptionally(t);
            }
        });
        return done;
    }

    /** What may throw. */
    @FunctionalInterface
    public interface ThrowingTask {
        void run() throws Exception;
    }

    /**
     * Lets a loop run for a while by a timer of its own, and fails if it took turns without end meanwhile.
     *
     * @param turnsPerMs what it may take; a loop that waits for memory looks for it every millisecond
     */
    public static void assertDoesNotSpin(EventLoop loop, int turnsPerMs) throws Exception {
        final CompletableFuture<Void> passed = new CompletableFuture<>();
        final long turns = loop.stats().turns();
        final long startNs = System.nanoTime();
        loop.schedule(() -> passed.complete(null), Duration.ofMillis(100));
        await(passed);
        final long elapsedMs = (System.nanoTime() - startNs) / 1_000_000;
        assertThat(loop.stats().turns() - turns)
                .as("turns of an idle loop in %d ms", elapsedMs)
                .isLessThan(50 + turnsPerMs * elapsedMs);
    }

    // ---- before and after

    @Override
    public void beforeEach(ExtensionContext context) throws IOException {
        transport.assumeAvailable();
        descriptorsBefore = descriptors();
    }

    @Override
    public void afterEach(ExtensionContext context) throws Exception {
        while (!resources.isEmpty()) {
            resources.pop().close();
        }
        for (Engine engine : engines) {
            engine.close();
            assertThat(engine.pool().usedBytes()).as("buffer memory in use").isZero();
            assertThat(engine.pool().leaks()).as("leaks").isEmpty();
            assertThat(engine.connectionCount()).as("connections").isZero();
        }
        for (Recorder recorder : recorders) {
            assertThat(recorder.violations()).as("callbacks out of order").isEmpty();
        }
        assertNoThreads();
        assertNoDescriptors();
        if (directory != null) {
            try (Stream<Path> left = Files.list(directory)) {
                for (Path path : left.toList()) {
                    Files.delete(path);
                }
            }
            Files.delete(directory);
        }
    }

    private void assertNoThreads() throws InterruptedException {
        final List<Thread> left = Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> names.stream().anyMatch(thread.getName()::startsWith))
                .toList();
        for (Thread thread : left) {
            // It has told that it ends before it does.
            thread.join(PATIENCE);
            assertThat(thread.isAlive()).as("%s is alive", thread).isFalse();
        }
    }

    private void assertNoDescriptors() throws IOException {
        final Map<String, Integer> left = descriptors();
        descriptorsBefore.forEach(
                (what, count) -> left.computeIfPresent(what, (_, now) -> now > count ? now - count : null));
        assertThat(left).as("descriptors that were not closed").isEmpty();
    }

    /** The sockets, rings and the like that this process has open; files are the JDK's own affair. */
    private static Map<String, Integer> descriptors() throws IOException {
        final Map<String, Integer> open = new TreeMap<>();
        if (!Files.isDirectory(DESCRIPTORS)) {
            return open;
        }
        try (Stream<Path> links = Files.list(DESCRIPTORS)) {
            for (Path link : links.toList()) {
                final String target = target(link);
                if (target.startsWith("socket:") || target.startsWith("anon_inode:")) {
                    open.merge(target, 1, Integer::sum);
                }
            }
        }
        return open;
    }

    private static String target(Path link) {
        try {
            return Files.readSymbolicLink(link).toString();
        } catch (IOException _) {
            // The descriptor with which the directory was read.
            return "";
        }
    }
}
