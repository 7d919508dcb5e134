// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import io.hawser.transport.TransportUnavailableException;
import io.hawser.transport.Transports;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * Echoes over the best transport, and says which that was, and what io_uring says for itself. If the first argument is the number of a
 * system call, all from there on to the second are forbidden before.
 */
@SuppressWarnings("restricted") // for seccomp(2)
final class RestrictedProgram {
    private static final int PR_SET_SECCOMP = 22;
    private static final int PR_SET_NO_NEW_PRIVS = 38;
    private static final int SECCOMP_MODE_FILTER = 2;
    private static final int SECCOMP_RET_ALLOW = 0x7fff_0000;
    private static final int SECCOMP_RET_ERRNO = 0x0005_0000;
    private static final int EPERM = 1;
    /** {@code BPF_LD | BPF_W | BPF_ABS}, {@code BPF_JMP | BPF_JGE | BPF_K}, {@code BPF_JMP | BPF_JGT | BPF_K}, {@code BPF_RET}. */
    private static final short LOAD = 0x20;

    private static final short JUMP_IF_AT_LEAST = 0x35;
    private static final short JUMP_IF_GREATER = 0x25;
    private static final short RETURN = 0x06;
    /** {@code struct sock_filter}. */
    private static final int INSTRUCTION_BYTES = 8;

    private RestrictedProgram() {}

    public static void main(String[] args) throws Throwable {
        if (args.length > 0) {
            forbid(Integer.parseInt(args[0]), Integer.parseInt(args[1]));
        }
        final Recorder handler = Recorder.echo();
        try (Engine engine =
                        Engine.builder().transport(Transports.AUTO).loops(2).start();
                Server server = engine.listen("tcp://127.0.0.1:0", handler);
                Peer peer = Peer.connect(server.address())) {
            System.out.println(
                    engine.transport() + " " + peer.send("ahoy").finish().receiveAllText());
            handler.awaitClose();
        }
        try {
            Engine.builder().transport("io_uring").start().close();
            System.out.println("available");
        } catch (TransportUnavailableException e) {
            System.out.println(e.getMessage());
        }
    }

    /** For this thread, and all that it starts: EPERM for the system calls with these numbers, as container runtimes answer. */
    private static void forbid(int first, int last) throws Throwable {
        final Linker linker = Linker.nativeLinker();
        final MethodHandle prctl = linker.downcallHandle(
                linker.defaultLookup().findOrThrow("prctl"),
                FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG),
                Linker.Option.firstVariadicArg(1));
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment filter = arena.allocate(5 * INSTRUCTION_BYTES, 8);
            // struct seccomp_data begins with the number.
            instruction(filter, 0, LOAD, 0, 0, 0);
            instruction(filter, 1, JUMP_IF_AT_LEAST, 0, 2, first);
            instruction(filter, 2, JUMP_IF_GREATER, 1, 0, last);
            instruction(filter, 3, RETURN, 0, 0, SECCOMP_RET_ERRNO | EPERM);
            instruction(filter, 4, RETURN, 0, 0, SECCOMP_RET_ALLOW);
            // struct sock_fprog.
            final MemorySegment program = arena.allocate(16, 8);
            program.set(JAVA_SHORT, 0, (short) 5);
            program.set(ADDRESS, 8, filter);
            check((int) prctl.invokeExact(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L));
            check((int) prctl.invokeExact(PR_SET_SECCOMP, (long) SECCOMP_MODE_FILTER, program.address(), 0L, 0L));
        }
    }

    private static void instruction(MemorySegment filter, int index, short code, int ifTrue, int ifFalse, int operand) {
        final long at = (long) index * INSTRUCTION_BYTES;
        filter.set(JAVA_SHORT, at, code);
        filter.set(JAVA_BYTE, at + 2, (byte) ifTrue);
        filter.set(JAVA_BYTE, at + 3, (byte) ifFalse);
        filter.set(JAVA_INT, at + 4, operand);
    }

    private static void check(int result) {
        if (result != 0) {
            throw new IllegalStateException("prctl: " + result);
        }
    }
}
