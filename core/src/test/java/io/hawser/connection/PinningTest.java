// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hawser.connection.EngineFixture.ThrowingTask;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A virtual thread that waits in the blocking style gives its carrier back. Where it could not, the JDK's Flight Recorder would say so
 * (jdk.VirtualThreadPinned).
 */
@ParameterizedClass
@EnumSource
final class PinningTest {
    private static final int MEBIBYTE = 1 << 20;

    @RegisterExtension
    final EngineFixture engines;

    PinningTest(TestTransport transport) {
        engines = new EngineFixture(transport);
    }

    @Test
    void shouldNotPinWhileReadsWait() throws Exception {
        final Engine engine = engines.engine();
        final Server server = serve(engine);
        assertThat(pinnedDuring(() -> {
                    try (Connection connection = engine.dial(server.address(), ConnectionOptions.DEFAULT)) {
                        for (int i = 0; i < 100; i++) {
                            connection.writer().writeInt(i).flush();
                            assertThat(connection.reader().readInt()).isEqualTo(i);
                        }
                    }
                }))
                .isEmpty();
    }

    @Test
    void shouldNotPinWhileWritesWait() throws Exception {
        final Engine engine = engines.engine();
        final CompletableFuture<Connection> full = new CompletableFuture<>();
        final Server deaf = engine.listen("tcp://127.0.0.1:0", new ConnectionHandler() {
            @Override
            public void onOpen(Connection connection) {
                connection.pause();
                full.complete(connection);
            }

            @Override
            public void onData(Connection connection) {
                connection.reader().skip(connection.reader().readableBytes());
            }
        });
        assertThat(pinnedDuring(() -> {
                    try (Connection connection = engine.dial(deaf.address(), ConnectionOptions.DEFAULT)) {
                        final Thread writer = Thread.currentThread();
                        // Reads only when the writer waits.
                        final CompletableFuture<Void> resumed = EngineFixture.async(() -> {
                            EngineFixture.until("a write that waits", () -> writer.getState() == Thread.State.WAITING);
                            final Connection other = full.join();
                            other.execute(other::resume);
                        });
                        for (int i = 0; i < 16; i++) {
                            connection.writer().writeBytes(new byte[MEBIBYTE]).flush();
                        }
                        resumed.join();
                    }
                }))
                .isEmpty();
    }

    @Test
    void shouldNotPinWhileATimeoutPasses() throws Exception {
        final Engine engine = engines.engine();
        final Server server = serve(engine);
        assertThat(pinnedDuring(() -> {
                    try (Connection connection = engine.dial(server.address(), ConnectionOptions.DEFAULT)) {
                        connection.readTimeout(Duration.ofMillis(20));
                        assertThatThrownBy(() -> connection.reader().readInt())
                                .isInstanceOf(ReadTimeoutException.class);
                    }
                }))
                .isEmpty();
    }

    @Test
    void shouldNotPinWhileItDialsAndCloses() throws Exception {
        final Engine engine = engines.engine();
        final Server server = serve(engine);
        assertThat(pinnedDuring(() -> {
                    for (int i = 0; i < 50; i++) {
                        final Connection connection = engine.dial(server.address(), ConnectionOptions.DEFAULT);
                        final CompletableFuture<CloseCause> closed = new CompletableFuture<>();
                        connection.onClose(closed::complete);
                        connection.close();
                        closed.join();
                    }
                    server.close();
                }))
                .isEmpty();
    }

    /** Or the other tests would find nothing, whatever happened. */
    @Test
    void shouldFindAThreadThatIsPinned() throws Exception {
        assertThat(pinnedDuring(PinningTest::parkInNativeCode)).isNotEmpty();
    }

    /** Sorts two bytes by the C library, which calls back for the comparison: a frame of C cannot be taken off a carrier. */
    @SuppressWarnings("restricted")
    private static void parkInNativeCode() throws Exception {
        final Linker linker = Linker.nativeLinker();
        final MethodHandle sort = linker.downcallHandle(
                linker.defaultLookup().findOrThrow("qsort"),
                FunctionDescriptor.ofVoid(
                        ValueLayout.ADDRESS, ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG, ValueLayout.ADDRESS));
        final MethodHandle compare = MethodHandles.lookup()
                .findStatic(
                        PinningTest.class,
                        "compare",
                        MethodType.methodType(int.class, MemorySegment.class, MemorySegment.class));
        try (Arena arena = Arena.ofConfined()) {
            sort.invokeExact(
                    arena.allocate(2),
                    2L,
                    1L,
                    linker.upcallStub(
                            compare,
                            FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.ADDRESS),
                            arena));
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    @SuppressWarnings("unused") // through a method handle
    private static int compare(MemorySegment first, MemorySegment second) {
        LockSupport.parkNanos(5_000_000);
        return 0;
    }

    /** Waits for one number after the other, and sends it back. */
    private static Server serve(Engine engine) throws Exception {
        return engine.serve("tcp://127.0.0.1:0", connection -> {
            while (true) {
                connection.writer().writeInt(connection.reader().readInt()).flush();
            }
        });
    }

    /** Where virtual threads, of the handlers or the one that runs {@code task}, waited and kept their carriers. */
    private static List<RecordedEvent> pinnedDuring(ThrowingTask task) throws Exception {
        final Path file = Files.createTempFile("hawser-pinned-", ".jfr");
        try (Recording recording = new Recording()) {
            recording
                    .enable("jdk.VirtualThreadPinned")
                    .withThreshold(Duration.ZERO)
                    .withStackTrace();
            recording.start();
            final CompletableFuture<Void> done = new CompletableFuture<>();
            Thread.ofVirtual().name("pinning-test").start(() -> {
                try {
                    task.run();
                    done.complete(null);
                } catch (Throwable t) {
                    done.completeExceptionally(t);
                }
            });
            EngineFixture.await(done);
            recording.stop();
            recording.dump(file);
            return RecordingFile.readAllEvents(file);
        } finally {
            Files.delete(file);
        }
    }
}
