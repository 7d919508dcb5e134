// SPDX-License-Identifier: Apache-2.0
package io.hawser.http;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * A form in parts, {@code multipart/form-data} (RFC 7578): what browsers send of a form with files. The parts are read one after the other, as they
 * come, so that a file need not fit into memory.
 *
 * <pre>{@code
 * MultipartForm form = MultipartForm.of(request);
 * for (var part = form.next(); part.isPresent(); part = form.next()) {
 *     String name = part.get().name();
 *     if (part.get().fileName().isPresent()) {
 *         Files.copy(part.get().body(), directory.resolve(nameOfMyOwn()));
 *     } else {
 *         values.put(name, part.get().string(64 << 10));
 *     }
 * }
 * }</pre>
 *
 * <p><b>Bounds:</b> the body as a whole has those of {@link HttpLimits}; besides, there are no more parts than asked for, of 8 KiB of header fields each.
 *
 * <p><b>What is malformed</b> (RFC 2046, 5.1.1) fails with {@link HttpException} 400: a part without a name, a line that is no field, a delimiter with
 * something behind it, an end without the last delimiter.
 *
 * <p><b>Thread and lifetime:</b> those of the request.
 */
public final class MultipartForm {
    private static final int MOST_PARTS = 1_000;
    private static final int MOST_HEADER_BYTES = 8 << 10;
    private static final int MOST_FIELDS = 32;
    /** Before the first delimiter, where nobody sends anything any more, and behind one, where there may be spaces. */
    private static final int MOST_PADDING_BYTES = 1 << 10;

    private static final int MOST_BOUNDARY = 70;
    private static final String BOUNDARY_MARKS = "'()+_,-./:=? ";
    private static final int BUFFER_BYTES = 16 << 10;

    private final InputStream in;
    private final int mostParts;
    /** The end of a line, two hyphens, and the boundary. */
    private final byte[] delimiter;

    private final byte[] buffer = new byte[BUFFER_BYTES];
    private int start;
    private int end;
    /** Up to here the buffer is known to be the content of a part. */
    private int contentEnd;
    /** A delimiter begins at {@link #contentEnd}. */
    private boolean delimited;

    private int parts;
    private boolean over;

    private MultipartForm(InputStream in, String boundary, int mostParts) {
        this.in = in;
        this.mostParts = mostParts;
        this.delimiter = ("\r\n--" + boundary).getBytes(StandardCharsets.US_ASCII);
        // The first delimiter need not stand behind a line.
        buffer[0] = '\r';
        buffer[1] = '\n';
        this.end = 2;
    }

    /** The form in the body of {@code request}, of 1,000 parts at most; failing as {@link #of(Request, int)}. */
    public static MultipartForm of(Request request) {
        return of(request, MOST_PARTS);
    }

    /**
     * The form in the body of {@code request}.
     *
     * @throws HttpException with 415 if it is no such form, 400 if its Content-Type has no valid boundary
     * @throws IllegalArgumentException if {@code mostParts} is not positive
     */
    public static MultipartForm of(Request request, int mostParts) {
        if (mostParts < 1) {
            throw new IllegalArgumentException("mostParts must be positive: " + mostParts);
        }
        final String type = request.headers().first("Content-Type").orElse("");
        if (!MediaTypes.isOf(type, "multipart/form-data")) {
            throw new HttpException(415, "Not a form in parts: " + Quoted.of(type));
        }
        final String boundary = MediaTypes.parameter(type, "boundary")
                .filter(MultipartForm::isBoundary)
                .orElseThrow(() -> new HttpException(400, "No boundary: " + Quoted.of(type)));
        return new MultipartForm(request.body(), boundary, mostParts);
    }

    private static boolean isBoundary(String text) {
        return !text.isEmpty()
                && text.length() <= MOST_BOUNDARY
                && !text.endsWith(" ")
                && text.chars()
                        .allMatch(c -> c < 0x80 && (Character.isLetterOrDigit(c) || BOUNDARY_MARKS.indexOf(c) >= 0));
    }

