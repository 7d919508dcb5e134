// SPDX-License-Identifier: Apache-2.0
package io.hawser.http;

import io.hawser.connection.FileSource;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Serves the files below a directory, to GET and HEAD.
 *
 * <p>Partial and conditional requests follow RFC 9110, 13 and 14: {@code Range} with one range or several, {@code If-Range}, {@code If-Match},
 * {@code If-None-Match} and the dates, with an {@code ETag} made of time and size. Where {@code page.html.gz} lies beside {@code page.html}, is no
 * older, and the client takes gzip, that is sent. Directories show their {@code index.html}, or a list if that is switched on.
 *
 * <p><b>No path leaves the root:</b> a segment that is {@code ..} or holds a slash, a backslash or a control character once it is decoded is
 * refused, and so is a link that leads out, unless it is allowed. What is neither file nor directory, and hidden files (their name begins with a
 * dot; {@code .well-known} is none), are not there. Who may change the tree while it is served has to be trusted: a link can be put in the
 * place of a directory between the check and the opening.
 *
 * <p><b>Thread:</b> any, many at once. It waits for the disk, so it is for virtual threads.
 */
public final class FileHandler implements HttpHandler {
    private static final String INDEX = "index.html";
    private static final int MOST_SEGMENTS = 256;

    private final Path root;
    private final Path realRoot;
    private final String prefix;
    private final boolean listing;
    private final boolean linksOut;
    private final boolean hidden;
    private final boolean precompressed;
    private final Optional<String> cacheControl;
    private final InstantSource clock;

    private FileHandler(Builder builder) throws IOException {
        this.root = builder.root;
        this.realRoot = root.toRealPath();
        if (!Files.isDirectory(realRoot)) {
            throw new NotDirectoryException(root.toString());
        }
        this.prefix = builder.prefix;
        this.listing = builder.listing;
        this.linksOut = builder.linksOut;
        this.hidden = builder.hidden;
        this.precompressed = builder.precompressed;
        this.cacheControl = Optional.ofNullable(builder.cacheControl);
        this.clock = builder.clock;
    }

    /**
     * Serves what is below {@code root}, without lists of directories.
     *
     * @throws IOException if it is not a directory that can be read
     */
    public static FileHandler of(Path root) throws IOException {
        return builder(root).build();
    }

    /** For options. */
    public static Builder builder(Path root) {
        return new Builder(root);
    }

    @Override
    public void handle(Request request, Response response) throws IOException {
        if (!request.method().equals("GET") && !request.method().equals("HEAD")) {
            response.header("Allow", "GET, HEAD");
            fail(response, 405, "Method Not Allowed");
            return;
        }
        final String raw = request.rawPath();
        if (raw.startsWith("/") && !PathCleaner.isClean(raw)) {
            redirect(request, response, PathCleaner.clean(raw));
            return;
        }
        if (!raw.startsWith(prefix + "/")) {
            notFound(response);
            return;
        }
        try {
            final Optional<Path> file = resolve(raw.substring(prefix.length() + 1));
            if (file.isEmpty()) {
                notFound(response);
            } else {
                serve(file.get(), request, response);
            }
        } catch (AccessDeniedException _) {
            fail(response, 403, "Forbidden");
        } catch (FileSystemException e) {
            if (response.isCommitted()) {
                throw e;
            }
            // Gone, or a name that is too long, links in a circle, a file where a directory should be.
            notFound(response);
        }
    }

    // ---- from a path to a file

    /** The place below the root, links not followed; empty if no file may have that name. */
    private Optional<Path> resolve(String raw) {
        Path file = root;
        int from = 0;
        int segments = 0;
        while (from < raw.length()) {
            int to = raw.indexOf('/', from);
            if (to < 0) {
                to = raw.length();
            }
            final String name = PercentCoding.decode(raw, from, to, false)
                    .orElseThrow(() -> new HttpException(400, "Not decodable: " + Quoted.of(raw)));
            if (!isName(name) || ++segments > MOST_SEGMENTS) {
                return Optional.empty();
            }
            try {
                file = file.resolve(name);
            } catch (InvalidPathException _) {
                return Optional.empty();
            }
            from = to + 1;
        }
        return Optional.of(file);
    }

    private boolean isName(String name) {
        if (name.isEmpty() || name.equals(".") || name.equals("..")) {
            return false;
        }
        for (int i = 0; i < name.length(); i++) {
            final char c = name.charAt(i);
            // A colon is a drive or a stream on some systems, and on no system is it missed much.
            if (c == '/' || c == '\\' || c == ':' || Character.isISOControl(c)) {
                return false;
            }
        }
        return isShown(name);
    }

