// SPDX-License-Identifier: Apache-2.0
package io.hawser.bench.micro;

import io.hawser.linux.CallState;
import io.hawser.linux.EventFd;
import io.hawser.linux.IoUring;
import io.hawser.linux.LinuxException;
import io.hawser.linux.Sockets;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** What the way into C and back costs: by each option of the linker, by Hawser's own calls, and by the JDK's channels. */
@State(Scope.Thread)
public class DowncallBenchmark {
    private final CallState callState = new CallState();
    private final MemorySegment state = Downcalls.state();

    // ---- a function that does nothing to speak of: the way alone

    /** Without options. */
    @Benchmark
    public int absByPlain() throws Throwable {
        return (int) Downcalls.ABS_PLAIN.invokeExact(-1);
    }

    /** With errno kept, as Hawser's calls are. */
    @Benchmark
    public int absByErrno() throws Throwable {
        return (int) Downcalls.ABS_ERRNO.invokeExact(state, -1);
    }

    /** Without the thread's transition. */
    @Benchmark
    public int absByCritical() throws Throwable {
        return (int) Downcalls.ABS_CRITICAL.invokeExact(-1);
    }

    /** Without it, with errno kept. */
    @Benchmark
    public int absByCriticalErrno() throws Throwable {
        return (int) Downcalls.ABS_CRITICAL_ERRNO.invokeExact(state, -1);
    }

    // ---- the cheapest system call there is

    /** Without options. */
    @Benchmark
    public int getppidByPlain() throws Throwable {
        return (int) Downcalls.GETPPID_PLAIN.invokeExact();
    }

    /** With errno kept, as Hawser's calls are. */
    @Benchmark
    public int getppidByErrno() throws Throwable {
        return (int) Downcalls.GETPPID_ERRNO.invokeExact(state);
    }

    /** Without the thread's transition. */
    @Benchmark
    public int getppidByCritical() throws Throwable {
        return (int) Downcalls.GETPPID_CRITICAL.invokeExact();
    }

    /** Without it, with errno kept. */
    @Benchmark
    public int getppidByCriticalErrno() throws Throwable {
        return (int) Downcalls.GETPPID_CRITICAL_ERRNO.invokeExact(state);
    }

    // ---- a receive when there is nothing

    /** Two sockets, each other's peer, and memory. */
    @State(Scope.Thread)
    public static class Pair {
        private static final int ROOM = 4096;

        private final int[] descriptors = Downcalls.socketPair();
        private final MemorySegment memory = Arena.global().allocate(ROOM);
        private final MemorySegment heap = MemorySegment.ofArray(new byte[ROOM]);

        private int near() {
            return descriptors[0];
        }

        private int far() {
            return descriptors[1];
        }

        /** Closes both. */
        @TearDown(Level.Trial)
        public void close() {
            final CallState state = new CallState();
            Sockets.close(state, near());
            Sockets.close(state, far());
        }
    }

    /** The same of the JDK. */
    @State(Scope.Thread)
    public static class Channels {
        private SocketChannel near;
        private SocketChannel far;
        private final ByteBuffer memory = ByteBuffer.allocateDirect(Pair.ROOM);

        /** Once. */
        @Setup(Level.Trial)
        public void open() throws IOException {
            final Path directory = Files.createTempDirectory("bench");
            final UnixDomainSocketAddress address = UnixDomainSocketAddress.of(directory.resolve("socket"));
            try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
                server.bind(address);
                near = SocketChannel.open(address);
                far = server.accept();
            } finally {
                Files.deleteIfExists(address.getPath());
                Files.delete(directory);
            }
            near.configureBlocking(false);
            far.configureBlocking(false);
        }

