// SPDX-License-Identifier: Apache-2.0
package io.hawser.transport.posix;

import io.hawser.linux.CallState;
import io.hawser.linux.Errno;
import io.hawser.linux.FileCalls;
import io.hawser.linux.Sockets;
import io.hawser.linux.StatxDescriptor;
import io.hawser.transport.ChannelFile;
import io.hawser.transport.FileHandle;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.Charset;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystems;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;

/** A file by its descriptor. What the JDK opens does not tell its own, so this one is opened by open(2). */
public final class PosixFile implements FileHandle {
    /** How the JDK writes names of files. */
    private static final Charset NAMES = Charset.forName(System.getProperty("sun.jnu.encoding", "UTF-8"));

    /** A loop keeps its own; threads that copy from a file are loops, too. */
    private static final ThreadLocal<CallState> CALLS = ThreadLocal.withInitial(CallState::new);

    private final int fd;
    private final long size;
    private final FileTime lastModifiedTime;

    private PosixFile(int fd, StatxDescriptor found) {
        this.fd = fd;
        this.size = found.size();
        this.lastModifiedTime = FileTime.from(Instant.ofEpochSecond(found.modifiedSeconds(), found.modifiedNanos()));
    }

    /** As {@link io.hawser.transport.TransportProvider#openFile}; by the JDK where the path is not of the system's files. */
    public static FileHandle open(Path path, LinkOption... options) throws IOException {
        if (!path.getFileSystem().equals(FileSystems.getDefault())) {
            return ChannelFile.open(path, options);
        }
        final CallState calls = new CallState();
        try (Arena arena = Arena.ofConfined()) {
            final byte[] name = path.toString().getBytes(NAMES);
            final MemorySegment encoded = arena.allocate(name.length + 1L);
            encoded.copyFrom(MemorySegment.ofArray(name));
            final int fd = FileCalls.open(calls, encoded.address(), options.length == 0);
            if (fd < 0) {
                throw failure(path, -fd);
            }
            final StatxDescriptor found = new StatxDescriptor(arena);
            final int result = FileCalls.statx(calls, fd, encoded.address() + name.length, found.address());
            if (result < 0 || !found.isRegularFile()) {
                Sockets.close(calls, fd);
                throw result < 0
                        ? failure(path, -result)
                        : new FileSystemException(path.toString(), null, "not a regular file");
            }
            return new PosixFile(fd, found);
        }
    }

    private static IOException failure(Path path, int errno) {
        return switch (errno) {
            case Errno.ENOENT -> new NoSuchFileException(path.toString());
            case Errno.EACCES -> new AccessDeniedException(path.toString());
            default -> new FileSystemException(path.toString(), null, Errno.describe(errno));
        };
    }

    /** The descriptor, for as long as this is open. */
    public int descriptor() {
        return fd;
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
        final int bytes = (int) Math.min(target.byteSize(), Integer.MAX_VALUE);
        int read;
        do {
            read = FileCalls.pread(CALLS.get(), fd, target.address(), bytes, position);
        } while (read == -Errno.EINTR);
        if (read < 0) {
            throw new IOException("pread: " + Errno.describe(-read));
        }
        return read;
    }

    @Override
    public void close() {
        Sockets.close(new CallState(), fd);
    }
}