    /**
     * The next part; what has not been read of the last one is skipped. Empty when there is none.
     *
     * @throws HttpException with 413 if there are more parts than allowed, 400 if the form is malformed, and as {@link Request#body()}
     * @throws IOException if the peer has gone
     */
    public Optional<Part> next() throws IOException {
        if (over) {
            return Optional.empty();
        }
        skipContent(parts == 0 ? MOST_PADDING_BYTES : Long.MAX_VALUE);
        start += delimiter.length;
        delimited = false;
        require(2);
        if (buffer[start] == '-' && buffer[start + 1] == '-') {
            // What follows is nobody's.
            over = true;
            return Optional.empty();
        }
        endDelimiter();
        if (++parts > mostParts) {
            throw new HttpException(413, "A form of more than " + mostParts + " parts");
        }
        final Headers headers = headers();
        contentEnd = start;
        return Optional.of(new Part(headers, disposition(headers)));
    }

    private void endDelimiter() throws IOException {
        for (int padding = 0; Chars.isSpace(at(0)); padding++) {
            if (padding == MOST_PADDING_BYTES) {
                throw malformed("too many spaces behind a delimiter");
            }
            start++;
        }
        if (at(0) != '\r' || at(1) != '\n') {
            throw malformed("a delimiter with something behind it");
        }
        start += 2;
    }

    /** Reads the fields of a part; the end of the empty line stays, since it may be the start of a delimiter. */
    private Headers headers() throws IOException {
        final Headers headers = new Headers();
        int bytes = 0;
        while (at(0) != '\r' || at(1) != '\n') {
            final ByteArrayOutputStream line = new ByteArrayOutputStream();
            while (at(0) != '\r' || at(1) != '\n') {
                if (++bytes > MOST_HEADER_BYTES || headers.size() == MOST_FIELDS) {
                    throw new HttpException(413, "The head of a part of a form is too large");
                }
                line.write(buffer[start++]);
            }
            start += 2;
            addField(line.toString(StandardCharsets.ISO_8859_1), headers);
        }
        return headers;
    }

    private static void addField(String line, Headers headers) {
        final int colon = line.indexOf(':');
        if (colon < 1 || !Chars.areAll(line, Chars.VALUE)) {
            throw malformed("a line that is no field");
        }
        try {
            headers.add(line.substring(0, colon), line.substring(colon + 1).strip());
        } catch (IllegalArgumentException _) {
            throw malformed("a line that is no field");
        }
    }

    private static String disposition(Headers headers) {
        return Optional.of(headers.all("Content-Disposition"))
                .filter(all -> all.size() == 1)
                .map(List::getFirst)
                .filter(value -> MediaTypes.isOf(value, "form-data"))
                .filter(value -> MediaTypes.parameter(value, "name").isPresent())
                .orElseThrow(() -> malformed("a part without a name"));
    }

    private static HttpException malformed(String what) {
        return new HttpException(400, "A malformed form: " + what);
    }

    // ---- bytes

    private byte at(int offset) throws IOException {
        require(offset + 1);
        return buffer[start + offset];
    }

    /** Waits until so many bytes are in the buffer. */
    private void require(int bytes) throws IOException {
        while (end - start < bytes) {
            if (end == buffer.length) {
                System.arraycopy(buffer, start, buffer, 0, end - start);
                end -= start;
                contentEnd -= start;
                start = 0;
            }
            final int n = in.read(buffer, end, buffer.length - end);
            if (n < 0) {
                throw malformed("it ends without its last delimiter");
            }
            end += n;
        }
    }

    /** Whether there is more of the content of the part, of which the next bytes are up to {@link #contentEnd} then. */
    private boolean hasContent() throws IOException {
        while (start >= contentEnd) {
            if (delimited) {
                return false;
            }
            require(delimiter.length);
            final int found = find();
            delimited = found >= 0;
            // The last bytes may be the first of a delimiter.
            contentEnd = delimited ? found : end - delimiter.length + 1;
        }
        return true;
    }

