// SPDX-License-Identifier: Apache-2.0
package io.hawser.connection;

import io.hawser.log.Log;
import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.SocketException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import org.jspecify.annotations.Nullable;

/** The file of a listening unix socket: what a dead server left is removed before the bind, our own after the close. */
final class UnixPath {
    private final Path path;
    private final @Nullable Object key;

    private UnixPath(Path path, @Nullable Object key) {
        this.path = path;
        this.key = key;
    }

    /**
     * Makes way for a bind to {@code path}.
     *
     * @throws BindException if a server listens there, or what is there is no socket
     */
    static void removeStale(Path path) throws IOException {
        if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        final BasicFileAttributes attributes =
                Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        if (!attributes.isOther()) {
            throw new BindException("bind to " + path + ": it exists and is no socket");
        }
        if (isServed(path)) {
            throw new BindException("bind to " + path + ": address already in use");
        }
        Files.deleteIfExists(path);
    }

    /** Whether somebody listens at {@code path}, be it one too busy to answer, or one who does not let us in. */
    private static boolean isServed(Path path) throws IOException {
        try (SocketChannel probe = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            // A blocking connect would wait for a server whose backlog is full.
            probe.configureBlocking(false);
            probe.connect(UnixDomainSocketAddress.of(path));
            return true;
        } catch (ConnectException _) {
            // ECONNREFUSED, and no other error (unix(7)), says that nobody listens: a server has died.
            return false;
        } catch (SocketException _) {
            return true;
        }
    }

    /** The file that a bind has made. */
    static UnixPath bound(Path path) {
        return new UnixPath(path, keyOf(path));
    }

    /** Removes the file, if it is still the one that was made. */
    void remove() {
        final Object present = keyOf(path);
        if (present != null && present.equals(key)) {
            try {
                Files.deleteIfExists(path);
            } catch (IOException e) {
                Log.log(System.Logger.Level.WARNING, "Cannot remove " + path, e);
            }
        }
    }

    private static @Nullable Object keyOf(Path path) {
        try {
            return Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
                    .fileKey();
        } catch (IOException _) {
            return null;
        }
    }
}
