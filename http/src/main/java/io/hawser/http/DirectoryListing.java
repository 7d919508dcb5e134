// SPDX-License-Identifier: Apache-2.0
package io.hawser.http;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.function.Predicate;

/** A page that lists a directory: directories first, then by name. */
final class DirectoryListing {
    /** Larger directories are cut, and the page says so. */
    private static final int MOST_ENTRIES = 10_000;

    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm", Locale.ROOT).withZone(ZoneOffset.UTC);
    private static final String[] UNITS = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    private static final int UNIT = 1024;

    private static final String STYLE = """
            :root { color-scheme: light dark; --line: #8884; --quiet: light-dark(#555, #aaa); --link: light-dark(#0550ae, #7ab7ff); }
            body { font: 1rem/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; }
            h1 { font-size: 1.25rem; overflow-wrap: anywhere; }
            table { border-collapse: collapse; width: 100%; }
            th, td { padding: .35rem .75rem .35rem 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
            th { color: var(--quiet); font-weight: 600; }
            td:first-child { width: 100%; overflow-wrap: anywhere; }
            td:nth-child(n+2), th:nth-child(n+2) { white-space: nowrap; font-variant-numeric: tabular-nums; }
            td:nth-child(2), th:nth-child(2) { text-align: right; }
            td:nth-child(n+2) { color: var(--quiet); }
            a { color: var(--link); text-decoration: none; }
            a:hover, a:focus-visible { text-decoration: underline; }
            tr:hover { background: #8881; }
            @media (max-width: 35rem) { td:nth-child(3), th:nth-child(3) { display: none; } }
            """;

    private DirectoryListing() {}

    private record Entry(String name, boolean directory, long size, Instant modified) {}

    /**
     * The page.
     *
     * @param path as the client knows the directory, decoded
     * @param top whether there is nothing above
     * @param shown which entries may be named
     */
    static String page(Path directory, String path, boolean top, Predicate<Path> shown) throws IOException {
        final List<Entry> entries = new ArrayList<>();
        boolean cut = false;
        try (DirectoryStream<Path> stream = Files.newDirectoryStream(directory)) {
            for (Path file : stream) {
                if (entries.size() == MOST_ENTRIES) {
                    cut = true;
                    break;
                }
                if (shown.test(file)) {
                    add(entries, file);
                }
            }
        }
        entries.sort(Comparator.comparing((Entry entry) -> !entry.directory)
                .thenComparing(Entry::name, String.CASE_INSENSITIVE_ORDER)
                .thenComparing(Entry::name));
        return page(entries, path, top, cut);
    }

    private static void add(List<Entry> entries, Path file) {
        try {
            final BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
            if (attributes.isDirectory() || attributes.isRegularFile()) {
                entries.add(new Entry(
                        file.getFileName().toString(),
                        attributes.isDirectory(),
                        attributes.size(),
                        attributes.lastModifiedTime().toInstant()));
            }
        } catch (IOException _) {
            // Gone meanwhile, or a link to nothing.
        }
    }

    private static String page(List<Entry> entries, String path, boolean top, boolean cut) {
        final String title = Html.escape("Index of " + path);
        final StringBuilder page = new StringBuilder(1024 + 200 * entries.size());
        page.append("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n")
                .append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>")
                .append(title)
                .append("</title>\n<style>\n")
                .append(STYLE)
                .append("</style>\n</head>\n<body>\n<main>\n<h1>")
                .append(title)
                .append("</h1>\n<table>\n<thead><tr><th scope=\"col\">Name</th><th scope=\"col\">Size</th>")
                .append("<th scope=\"col\">Modified (UTC)</th></tr></thead>\n<tbody>\n");
        if (!top) {
            page.append("<tr><td><a href=\"../\">../</a></td><td></td><td></td></tr>\n");
        }
        for (Entry entry : entries) {
            final String slash = entry.directory ? "/" : "";
            // Before a name like "javascript:x" stands what makes it a path.
            page.append("<tr><td><a href=\"./")
                    .append(Html.escape(PercentCoding.encodeSegment(entry.name)))
                    .append(slash)
                    .append("\">")
                    .append(Html.escape(entry.name))
                    .append(slash)
                    .append("</a></td><td>")
                    .append(entry.directory ? "" : size(entry.size))
                    .append("</td><td>")
                    .append(TIME.format(entry.modified))
                    .append("</td></tr>\n");
        }
        page.append("</tbody>\n</table>\n");
        if (entries.isEmpty()) {
            page.append("<p>This directory is empty.</p>\n");
        }
        if (cut) {
            page.append("<p>There are more than ").append(MOST_ENTRIES).append("; the rest is not shown.</p>\n");
        }
        return page.append("</main>\n</body>\n</html>\n").toString();
    }

    private static String size(long bytes) {
        if (bytes < UNIT) {
            return bytes + " B";
        }
        double value = bytes;
        int unit = -1;
        while (value >= UNIT && unit + 1 < UNITS.length) {
            value /= UNIT;
            unit++;
        }
        return String.format(Locale.ROOT, "%.1f %s", value, UNITS[unit]);
    }
}
