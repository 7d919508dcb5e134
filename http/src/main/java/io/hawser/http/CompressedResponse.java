// SPDX-License-Identifier: Apache-2.0
package io.hawser.http;

import io.hawser.buffer.Buffer;
import io.hawser.buffer.Reader;
import io.hawser.buffer.Writer;
import io.hawser.buffer.WriterHook;
import io.hawser.connection.Connection;
import io.hawser.connection.FileSource;
import io.hawser.loop.EventLoop;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Objects;
import java.util.Optional;
import java.util.zip.Deflater;
import org.jspecify.annotations.Nullable;

/**
 * A response that compresses what is written to it, if that can be and pays. What is streamed is kept until there is enough of it to tell, or it is flushed.
 *
 * <p><b>Thread:</b> that of its handler.
 */
final class CompressedResponse extends ForwardingResponse {
    private static final int PIECE_BYTES = 16 << 10;

    private final Request request;
    private final Optional<Compression.Coding> coding;
    private final int minBytes;
    private final DeflaterPool deflaters;

    private @Nullable Deflater lent;
    private @Nullable CompressingStream compressing;
    private @Nullable Streamed streamed;
    private @Nullable Buffer staging;
    private boolean deferred;

    CompressedResponse(
            Request request,
            Response target,
            Optional<Compression.Coding> coding,
            int minBytes,
            DeflaterPool deflaters) {
        super(target);
        this.request = request;
        this.coding = coding;
        this.minBytes = minBytes;
        this.deflaters = deflaters;
    }

    // ---- whether

    /**
     * Whether the answer, as its head is now, is to be compressed; notes in it that it might have been. If so there is something to do it with.
     *
     * @param length of the body; -1 if it is not known
     * @param streamed whether what comes of it is written to the connection before all is known
     */
    private boolean decide(long length, boolean streamed) {
        final Headers headers = headers();
        if (!isCandidate(headers)) {
            return false;
        }
        if (!headers.containsToken("Vary", "Accept-Encoding") && !headers.containsToken("Vary", "*")) {
            headers.add("Vary", "Accept-Encoding");
        }
        return coding.isPresent()
                && !request.method().equals("HEAD")
                && (length < 0 || length >= minBytes)
                && (!streamed || hasRoom(length))
                && borrow();
    }

    /** In the loop nobody waits, so all that comes of it has to be pending at once. */
    private boolean hasRoom(long length) {
        if (!EventLoop.isLoopThread()) {
            return true;
        }
        final Connection connection = request.connection();
        return length <= (connection.engine().limits().outboundBytes() - connection.pendingBytes()) / 2;
    }

    private boolean borrow() {
        if (lent == null) {
            lent = deflaters.take(coding.orElseThrow());
        }
        return lent != null;
    }

    private boolean isCandidate(Headers headers) {
        final int status = status();
        return status >= 200
                && status != 204
                && status != 205
                && status != 206
                && status != 304
                && !headers.contains("Content-Encoding")
                && !headers.contains("Content-Range")
                && !headers.containsToken("Cache-Control", "no-transform")
                && headers.first("Content-Type")
                        .filter(ContentTypes::isCompressible)
                        .isPresent();
    }

    private void markCompressed() {
        final Headers headers = headers();
        headers.set("Content-Encoding", coding.orElseThrow().token());
        headers.remove("Content-Length").remove("Accept-Ranges");
        headers.first("ETag").filter(tag -> tag.startsWith("\"")).ifPresent(tag -> headers.set("ETag", "W/" + tag));
    }

    private CompressingStream compress(OutputStream out) {
        final CompressingStream stream =
                new CompressingStream(out, coding.orElseThrow(), Objects.requireNonNull(lent, "a deflater"));
        compressing = stream;
        return stream;
    }

    // ---- whole

