// SPDX-License-Identifier: Apache-2.0
package io.hawser.transport.uring;

import io.hawser.linux.LinuxException;
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

/** Makes io_uring transports; Linux 6.1 or later on x86-64 and aarch64, where io_uring is not forbidden. */
public final class UringTransportProvider implements TransportProvider {
    /** Stateless. */
    public UringTransportProvider() {}

    @Override
    public String name() {
        return "io_uring";
    }

    @Override
    public Transport open(TransportConfig config) throws IOException {
        try {
            return new UringTransport(config);
        } catch (LinuxException e) {
            throw new TransportUnavailableException("io_uring: " + e.getMessage(), e);
        } catch (LinkageError | IllegalCallerException e) {
            throw new TransportUnavailableException("io_uring: " + e.getMessage(), e);
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