    private boolean isShown(String name) {
        return hidden || !name.startsWith(".") || name.equals(".well-known");
    }

    /** The file itself, links followed; empty if that leads out. */
    private Optional<Path> real(Path file) throws IOException {
        final Path real = file.toRealPath();
        return linksOut || real.startsWith(realRoot) ? Optional.of(real) : Optional.empty();
    }

    private static BasicFileAttributes attributes(Path real) throws IOException {
        return Files.readAttributes(real, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
    }

    private void serve(Path file, Request request, Response response) throws IOException {
        final Optional<Path> real = real(file);
        if (real.isEmpty()) {
            notFound(response);
            return;
        }
        final BasicFileAttributes attributes = attributes(real.get());
        final boolean slash = request.rawPath().endsWith("/");
        if (attributes.isDirectory()) {
            if (slash) {
                serveDirectory(file, real.get(), request, response);
            } else {
                redirect(request, response, request.rawPath() + "/");
            }
        } else if (attributes.isRegularFile() && !slash) {
            serveFile(file, real.get(), attributes, request, response);
        } else {
            notFound(response);
        }
    }

    private void serveDirectory(Path directory, Path realDirectory, Request request, Response response)
            throws IOException {
        final Path index = directory.resolve(INDEX);
        if (Files.exists(index)) {
            final Optional<Path> real = real(index);
            if (real.isPresent()) {
                final BasicFileAttributes attributes = attributes(real.get());
                if (attributes.isRegularFile()) {
                    serveFile(index, real.get(), attributes, request, response);
                    return;
                }
            }
        }
        if (!listing) {
            notFound(response);
            return;
        }
        final String path = request.rawPath();
        final String page = DirectoryListing.page(
                realDirectory,
                PercentCoding.decodeLeniently(path),
                path.length() == prefix.length() + 1,
                this::isListed);
        response.header("Content-Type", "text/html; charset=utf-8")
                .header("X-Content-Type-Options", "nosniff")
                .header("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
                .send(page);
    }

    private boolean isListed(Path file) {
        if (!isName(file.getFileName().toString())) {
            return false;
        }
        try {
            return !Files.isSymbolicLink(file) || real(file).isPresent();
        } catch (IOException _) {
            return false;
        }
    }

    // ---- a file

    /** What is sent of a file: itself, or its compressed form. */
    private record Variant(Path real, BasicFileAttributes attributes, boolean gzip) {
        Instant modified() {
            return attributes.lastModifiedTime().toInstant();
        }
    }

    private void serveFile(Path file, Path real, BasicFileAttributes attributes, Request request, Response response)
            throws IOException {
        final Headers asked = request.headers();
        final Headers headers = response.headers();
        final Variant plain = new Variant(real, attributes, false);
        final Optional<Variant> compressed = compressed(file, plain);
        if (compressed.isPresent()) {
            headers.add("Vary", "Accept-Encoding");
        }
        final Variant variant = compressed
                .filter(_ -> prefersGzip(asked.all("Accept-Encoding")))
                .orElse(plain);
        final Instant now = clock.instant();
        final Instant modified = HttpDates.seconds(variant.modified().isAfter(now) ? now : variant.modified());
        // What was written in this second may be written again in it, with no trace in a time of seconds.
        final boolean settled = variant.modified().isBefore(now.minusSeconds(1));
        final String tag = tag(variant, settled);
        headers.set("ETag", tag);
        headers.set("Last-Modified", HttpDates.format(modified));
        cacheControl.ifPresent(value -> headers.set("Cache-Control", value));
        switch (Conditions.evaluate(asked, true, tag, modified)) {
            case FAILED -> {
                headers.remove("ETag").remove("Last-Modified").remove("Cache-Control");
                fail(response, 412, "Precondition Failed");
            }
            case NOT_MODIFIED -> response.status(304).send();
            case PROCEED -> {
                headers.set("Content-Type", ContentTypes.of(file.getFileName().toString()));
                headers.set("X-Content-Type-Options", "nosniff");
                headers.set("Accept-Ranges", "bytes");
                if (variant.gzip) {
                    headers.set("Content-Encoding", "gzip");
                }
                final boolean ranges =
                        request.method().equals("GET") && Conditions.rangeApplies(asked, tag, modified, settled);
                send(variant, ranges ? asked.first("Range").orElse(null) : null, request, response);
            }
        }
    }

    private Optional<Variant> compressed(Path file, Variant plain) throws IOException {
        if (!precompressed) {
            return Optional.empty();
        }
        final Path beside = file.resolveSibling(file.getFileName() + ".gz");
        if (!Files.isRegularFile(beside)) {
            return Optional.empty();
        }
        final Optional<Path> real = real(beside);
        if (real.isEmpty()) {
            return Optional.empty();
        }
        final Variant variant = new Variant(real.get(), attributes(real.get()), true);
        return variant.attributes.isRegularFile() && !variant.modified().isBefore(plain.modified())
                ? Optional.of(variant)
                : Optional.empty();
    }

    private static boolean prefersGzip(List<String> accepted) {
        final int weight = AcceptEncoding.weight(accepted, "gzip");
        return weight > 0 && weight >= AcceptEncoding.weight(accepted, "identity");
    }

    private static String tag(Variant variant, boolean settled) {
        final Instant modified = variant.modified();
        return (settled ? "\"" : "W/\"")
                + Long.toHexString(modified.getEpochSecond() * 1_000_000_000L + modified.getNano())
                + "-"
                + Long.toHexString(variant.attributes.size())
                + (variant.gzip ? "-gz\"" : "\"");
    }

    private static void send(Variant variant, @Nullable String range, Request request, Response response)
            throws IOException {
        try (FileSource file = request.connection().engine().openFile(variant.real, LinkOption.NOFOLLOW_LINKS)) {
            final long size = file.size();
            if (size != variant.attributes.size()) {
                // It is being written: what the tag says of it is wrong already.
                response.headers().remove("ETag").remove("Last-Modified");
            }
            final Optional<List<ByteRanges.Range>> ranges =
                    range == null ? Optional.empty() : ByteRanges.parse(range, size);
            if (ranges.isEmpty()) {
                response.sendFile(file, 0, size);
            } else if (ranges.get().isEmpty()) {
                response.headers().remove("Content-Encoding").remove("ETag").remove("Last-Modified");
                response.header("Content-Range", "bytes */" + size);
                fail(response, 416, "Range Not Satisfiable");
            } else if (ranges.get().size() == 1) {
                final ByteRanges.Range only = ranges.get().getFirst();
                response.status(206).header("Content-Range", only.of(size));
                response.sendFile(file, only.start(), only.length());
            } else {
                MultipartRanges.send(file, ranges.get(), response);
            }
        }
    }

    // ---- other answers

    /** The path is clean, so it begins with one slash and names no other host. */
    private static void redirect(Request request, Response response, String path) {
        final String location =
                request.query().map(query -> path + "?" + query).orElse(path).replace("\\", "%5C");
        response.status(301).header("Location", location).send();
    }

    private static void notFound(Response response) {
        fail(response, 404, "Not Found");
    }

    private static void fail(Response response, int status, String reason) {
        response.status(status)
                .header("Content-Type", "text/plain; charset=utf-8")
                .send(status + " " + reason + "\n");
    }

    @Override
    public String toString() {
        return "files of " + root;
    }

    /** Options of a {@link FileHandler}. <b>Thread:</b> one at a time. */
    public static final class Builder {
        private final Path root;
        private String prefix = "";
        private boolean listing;
        private boolean linksOut;
        private boolean hidden;
        private boolean precompressed = true;
        private @Nullable String cacheControl;
        private InstantSource clock = InstantSource.system();

        private Builder(Path root) {
            this.root = root;
        }

        /**
         * Where the root is in the paths of requests: with {@code /static} the file {@code a.css} is {@code /static/a.css}. By default at {@code /}.
         *
         * @throws IllegalArgumentException if it does not begin with a slash, or ends in one
         */
        public Builder prefix(String path) {
            if (!path.isEmpty() && (!PathCleaner.isClean(path) || path.endsWith("/"))) {
                throw new IllegalArgumentException("A prefix is like /static: " + Quoted.of(path));
            }
            prefix = path;
            return this;
        }

        /** Whether a directory without {@code index.html} shows what is in it. Default off. */
        public Builder listing(boolean on) {
            listing = on;
            return this;
        }

        /** Whether links may lead to files outside of the root. Default off. */
        public Builder linksOut(boolean on) {
            linksOut = on;
            return this;
        }

        /** Whether files are served whose name begins with a dot. Default off. */
        public Builder hidden(boolean on) {
            hidden = on;
            return this;
        }

        /** Whether a {@code .gz} beside a file is sent in its place. Default on. */
        public Builder precompressed(boolean on) {
            precompressed = on;
            return this;
        }

        /** The field {@code Cache-Control} of all files, {@code max-age=3600} say. Default none. */
        public Builder cacheControl(String value) {
            cacheControl = value;
            return this;
        }

        /** The clock that says how old a file is; that of the system by default. */
        Builder clock(InstantSource value) {
            clock = value;
            return this;
        }

        /**
         * A handler with these options.
         *
         * @throws IOException if the root is not a directory that can be read
         */
        public FileHandler build() throws IOException {
            return new FileHandler(this);
        }
    }
}
