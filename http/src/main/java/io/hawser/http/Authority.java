// SPDX-License-Identifier: Apache-2.0
package io.hawser.http;

/** {@code host[:port]}, RFC 3986, 3.2, without user information. Any thread. */
final class Authority {
    private static final int LONGEST = 255 + 6;

    private Authority() {}

    static boolean isValid(String text) {
        if (text.isEmpty() || text.length() > LONGEST || !Chars.areAll(text, Chars.HOST)) {
            return false;
        }
        final int hostEnd;
        if (text.charAt(0) == '[') {
            hostEnd = text.indexOf(']') + 1;
            if (hostEnd < 4 || text.indexOf('[', 1) >= 0 || !isAddress(text, 1, hostEnd - 1)) {
                return false;
            }
        } else {
            final int colon = text.indexOf(':');
            hostEnd = colon < 0 ? text.length() : colon;
            if (hostEnd == 0 || text.indexOf('[') >= 0 || text.indexOf(']') >= 0) {
                return false;
            }
        }
        return isPort(text, hostEnd);
    }

    private static boolean isAddress(String text, int from, int to) {
        boolean colon = false;
        for (int i = from; i < to; i++) {
            final char c = text.charAt(i);
            colon |= c == ':';
            if (c != ':' && c != '.' && !Chars.is(c, Chars.HEX)) {
                return false;
            }
        }
        return colon;
    }

    /** Nothing, or a colon and a port; RFC 3986 lets it be empty. */
    private static boolean isPort(String text, int from) {
        if (from == text.length()) {
            return true;
        }
        if (text.charAt(from) != ':' || text.length() - from > 6) {
            return false;
        }
        int port = 0;
        for (int i = from + 1; i < text.length(); i++) {
            final int digit = text.charAt(i) - '0';
            if (digit < 0 || digit > 9) {
                return false;
            }
            port = port * 10 + digit;
        }
        return port <= 65_535;
    }

    /** The authority of an absolute URI of HTTP; empty if it is none. */
    static String ofUri(String uri) {
        final int separator = uri.indexOf("://");
        if (separator < 0 || defaultPort(uri).isEmpty()) {
            return "";
        }
        final int start = separator + 3;
        int end = start;
        while (end < uri.length() && "/?#".indexOf(uri.charAt(end)) < 0) {
            end++;
        }
        return uri.substring(start, end);
    }

    static String defaultPort(String uri) {
        if (uri.regionMatches(true, 0, "http://", 0, 7)) {
            return ":80";
        }
        return uri.regionMatches(true, 0, "https://", 0, 8) ? ":443" : "";
    }

    /** Whether both name the same host and port; {@code port} is that of one that says none. */
    static boolean areSame(String a, String b, String port) {
        return Chars.equalIgnoringCase(without(a, port), without(b, port));
    }

    private static String without(String text, String port) {
        return !port.isEmpty() && text.endsWith(port) ? text.substring(0, text.length() - port.length()) : text;
    }
}