    /** Where the next delimiter begins in the buffer, or -1. */
    private int find() {
        for (int at = start; at <= end - delimiter.length; at++) {
            if (buffer[at] == '\r') {
                int same = 1;
                while (same < delimiter.length && buffer[at + same] == delimiter[same]) {
                    same++;
                }
                if (same == delimiter.length) {
                    return at;
                }
            }
        }
        return -1;
    }

    private void skipContent(long most) throws IOException {
        long left = most;
        while (hasContent()) {
            left -= contentEnd - start;
            if (left < 0) {
                throw malformed("it does not begin with a delimiter");
            }
            start = contentEnd;
        }
    }

    /** A part of a form: a field, or a file. Its content can be read once, until the next part is asked for. */
    public final class Part {
        private final Headers headers;
        private final String disposition;
        private final int number = parts;
        /** The end of the empty line before the content has been taken. */
        private boolean begun;

        private Part(Headers headers, String disposition) {
            this.headers = headers;
            this.disposition = disposition;
        }

        /** The name of the field, which several parts may have. */
        public String name() {
            return parameter("name").orElseThrow();
        }

        /**
         * The name that the file has with who sends it, without directories; empty if the part is no file, or its file has no name. It is a stranger's
         * word: do not let it name a file of yours.
         */
        public Optional<String> fileName() {
            return parameter("filename")
                    .map(name -> name.substring(Math.max(name.lastIndexOf('/'), name.lastIndexOf('\\')) + 1))
                    .filter(name -> !name.isEmpty() && !name.equals(".") && !name.equals(".."));
        }

        /** What browsers send is UTF-8, though fields are not. */
        private Optional<String> parameter(String name) {
            return MediaTypes.parameter(disposition, name)
                    .map(value -> new String(value.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8));
        }

        /** The Content-Type of the part; most fields have none. */
        public Optional<String> contentType() {
            return headers.first("Content-Type");
        }

        /** All fields of the head of the part. */
        public Headers headers() {
            return headers;
        }

        /**
         * The content, as it comes; it waits where the request's body does. To close it does nothing.
         *
         * @throws IllegalStateException when read after the next part was asked for
         */
        public InputStream body() {
            return new Content(this);
        }

        /**
         * All of the content that has not been read.
         *
         * @throws HttpException with 413 if it is longer than {@code limit}; 400 if the form ends in the middle of it
         */
        public byte[] bytes(int limit) throws IOException {
            final byte[] all = body().readNBytes(limit);
            if (hasMore()) {
                throw new HttpException(413, "A part of a form has more than " + limit + " bytes");
            }
            return all;
        }

        /** As {@link #bytes}, as UTF-8; malformed input becomes U+FFFD. */
        public String string(int limit) throws IOException {
            return new String(bytes(limit), StandardCharsets.UTF_8);
        }

        private boolean hasMore() throws IOException {
            if (number != parts || over) {
                throw new IllegalStateException("The next part has been asked for");
            }
            if (!begun) {
                begun = true;
                // A delimiter may begin with the end of the empty line: then there is no content.
                if (hasContent()) {
                    start += 2;
                }
            }
            return hasContent();
        }

        @Override
        public String toString() {
            return "part " + Quoted.of(name()) + " of a form";
        }
    }

    private final class Content extends InputStream {
        private final Part part;

        Content(Part part) {
            this.part = part;
        }

        @Override
        public int read() throws IOException {
            return part.hasMore() ? buffer[start++] & 0xff : -1;
        }

        @Override
        public int read(byte[] target, int offset, int length) throws IOException {
            Objects.checkFromIndexSize(offset, length, target.length);
            if (length == 0) {
                return 0;
            }
            if (!part.hasMore()) {
                return -1;
            }
            final int n = Math.min(length, contentEnd - start);
            System.arraycopy(buffer, start, target, offset, n);
            start += n;
            return n;
        }

        @Override
        public int available() {
            return part.begun ? Math.max(0, contentEnd - start) : 0;
        }
    }
}
