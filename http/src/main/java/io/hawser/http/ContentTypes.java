// SPDX-License-Identifier: Apache-2.0
package io.hawser.http;

import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/** Types of content: by the ending of a file's name, and which of them it pays to compress. Stateless. */
final class ContentTypes {
    static final String UNKNOWN = "application/octet-stream";

    private static final String UTF_8 = "; charset=utf-8";

    private static final Map<String, String> BY_ENDING = new HashMap<>();

    static {
        put("text/html" + UTF_8, "html", "htm");
        put("text/css" + UTF_8, "css");
        put("text/javascript" + UTF_8, "js", "mjs");
        put(
                "text/plain" + UTF_8,
                "txt",
                "text",
                "log",
                "conf",
                "ini",
                "properties",
                "java",
                "c",
                "h",
                "py",
                "sh",
                "toml");
        put("text/markdown" + UTF_8, "md");
        put("text/csv" + UTF_8, "csv");
        put("text/calendar" + UTF_8, "ics");
        put("text/xml" + UTF_8, "xml", "xsl");
        put("application/json", "json", "map");
        put("application/ld+json", "jsonld");
        put("application/manifest+json", "webmanifest");
        put("application/yaml", "yaml", "yml");
        put("application/atom+xml", "atom");
        put("application/rss+xml", "rss");
        put("application/xhtml+xml", "xhtml");
        put("application/wasm", "wasm");
        put("application/pdf", "pdf");
        put("application/zip", "zip");
        put("application/gzip", "gz", "tgz");
        put("application/x-tar", "tar");
        put("application/x-bzip2", "bz2");
        put("application/x-xz", "xz");
        put("application/zstd", "zst");
        put("application/x-7z-compressed", "7z");
        put("application/java-archive", "jar", "war");
        put("application/rtf", "rtf");
        put("application/sql", "sql");
        put("application/epub+zip", "epub");
        put("application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx");
        put("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx");
        put("application/vnd.openxmlformats-officedocument.presentationml.presentation", "pptx");
        put("image/png", "png");
        put("image/apng", "apng");
        put("image/jpeg", "jpg", "jpeg");
        put("image/gif", "gif");
        put("image/webp", "webp");
        put("image/avif", "avif");
        put("image/svg+xml", "svg");
        put("image/x-icon", "ico");
        put("image/bmp", "bmp");
        put("image/tiff", "tif", "tiff");
        put("audio/mpeg", "mp3");
        put("audio/ogg", "oga", "ogg", "opus");
        put("audio/wav", "wav");
        put("audio/aac", "aac");
        put("audio/flac", "flac");
        put("audio/mp4", "m4a");
        put("video/mp4", "mp4", "m4v");
        put("video/webm", "webm");
        put("video/ogg", "ogv");
        put("video/quicktime", "mov");
        put("video/x-matroska", "mkv");
        put("font/woff", "woff");
        put("font/woff2", "woff2");
        put("font/ttf", "ttf");
        put("font/otf", "otf");
    }

    private ContentTypes() {}

    private static void put(String type, String... endings) {
        for (String ending : endings) {
            BY_ENDING.put(ending, type);
        }
    }

    /** The type of a file of that name, with the charset where it is text; {@link #UNKNOWN} where the name does not tell. */
    static String of(String fileName) {
        final int dot = fileName.lastIndexOf('.');
        return BY_ENDING.getOrDefault(fileName.substring(dot + 1).toLowerCase(Locale.ROOT), UNKNOWN);
    }

    /** Whether content of that type shrinks: text in its many forms, which images, sound and archives are not. */
    static boolean isCompressible(String contentType) {
        final int semicolon = contentType.indexOf(';');
        final String type = (semicolon < 0 ? contentType : contentType.substring(0, semicolon))
                .strip()
                .toLowerCase(Locale.ROOT);
        if (type.startsWith("text/") || type.endsWith("+json") || type.endsWith("+xml")) {
            return true;
        }
        return switch (type) {
            case "application/json",
                    "application/xml",
                    "application/javascript",
                    "application/yaml",
                    "application/x-ndjson",
                    "application/sql",
                    "application/wasm",
                    "application/rtf",
                    "image/x-icon",
                    "image/bmp",
                    "font/ttf",
                    "font/otf" -> true;
            default -> false;
        };
    }
}
