// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.assertj.core.api.Assertions.assertThat;

import io.hawser.linux.CallState;
import io.hawser.linux.SockAddrDescriptor;
import io.hawser.linux.Sockets;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** The TCP sockets of this process as the kernel sees them, whoever made them. Linux only. */
final class OpenSockets {
    private static final Path DESCRIPTORS = Path.of("/proc/self/fd");

    private static final int ROOM_BYTES = 64;
    /** {@code linux/tcp.h}. */
    private static final int TCP_INFO = 11;

    private OpenSockets() {}

    /** The start of the {@code struct tcp_info}. */
    static MemorySegment tcpInfo(int fd) {
        return options(fd, Sockets.IPPROTO_TCP, TCP_INFO);
    }

    static boolean canBeSeen() {
        return Files.isDirectory(DESCRIPTORS);
    }

    /** The descriptor of the socket with these two ports; a remote port of 0 is that of a listener. */
    static int find(int localPort, int remotePort) throws IOException {
        final List<Integer> found;
        try (Stream<Path> links = Files.list(DESCRIPTORS)) {
            found = links.map(link -> Integer.parseInt(link.getFileName().toString()))
                    .filter(fd -> port(fd, true).equals(Optional.of(localPort))
                            && port(fd, false).orElse(0) == remotePort)
                    .toList();
        }
        assertThat(found)
                .as("sockets with the ports %d and %d", localPort, remotePort)
                .hasSize(1);
        return found.getFirst();
    }

    private static Optional<Integer> port(int fd, boolean local) {
        try (Arena arena = Arena.ofConfined()) {
            final var address = new SockAddrDescriptor(arena);
            address.clear();
            final int result = local
                    ? Sockets.getsockname(new CallState(), fd, address.address(), address.lengthAddress())
                    : Sockets.getpeername(new CallState(), fd, address.address(), address.lengthAddress());
            return result < 0
                    ? Optional.empty()
                    : address.read()
                            .filter(InetSocketAddress.class::isInstance)
                            .map(a -> ((InetSocketAddress) a).getPort());
        }
    }

    /** getsockopt(2) of an option that is an int. */
    static int option(int fd, int level, int option) {
        return options(fd, level, option).get(JAVA_INT, 0);
    }

    /** getsockopt(2) of an option of up to {@link #ROOM_BYTES}; zeros behind it. */
    static MemorySegment options(int fd, int level, int option) {
        final MemorySegment value = Arena.ofAuto().allocate(ROOM_BYTES + Integer.BYTES, 8);
        value.set(JAVA_INT, ROOM_BYTES, ROOM_BYTES);
        final int result =
                Sockets.getsockopt(new CallState(), fd, level, option, value.address(), value.address() + ROOM_BYTES);
        assertThat(result).as("getsockopt(%d, %d, %d)", fd, level, option).isZero();
        return value;
    }
}
