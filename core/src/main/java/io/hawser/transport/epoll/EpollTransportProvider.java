// SPDX-License-Identifier: Apache-2.0
package io.hawser.transport.epoll;

import io.hawser.transport.AcceptedSocket;
import io.hawser.transport.FileHandle;
import io.hawser.transport.SocketPassing;
import io.hawser.transport.Transport;
import io.hawser.transport.TransportConfig;
import io.hawser.transport.TransportProvider;
import io.hawser.transport.TransportUnavailableException;
import io.hawser.transport.posix.AcceptedDescriptor;
import io.hawser.transport.posix.PosixFile;
import io.hawser.transport.posix.PosixPassing;
import java.io.IOException;
import java.nio.file.LinkOption;
import java.nio.file.Path;

/** Makes epoll transports; Linux on x86-64 and aarch64. */
public final class EpollTransportProvider implements TransportProvider {
    /** Stateless. */
    public EpollTransportProvider() {}

    @Override
    public String name() {
        return "epoll";
    }

    @Override
    public Transport open(TransportConfig config) throws IOException {
        try {
            return new EpollTransport(config);
        } catch (LinkageError | IllegalCallerException e) {
            throw new TransportUnavailableException("epoll: " + e.getMessage(), e);
        }
    }

    @Override
    public SocketPassing passing() {
        return new PosixPassing();
    }

    @Override
    public AcceptedSocket adopt(int descriptor) {
        return AcceptedDescriptor.adopt(descriptor);
    }

    @Override
    public FileHandle openFile(Path path, LinkOption... options) throws IOException {
        return PosixFile.open(path, options);
    }
}
