// SPDX-License-Identifier: Apache-2.0
package io.hawser.http;

import java.io.EOFException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PushbackInputStream;
import java.util.Objects;
import java.util.zip.GZIPInputStream;
import java.util.zip.Inflater;
import java.util.zip.InflaterInputStream;
import org.jspecify.annotations.Nullable;

/**
 * Content that was compressed, in its original form, within bounds: a small body must not become a large one (a decompression bomb). It fails with
 * {@link InflationException} before it hands out what is too much.
 *
 * <p><b>Thread:</b> one at a time.
 */
final class InflatingStream extends InputStream {
    private static final int INPUT_BYTES = 4096;
    /** So much may come of whatever; ratios mean nothing before. */
    private static final long GRACE_BYTES = 64 << 10;

    private final Counting source;
    private final boolean gzip;
    private final long mostBytes;
    private final int mostRatio;
    private @Nullable InflaterInputStream inflating;
    private @Nullable Inflater inflater;
    private long given;
    private boolean over;
    private boolean closed;

    /**
     * Inflates what {@code source} has.
     *
     * @param gzip whether it is gzip (RFC 1952), else zlib (RFC 1950)
     * @param mostBytes how many bytes it may become
     * @param mostRatio how many times larger it may become than it is
     */
    InflatingStream(InputStream source, boolean gzip, long mostBytes, int mostRatio) {
        this.source = new Counting(source);
        this.gzip = gzip;
        this.mostBytes = mostBytes;
        this.mostRatio = mostRatio;
    }

    /** Whether there is a decoder for {@code coding}, the value of a Content-Encoding field. */
    static boolean knows(String coding) {
        return isGzip(coding) || coding.equalsIgnoreCase("deflate");
    }

    static boolean isGzip(String coding) {
        return coding.equalsIgnoreCase("gzip") || coding.equalsIgnoreCase("x-gzip");
    }

    @Override
    public int read() throws IOException {
        final byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, target.length);
        if (closed) {
            throw new IOException("The stream is closed");
        }
        if (over || length == 0) {
            return over ? -1 : 0;
        }
        final InflaterInputStream in = open();
        if (in == null) {
            over = true;
            return -1;
        }
        // One more than there may be, to see whether there is more.
        final int wanted = (int) Math.min(length, Math.max(1, mostBytes - given + 1));
        final int n;
        try {
            n = in.read(target, offset, wanted);
        } catch (EOFException e) {
            throw new EOFException("The compressed content ends early");
        }
        if (n < 0) {
            over = true;
            // What stands behind it is nothing, or no part of it.
            source.drain();
            return -1;
        }
        given += n;
        if (given > mostBytes) {
            throw new InflationException("The content becomes longer than " + mostBytes + " bytes");
        }
        if (given > GRACE_BYTES && given / mostRatio > source.count) {
            throw new InflationException("The content becomes more than " + mostRatio + " times as long");
        }
        return n;
    }

    /** Null for no content at all, which is what an empty body is, compressed or not. */
    private @Nullable InflaterInputStream open() throws IOException {
        InflaterInputStream in = inflating;
        if (in == null) {
            final int first = source.read();
            if (first < 0) {
                return null;
            }
            final PushbackInputStream all = new PushbackInputStream(source, 1);
            all.unread(first);
            if (gzip) {
                in = new GZIPInputStream(all, INPUT_BYTES);
            } else {
                final Inflater zlib = new Inflater();
                inflater = zlib;
                in = new InflaterInputStream(all, zlib, INPUT_BYTES);
            }
            inflating = in;
        }
        return in;
    }

    @Override
    public void close() throws IOException {
        if (closed) {
            return;
        }
        closed = true;
        final Inflater zlib = inflater;
        if (zlib != null) {
            zlib.end();
        }
        final InflaterInputStream in = inflating;
        if (in == null) {
            source.close();
        } else {
            in.close();
        }
    }

    private static final class Counting extends FilterInputStream {
        private long count;

        Counting(InputStream in) {
            super(in);
        }

        @Override
        public int read() throws IOException {
            final int b = super.read();
            count += b < 0 ? 0 : 1;
            return b;
        }

        @Override
        public int read(byte[] target, int offset, int length) throws IOException {
            final int n = super.read(target, offset, length);
            count += Math.max(0, n);
            return n;
        }

        /** Reads to the end, within a bound, so that the end of the message is seen. */
        void drain() throws IOException {
            final byte[] rest = new byte[INPUT_BYTES];
            for (int tries = 0; tries < 2; tries++) {
                if (read(rest, 0, rest.length) < 0) {
                    return;
                }
            }
            throw new IOException("Much stands behind the compressed content");
        }
    }
}
