// SPDX-License-Identifier: Apache-2.0
package io.hawser.transport;

import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.nio.file.LinkOption;
import java.nio.file.Path;

/** Makes transports of one kind. Immutable; any thread. */
public interface TransportProvider {
    /** The name by which users choose it: {@code io_uring}, {@code epoll}, {@code nio}. */
    String name();

    /**
     * Opens a transport on the calling thread, which must be the loop's.
     *
     * @throws TransportUnavailableException if this kind cannot run here (kernel too old, forbidden, not this system)
     * @throws IOException if the operating system has no resources left
     */
    Transport open(TransportConfig config) throws IOException;

    /**
     * How its transports send listening sockets to another process.
     *
     * @throws IOException if they have no means; the message says who has
     */
    default SocketPassing passing() throws IOException {
        throw new IOException(
                "The " + name() + " transport cannot pass sockets to another process; io_uring and epoll can");
    }

    /**
     * Opens a regular file to read, such that its sockets can send from it.
     *
     * @param options {@link LinkOption#NOFOLLOW_LINKS} refuses a symbolic link, as the last name of the path
     * @throws java.nio.file.NoSuchFileException if there is none
     * @throws IOException for any other failure, such as a path that is no regular file
     */
    default FileHandle openFile(Path path, LinkOption... options) throws IOException {
        return ChannelFile.open(path, options);
    }

    /**
     * A channel of the JDK as a socket that transports of this kind attach.
     *
     * @param channel connected, and registered with no selector; the result's from now on, unless this fails
     * @throws UnsupportedOperationException if transports of this kind have no use for a channel
     * @throws IllegalArgumentException if it is closed, not connected, or registered
     */
    default AcceptedSocket adopt(SocketChannel channel) {
        throw new UnsupportedOperationException(
                "The " + name() + " transport cannot adopt a SocketChannel: the JDK does"
                        + " not tell its descriptor. Use an engine over nio, or a descriptor");
    }

    /**
     * A file descriptor as a socket that transports of this kind attach.
     *
     * @param descriptor of a connected stream socket, TCP or unix; the result's from now on, unless this fails
     * @throws UnsupportedOperationException if transports of this kind have no use for a descriptor
     * @throws IllegalArgumentException if it is no such descriptor
     */
    default AcceptedSocket adopt(int descriptor) {
        throw new UnsupportedOperationException("The " + name() + " transport cannot adopt a file descriptor: the JDK"
                + " makes no channel of one. Use an engine over io_uring or epoll, or a SocketChannel");
    }
}
