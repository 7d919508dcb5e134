// SPDX-License-Identifier: Apache-2.0
package io.hawser.transport;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.Set;

/** A file that the JDK has opened: on every system, and of every file system that it knows. */
public final class ChannelFile implements FileHandle {
    private final FileChannel channel;
    private final long size;
    private final FileTime lastModifiedTime;

    private ChannelFile(FileChannel channel, long size, FileTime lastModifiedTime) {
        this.channel = channel;
        this.size = size;
        this.lastModifiedTime = lastModifiedTime;
    }

    /** As {@link TransportProvider#openFile}. */
    public static ChannelFile open(Path path, LinkOption... options) throws IOException {
        // Before it is opened: opening a pipe waits for who writes to it.
        final BasicFileAttributes attributes = Files.readAttributes(path, BasicFileAttributes.class, options);
        if (!attributes.isRegularFile()) {
            throw new FileSystemException(path.toString(), null, "not a regular file");
        }
        final Set<OpenOption> how = options.length == 0
                ? Set.of(StandardOpenOption.READ)
                : Set.of(StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS);
        final FileChannel channel = FileChannel.open(path, how);
        try {
            return new ChannelFile(channel, channel.size(), attributes.lastModifiedTime());
        } catch (IOException e) {
            channel.close();
            throw e;
        }
    }

    /** The channel, for whoever sends from it. */
    public FileChannel channel() {
        return channel;
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    public FileTime lastModifiedTime() {
        return lastModifiedTime;
    }

    @Override
    public int read(MemorySegment target, long position) throws IOException {
        return channel.read(target.asByteBuffer(), position);
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
