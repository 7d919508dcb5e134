// SPDX-License-Identifier: Apache-2.0
package io.hawser.http;

/**
 * Removes what a path may have too much of: empty segments, {@code .} and {@code ..} (RFC 3986, 5.2.4). It works on paths as they were
 * sent, so {@code %2e} is not a dot here; what decodes a path must look again. Stateless.
 */
final class PathCleaner {
    private PathCleaner() {}

    /** Whether {@link #clean} would change nothing; allocates nothing. */
    static boolean isClean(String path) {
        if (path.isEmpty() || path.charAt(0) != '/') {
            return false;
        }
        int from = 1;
        while (from <= path.length()) {
            int to = path.indexOf('/', from);
            final boolean last = to < 0;
            if (last) {
                to = path.length();
            }
            final int length = to - from;
            if (length == 0 && !last) {
                return false;
            }
            if (length == 1 && path.charAt(from) == '.') {
                return false;
            }
            if (length == 2 && path.charAt(from) == '.' && path.charAt(from + 1) == '.') {
                return false;
            }
            from = to + 1;
        }
        return true;
    }

    /** The shortest path that means the same. It begins with one slash, and ends in one if {@code path} does. */
    static String clean(String path) {
        if (isClean(path)) {
            return path;
        }
        final StringBuilder clean = new StringBuilder(path.length() + 1);
        int from = path.startsWith("/") ? 1 : 0;
        boolean directory = true;
        while (from <= path.length()) {
            int to = path.indexOf('/', from);
            if (to < 0) {
                to = path.length();
            }
            final String segment = path.substring(from, to);
            switch (segment) {
                case "", "." -> directory = to < path.length() || segment.isEmpty();
                case ".." -> {
                    clean.setLength(Math.max(0, clean.lastIndexOf("/")));
                    directory = to < path.length();
                }
                default -> {
                    clean.append('/').append(segment);
                    directory = to < path.length();
                }
            }
            from = to + 1;
        }
        if (directory || clean.isEmpty()) {
            clean.append('/');
        }
        return clean.toString();
    }
}
