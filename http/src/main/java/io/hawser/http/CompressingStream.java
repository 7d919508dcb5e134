// SPDX-License-Identifier: Apache-2.0
package io.hawser.http;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Objects;
import java.util.zip.CRC32;
import java.util.zip.Deflater;
import org.jspecify.annotations.Nullable;

/**
 * Compresses into another stream, as gzip (RFC 1952) or zlib (RFC 1950). The deflater stays the caller's, who calls {@link #free}
 * before somebody else has it.
 *
 * <p><b>Thread:</b> one at a time.
 */
final class CompressingStream extends OutputStream {
    private static final int OUTPUT_BYTES = 8 << 10;
    /** Deflate, no name, no time, any system. */
    private static final byte[] GZIP_HEAD = {0x1f, (byte) 0x8b, Deflater.DEFLATED, 0, 0, 0, 0, 0, 0, (byte) 0xff};

    private static final int GZIP_TAIL_BYTES = 8;

    private final OutputStream out;
    private final boolean gzip;
    /** Null when this is over: it is somebody else's then. */
    private @Nullable Deflater lent;

    private final CRC32 checksum = new CRC32();
    private final byte[] output = new byte[OUTPUT_BYTES];
    private boolean begun;
    private boolean finished;

    /** @param deflater as new, and made for {@code coding} */
    CompressingStream(OutputStream out, Compression.Coding coding, Deflater deflater) {
        this.out = out;
        this.gzip = coding == Compression.Coding.GZIP;
        this.lent = deflater;
    }

    private Deflater deflater() throws IOException {
        final Deflater deflater = lent;
        if (deflater == null) {
            throw new IOException("The stream has ended");
        }
        return deflater;
    }

    @Override
    public void write(int b) throws IOException {
        write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] source, int offset, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, source.length);
        if (finished) {
            throw new IOException("The stream has ended");
        }
        final Deflater deflater = deflater();
        begin();
        if (gzip) {
            checksum.update(source, offset, length);
        }
        deflater.setInput(source, offset, length);
        while (!deflater.needsInput()) {
            final int n = deflater.deflate(output);
            if (n > 0) {
                out.write(output, 0, n);
            }
        }
    }

    private void begin() throws IOException {
        if (!begun) {
            begun = true;
            if (gzip) {
                out.write(GZIP_HEAD);
            }
        }
    }

    /** Brings all that was written to where it can be read, at the cost of a few bytes. */
    @Override
    public void flush() throws IOException {
        if (!finished) {
            final Deflater deflater = deflater();
            begin();
            int n;
            do {
                n = deflater.deflate(output, 0, output.length, Deflater.SYNC_FLUSH);
                out.write(output, 0, n);
            } while (n == output.length);
        }
        out.flush();
    }

    /** Ends the compressed content, but not the stream below. */
    void finish() throws IOException {
        if (finished) {
            return;
        }
        final Deflater deflater = deflater();
        begin();
        finished = true;
        deflater.finish();
        while (!deflater.finished()) {
            final int n = deflater.deflate(output);
            out.write(output, 0, n);
        }
        if (gzip) {
            out.write(ByteBuffer.allocate(GZIP_TAIL_BYTES)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putInt((int) checksum.getValue())
                    .putInt((int) deflater.getBytesRead())
                    .array());
        }
    }

    /** Lets go of the deflater: nothing more can be written. */
    void free() {
        finished = true;
        lent = null;
    }
}
