// SPDX-License-Identifier: Apache-2.0
package io.hawser.http;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Objects;
import java.util.zip.CRC32;
import java.util.zip.Deflater;

/**
 * Compresses into another stream, as gzip (RFC 1952) or zlib (RFC 1950). {@link #free} has to be called, whatever happens: its state is native memory.
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
    private final Deflater deflater;
    private final CRC32 checksum = new CRC32();
    private final byte[] output = new byte[OUTPUT_BYTES];
    private boolean begun;
    private boolean finished;

    CompressingStream(OutputStream out, Compression.Coding coding, int level) {
        this.out = out;
        this.gzip = coding == Compression.Coding.GZIP;
        this.deflater = new Deflater(level, gzip);
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

    /** Gives the memory back; a second call does nothing. */
    void free() {
        finished = true;
        deflater.end();
    }
}
