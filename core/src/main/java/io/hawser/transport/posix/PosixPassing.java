// SPDX-License-Identifier: Apache-2.0
package io.hawser.transport.posix;

import io.hawser.linux.CallState;
import io.hawser.linux.CredentialsDescriptor;
import io.hawser.linux.Descriptors;
import io.hawser.linux.Errno;
import io.hawser.linux.LinuxException;
import io.hawser.linux.SockAddrDescriptor;
import io.hawser.linux.Sockets;
import io.hawser.transport.PassedSocket;
import io.hawser.transport.SocketPassing;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.net.SocketException;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.util.Optional;

/** Passes sockets by SCM_RIGHTS (unix(7)). Stateless; any thread. */
public final class PosixPassing implements SocketPassing {
    private static final int BACKLOG = 16;
    private static final int OWNER_ONLY = 0600;

    /** Stateless. */
    public PosixPassing() {}

    @Override
    public Listener listen(Path path) throws IOException {
        final CallState state = new CallState();
        final int fd = socket(state);
        try (Arena arena = Arena.ofConfined()) {
            final SockAddrDescriptor address = encode(path, arena);
            // Before the bind, so that the file has no other mode at any time.
            LinuxException.check("fchmod", Descriptors.chmod(state, fd, OWNER_ONLY));
            final int bound = Sockets.bind(state, fd, address.address(), address.length());
            if (bound < 0) {
                throw SocketErrors.bind(path, -bound);
            }
            return listener(state, fd);
        } catch (IOException e) {
            Sockets.close(state, fd);
            throw e;
        }
    }

    @Override
    public Listener adopt(PassedSocket socket) throws IOException {
        final PassedSocket.Kind kind = socket.kind();
        if (kind != PassedSocket.Kind.UNIX) {
            socket.close();
            throw new IOException("No listening unix socket, but " + kind);
        }
        final CallState state = new CallState();
        final int fd = PassedDescriptor.take(socket);
        try {
            return listener(state, fd);
        } catch (IOException e) {
            Sockets.close(state, fd);
            throw e;
        }
    }

    /** Who connects learns of the process that has called listen(2) last, so it is called again for a socket that was adopted. */
    private static Listener listener(CallState state, int fd) throws IOException {
        LinuxException.check("listen", Sockets.listen(state, fd, BACKLOG));
        return new PosixPassingListener(fd);
    }

    @Override
    public Optional<Channel> connect(Path path) throws IOException {
        final CallState state = new CallState();
        final int fd = socket(state);
        try (Arena arena = Arena.ofConfined()) {
            final SockAddrDescriptor address = encode(path, arena);
            final int result = Sockets.connect(state, fd, address.address(), address.length());
            if (result == -Errno.ENOENT || result == -Errno.ECONNREFUSED) {
                Sockets.close(state, fd);
                return Optional.empty();
            }
            if (result < 0) {
                throw SocketErrors.connect(path, -result);
            }
            requireSameUser(state, fd);
            return Optional.of(new PosixPassingChannel(fd, PosixPassingChannel.NO_WAKEUP));
        } catch (IOException e) {
            Sockets.close(state, fd);
            throw e;
        }
    }

    /**
     * Nobody else gets our sockets, and from nobody else we take some.
     *
     * @throws IOException if the process at the other end has another user
     */
    static void requireSameUser(CallState state, int fd) throws IOException {
        final long peer = CredentialsDescriptor.peerUser(state, fd);
        final long own = CredentialsDescriptor.ownUser();
        if (peer != own) {
            throw new IOException("The process there belongs to user " + peer + ", not to " + own
                    + "; sockets are passed within one user only");
        }
    }

    private static int socket(CallState state) throws IOException {
        return LinuxException.check(
                "socket",
                Sockets.socket(
                        state, Sockets.AF_UNIX, Sockets.SOCK_STREAM | Sockets.SOCK_NONBLOCK | Sockets.SOCK_CLOEXEC, 0));
    }

    private static SockAddrDescriptor encode(Path path, Arena arena) throws SocketException {
        try {
            final var address = new SockAddrDescriptor(arena);
            address.write(UnixDomainSocketAddress.of(path));
            return address;
        } catch (IllegalArgumentException e) {
            final var failure = new SocketException(e.getMessage());
            failure.initCause(e);
            throw failure;
        }
    }
}