        /** Closes both. */
        @TearDown(Level.Trial)
        public void close() throws IOException {
            near.close();
            far.close();
        }
    }

    /** As Hawser does it. */
    @Benchmark
    public int receiveNothingByHawser(Pair pair) {
        return Sockets.recv(callState, pair.near(), pair.memory.address(), Pair.ROOM);
    }

    /** Without options: the error cannot be told. */
    @Benchmark
    public long receiveNothingByPlain(Pair pair) throws Throwable {
        return (long) Downcalls.RECV_PLAIN.invokeExact(pair.near(), pair.memory.address(), (long) Pair.ROOM, 0);
    }

    /** Without the thread's transition: the error cannot be told. */
    @Benchmark
    public long receiveNothingByCritical(Pair pair) throws Throwable {
        return (long) Downcalls.RECV_CRITICAL.invokeExact(pair.near(), pair.memory.address(), (long) Pair.ROOM, 0);
    }

    /** Without it, with errno kept. */
    @Benchmark
    public long receiveNothingByCriticalErrno(Pair pair) throws Throwable {
        return (long) Downcalls.RECV_CRITICAL_ERRNO.invokeExact(
                state, pair.near(), pair.memory.address(), (long) Pair.ROOM, 0);
    }

    /** With errno kept, and a segment where Hawser passes a number. */
    @Benchmark
    public long receiveNothingBySegmentErrno(Pair pair) throws Throwable {
        return (long) Downcalls.RECV_SEGMENT_ERRNO.invokeExact(state, pair.near(), pair.memory, (long) Pair.ROOM, 0);
    }

    /** Into an array of the heap. */
    @Benchmark
    public long receiveNothingByCriticalHeap(Pair pair) throws Throwable {
        return (long) Downcalls.RECV_HEAP.invokeExact(pair.near(), pair.heap, (long) Pair.ROOM, 0);
    }

    /** The JDK. */
    @Benchmark
    public int receiveNothingByJdk(Channels channels) throws IOException {
        return channels.near.read(channels.memory.clear());
    }

    // ---- a message sent, and received on the other side

    /** How long. */
    @State(Scope.Thread)
    public static class Message {
        /** In bytes. */
        @Param({"64", "1024"})
        public int bytes;
    }

    /** As Hawser does it. */
    @Benchmark
    public int passByHawser(Pair pair, Message message) {
        Sockets.send(callState, pair.near(), pair.memory.address(), message.bytes);
        return checked(Sockets.recv(callState, pair.far(), pair.memory.address(), Pair.ROOM), message);
    }

    /** Without the thread's transition. */
    @Benchmark
    public int passByCriticalErrno(Pair pair, Message message) throws Throwable {
        final long address = pair.memory.address();
        final long sent =
                (long) Downcalls.SEND_CRITICAL_ERRNO.invokeExact(state, pair.near(), address, (long) message.bytes, 0);
        final long received =
                (long) Downcalls.RECV_CRITICAL_ERRNO.invokeExact(state, pair.far(), address, (long) Pair.ROOM, 0);
        return checked(Math.min(sent, received), message);
    }

    /** From and into an array of the heap. */
    @Benchmark
    public int passByCriticalHeap(Pair pair, Message message) throws Throwable {
        final long sent = (long) Downcalls.SEND_HEAP.invokeExact(pair.near(), pair.heap, (long) message.bytes, 0);
        final long received = (long) Downcalls.RECV_HEAP.invokeExact(pair.far(), pair.heap, (long) Pair.ROOM, 0);
        return checked(Math.min(sent, received), message);
    }

    /** The JDK. */
    @Benchmark
    public int passByJdk(Channels channels, Message message) throws IOException {
        channels.near.write(channels.memory.clear().limit(message.bytes));
        return checked(channels.far.read(channels.memory.clear()), message);
    }

    private static int checked(long received, Message message) {
        if (received != message.bytes) {
            throw new IllegalStateException("Of " + message.bytes + " bytes came " + received);
        }
        return (int) received;
    }

    // ---- waking another loop

    /** A counter of the kernel. */
    @State(Scope.Thread)
    public static class Counter {
        private int descriptor;

        /** Once. */
        @Setup(Level.Trial)
        public void open() {
            descriptor = EventFd.create(new CallState());
        }

        /** Closes it. */
        @TearDown(Level.Trial)
        public void close() {
            Sockets.close(new CallState(), descriptor);
        }
    }

    /** A write to an eventfd that nobody waits for. */
    @Benchmark
    public void signalByHawser(Counter counter) {
        EventFd.signal(counter.descriptor);
    }

    // ---- io_uring

    /** A ring. */
    @State(Scope.Thread)
    public static class Ring {
        private final Arena arena = Arena.ofConfined();
        private IoUring ring;

        /** On the thread that uses it. */
        @Setup(Level.Trial)
        public void open() throws LinuxException {
            ring = IoUring.create(new CallState(), 64, 128, arena);
        }

        /** Gives it back. */
        @TearDown(Level.Trial)
        public void close() {
            ring.close();
            arena.close();
        }
    }

    /** A system call that hands over nothing and takes nothing. */
    @Benchmark
    public int enterByHawser(Ring ring) {
        return ring.ring.enter(0, 0);
    }

    /** One operation that completes at once, the cancelling of nothing, handed over and taken. */
    @Benchmark
    public int operationByHawser(Ring ring) {
        ring.ring.prepareCancel(-1, 1);
        return take(ring.ring, 1);
    }

    /** As that, sixteen by one system call. */
    @Benchmark
    public int operations16ByHawser(Ring ring) {
        for (int i = 0; i < 16; i++) {
            ring.ring.prepareCancel(-1, 1);
        }
        return take(ring.ring, 16);
    }

    private static int take(IoUring ring, int count) {
        ring.enter(0, 0);
        final int completions = ring.completions();
        if (completions != count) {
            throw new IllegalStateException(completions + " completions, not " + count);
        }
        int results = 0;
        for (int i = 0; i < completions; i++) {
            results += ring.result(i);
        }
        ring.advance(completions);
        return results;
    }
}
