// SPDX-License-Identifier: Apache-2.0
package io.hawser.tls.openssl;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.Optional;

/**
 * Finds the library, links its functions, and gives it functions to call.
 *
 * <p>Calls both ways are of one kind, six 64-bit integers and a result, as {@code io.hawser.linux} has it and for its reasons: linking a kind is what
 * costs time, and the ABIs of Linux allow it (System V AMD64 psABI 3.2.3, AAPCS64 6.8.2). What is narrower is cast by whoever gets it, since its upper
 * half is undefined. Pointers are {@code long}s; who passes one keeps its memory alive for as long as the function wants it.
 */
@SuppressWarnings("restricted") // linking is what it is for
final class Library {
    /** The names that the shared objects of OpenSSL 3 have on Linux; their number is that of the ABI. */
    private static final String LIBSSL = "libssl.so.3";

    private static final String LIBCRYPTO = "libcrypto.so.3";

    private static final Linker LINKER = Linker.nativeLinker();
    private static final FunctionDescriptor SIX =
            FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);
    private static final MethodType UPCALL = SIX.toMethodType();

    // SAFETY: no bytes of its own; each access is at an address that OpenSSL gave and says is valid, or that a block
    // has.
    private static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

    private static final Optional<SymbolLookup> SSL;
    private static final Optional<SymbolLookup> CRYPTO;
    private static final Optional<String> ABSENT;

    static {
        Optional<SymbolLookup> ssl = Optional.empty();
        Optional<SymbolLookup> crypto = Optional.empty();
        Optional<String> absent = Optional.empty();
        try {
            // SAFETY: loading runs the library's initialisers, which is what OpenSSL expects. It is never unloaded: it
            // leaves handlers behind.
            crypto = Optional.of(SymbolLookup.libraryLookup(LIBCRYPTO, Arena.global()));
            ssl = Optional.of(SymbolLookup.libraryLookup(LIBSSL, Arena.global()));
        } catch (IllegalArgumentException _) {
            absent = Optional.of("OpenSSL 3 is not installed (no " + LIBSSL + ")");
        } catch (IllegalCallerException _) {
            absent = Optional.of("native access is not enabled for io.hawser");
        }
        SSL = ssl;
        CRYPTO = crypto;
        ABSENT = absent;
    }

    private Library() {}

    /** Why the library was not loaded, if it was not. */
    static Optional<String> absent() {
        return ABSENT;
    }

    /** Links a function of libssl. */
    static MethodHandle ssl(String name) {
        return link(SSL, name);
    }

    /** Links a function of libcrypto. */
    static MethodHandle crypto(String name) {
        return link(CRYPTO, name);
    }

    private static MethodHandle link(Optional<SymbolLookup> library, String name) {
        return LINKER.downcallHandle(
                library.flatMap(symbols -> symbols.find(name))
                        .orElseThrow(() -> new UnsatisfiedLinkError("OpenSSL has no " + name)),
                SIX);
    }

    /**
     * The address of C function that calls a static method of six {@code long}s and a {@code long}, for as long as the process lives.
     *
     * <p>The method must not throw: the JVM would end.
     */
    static long upcall(MethodHandles.Lookup lookup, String method) {
        try {
            final MethodHandle target = lookup.findStatic(lookup.lookupClass(), method, UPCALL);
            return LINKER.upcallStub(target, SIX, Arena.global()).address();
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    /** Calls a function that is not called for each record: where one is, its own method invokes it. */
    static long call(MethodHandle function, long a, long b, long c, long d, long e, long f) {
        try {
            return (long) function.invokeExact(a, b, c, d, e, f);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    static long call(MethodHandle function) {
        return call(function, 0, 0, 0, 0, 0, 0);
    }

    static long call(MethodHandle function, long a) {
        return call(function, a, 0, 0, 0, 0, 0);
    }

    static long call(MethodHandle function, long a, long b) {
        return call(function, a, b, 0, 0, 0, 0);
    }

    static long call(MethodHandle function, long a, long b, long c) {
        return call(function, a, b, c, 0, 0, 0);
    }

    static long call(MethodHandle function, long a, long b, long c, long d) {
        return call(function, a, b, c, d, 0, 0);
    }

    static long call(MethodHandle function, long a, long b, long c, long d, long e) {
        return call(function, a, b, c, d, e, 0);
    }

    /** What a wrapper throws when {@code invokeExact} throws, which only a defect in this package can cause. */
    static AssertionError unexpected(Throwable cause) {
        return new AssertionError("A downcall threw", cause);
    }

    // ---- memory that OpenSSL has given

    static long getLong(long address) {
        return ALL.get(JAVA_LONG_UNALIGNED, address);
    }

    static void setLong(long address, long value) {
        ALL.set(JAVA_LONG_UNALIGNED, address, value);
    }

    static byte getByte(long address) {
        return ALL.get(JAVA_BYTE, address);
    }

    static void setByte(long address, int value) {
        ALL.set(JAVA_BYTE, address, (byte) value);
    }

    static void copy(long from, MemorySegment to, long offset, long bytes) {
        MemorySegment.copy(ALL, from, to, offset, bytes);
    }

    static byte[] bytes(long address, int length) {
        return ALL.asSlice(address, length).toArray(JAVA_BYTE);
    }

    /** A string that ends with a zero; empty where there is none. */
    static String string(long address) {
        return address == 0 ? "" : ALL.getString(address);
    }
}