    @Override
    public void send(String body) {
        if (!headers().contains("Content-Type")) {
            headers().set("Content-Type", "text/plain; charset=utf-8");
        }
        send(body.getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public void send(byte[] body) {
        if (isCommitted() || !decide(body.length, false)) {
            super.send(body);
            return;
        }
        final ByteArrayOutputStream smaller = new ByteArrayOutputStream(Math.max(64, body.length / 2));
        try {
            final CompressingStream stream = compress(smaller);
            stream.write(body);
            stream.finish();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            free();
        }
        if (smaller.size() >= body.length) {
            super.send(body);
        } else {
            markCompressed();
            super.send(smaller.toByteArray());
        }
    }

    @Override
    public void send(Reader body) {
        final long length = body.readableBytes();
        if (isCommitted() || !decide(length, true)) {
            super.send(body);
            return;
        }
        markCompressed();
        try {
            final CompressingStream stream = compress(super.outputStream());
            for (long left = length; left > 0; left -= Math.min(left, PIECE_BYTES)) {
                stream.write(body.readBytes((int) Math.min(left, PIECE_BYTES)));
            }
            stream.finish();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            free();
        }
        super.end();
    }

    @Override
    public void sendFile(FileSource file, long offset, long count) throws IOException {
        if (isCommitted() || !decide(count, true)) {
            super.sendFile(file, offset, count);
            return;
        }
        markCompressed();
        try {
            final CompressingStream stream = compress(super.outputStream());
            FileCopy.copy(file, offset, count, stream);
            stream.finish();
        } finally {
            free();
        }
        super.end();
    }

    @Override
    public void sendFile(Path file) throws IOException {
        try (FileSource source = request.connection().engine().openFile(file)) {
            sendFile(source, 0, source.size());
        }
    }

    // ---- streamed

    @Override
    public OutputStream outputStream() {
        Streamed stream = streamed;
        if (stream == null) {
            stream = new Streamed();
            streamed = stream;
        }
        return stream;
    }

    @Override
    public Writer writer() {
        Buffer buffer = staging;
        if (buffer == null) {
            final OutputStream out = outputStream();
            buffer = new Buffer(request.connection().engine().pool());
            buffer.setBound(PIECE_BYTES);
            buffer.setWriterHook(new Draining(buffer, out));
            staging = buffer;
        }
        return buffer;
    }

    /** Takes what is written to a buffer along to a stream. */
    private record Draining(Buffer from, OutputStream to) implements WriterHook {
        @Override
        public void dirty() {
            // It goes on when there is much of it, or at a flush.
        }

        @Override
        public void full(Buffer buffer, long bytes) {
            drain();
        }

        @Override
        public void flush() {
            drain();
            try {
                to.flush();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        private void drain() {
            try (InputStream in = from.inputStream()) {
                in.transferTo(to);
                from.clean();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    private void drainStaging() {
        final Buffer buffer = staging;
        if (buffer != null && buffer.readableBytes() > 0) {
            new Draining(buffer, outputStream()).drain();
        }
    }

    @Override
    public boolean isCommitted() {
        final Streamed stream = streamed;
        return super.isCommitted() || (stream != null && stream.length > 0);
    }

    @Override
    public void end() {
        if (super.isEnded()) {
            super.end();
            return;
        }
        try {
            drainStaging();
            final Streamed stream = streamed;
            if (stream != null && stream.finish()) {
                return;
            }
            super.end();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            free();
        }
    }

    @Override
    public void defer() {
        super.defer();
        deferred = true;
        // If the connection goes before the answer has ended, nobody ends it.
        request.connection().onClose(_ -> free());
    }

    /** The handler has returned. */
    void returned() {
        if (deferred) {
            return;
        }
        if (streamed != null && !isEnded()) {
            end();
        }
        free();
    }

    /** Gives up what is held, whatever the state. */
    void free() {
        final CompressingStream stream = compressing;
        if (stream != null) {
            compressing = null;
            stream.free();
        }
        final Deflater deflater = lent;
        if (deflater != null) {
            lent = null;
            deflaters.give(deflater, coding.orElseThrow());
        }
        final Buffer buffer = staging;
        if (buffer != null) {
            staging = null;
            buffer.close();
        }
    }

    /** Keeps the first bytes until it is clear what becomes of them. */
    private final class Streamed extends OutputStream {
        private byte[] kept = {};
        private int length;
        private @Nullable OutputStream out;

        @Override
        public void write(int b) throws IOException {
            write(new byte[] {(byte) b}, 0, 1);
        }

        @Override
        public void write(byte[] source, int offset, int bytes) throws IOException {
            Objects.checkFromIndexSize(offset, bytes, source.length);
            final OutputStream decided = out;
            if (decided != null) {
                decided.write(source, offset, bytes);
            } else if (length + bytes < minBytes) {
                if (length == 0) {
                    kept = new byte[minBytes];
                }
                System.arraycopy(source, offset, kept, length, bytes);
                length += bytes;
            } else {
                decided().write(source, offset, bytes);
            }
        }

        private OutputStream decided() throws IOException {
            OutputStream decided = out;
            if (decided == null) {
                final OutputStream raw = CompressedResponse.super.outputStream();
                if (decide(-1, true)) {
                    markCompressed();
                    decided = compress(raw);
                } else {
                    decided = raw;
                }
                out = decided;
                decided.write(kept, 0, length);
                kept = new byte[0];
            }
            return decided;
        }

        @Override
        public void flush() throws IOException {
            decided().flush();
        }

        @Override
        public void close() {
            if (!isEnded()) {
                end();
            }
        }

        /** Writes what is left; whether the answer has ended by that. */
        private boolean finish() throws IOException {
            if (out == null) {
                final byte[] all = Arrays.copyOf(kept, length);
                final boolean unused = decide(length, false);
                CompressedResponse.super.send(all);
                return true;
            }
            if (out instanceof CompressingStream stream) {
                stream.finish();
            }
            return false;
        }
    }
}
