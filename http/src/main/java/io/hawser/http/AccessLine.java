// SPDX-License-Identifier: Apache-2.0
package io.hawser.http;

import java.time.Duration;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/** One line of an access log. Stateless. */
final class AccessLine {
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("dd/MMM/yyyy:HH:mm:ss +0000", Locale.ROOT)
            .withZone(ZoneOffset.UTC);
    private static final char[] HEX = "0123456789abcdef".toCharArray();
    /** What is longer tells nothing more, and fills disks. */
    private static final int MOST_CHARS = 2048;

    private AccessLine() {}

    static String of(AccessLog.Format format, AccessLog.Entry entry, int status, long bytes, Duration duration) {
        final StringBuilder line = new StringBuilder(256);
        if (format == AccessLog.Format.JSON) {
            return json(line, entry, status, bytes, duration);
        }
        line.append(entry.remote).append(" - - [");
        TIME.formatTo(entry.begun, line);
        line.append("] \"");
        escape(line, entry.method, "\\x");
        line.append(' ');
        escape(line, entry.target, "\\x");
        line.append(' ').append(entry.version).append("\" ").append(status).append(' ');
        if (bytes == 0) {
            line.append('-');
        } else {
            line.append(bytes);
        }
        if (format == AccessLog.Format.COMBINED) {
            quote(line.append(' '), entry.referer);
            quote(line.append(' '), entry.userAgent);
        }
        return line.toString();
    }

    private static void quote(StringBuilder line, String text) {
        line.append('"');
        escape(line, text.isEmpty() ? "-" : text, "\\x");
        line.append('"');
    }

    private static String json(StringBuilder line, AccessLog.Entry entry, int status, long bytes, Duration duration) {
        line.append("{\"time\":\"").append(entry.begun).append('"');
        field(line, "remote", entry.remote);
        field(line, "method", entry.method);
        field(line, "target", entry.target);
        field(line, "version", entry.version);
        field(line, "host", entry.host);
        line.append(",\"status\":").append(status);
        line.append(",\"bytes\":").append(bytes);
        line.append(",\"micros\":").append(duration.toNanos() / 1000);
        field(line, "referer", entry.referer);
        field(line, "userAgent", entry.userAgent);
        return line.append('}').toString();
    }

    private static void field(StringBuilder line, String name, String value) {
        line.append(",\"").append(name).append("\":\"");
        escape(line, value, "\\u00");
        line.append('"');
    }

    /** @param lead of an escaped character, before two hexadecimal digits; what comes from the network is of no more than 8 bits */
    private static void escape(StringBuilder line, String text, String lead) {
        final int length = Math.min(text.length(), MOST_CHARS);
        for (int i = 0; i < length; i++) {
            final char c = text.charAt(i);
            if (c < ' ' || c > '~' || c == '"' || c == '\\') {
                line.append(lead).append(HEX[c >> 4 & 15]).append(HEX[c & 15]);
            } else {
                line.append(c);
            }
        }
        if (length < text.length()) {
            line.append("...");
        }
    }
}
