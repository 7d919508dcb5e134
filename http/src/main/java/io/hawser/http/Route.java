// SPDX-License-Identifier: Apache-2.0
package io.hawser.http;

import java.util.List;

/** A pattern and who serves what it matches. Immutable. */
record Route(Pattern pattern, List<String> names, HttpHandler handler) {
    Route(Pattern pattern, HttpHandler handler) {
        this(pattern, pattern.names(), handler);
    }

    /**
     * Whether {@code path} is matched with nothing left over for an open end.
     *
     * @param slashes how many slashes it has, with the one that is thought behind it
     */
    boolean isExact(boolean endsInSlash, int slashes) {
        return !pattern.isOpen() || (endsInSlash && pattern.segments().size() == slashes);
    }

    /** What stands in the place of the wildcard {@code name} in {@code path}, which this matches; decoded. */
    String value(String path, String name) {
        int at = 0;
        for (Pattern.Segment segment : pattern.segments()) {
            final int from = at + 1;
            final int slash = path.indexOf('/', from);
            final int to = slash < 0 ? path.length() : slash;
            switch (segment) {
                case Pattern.Wildcard wildcard
                when wildcard.name().equals(name) -> {
                    return PercentCoding.decodeLeniently(path, from, to);
                }
                case Pattern.Rest rest
                when rest.name().equals(name) -> {
                    return PercentCoding.decodeLeniently(path, from, path.length());
                }
                default -> at = to;
            }
        }
        throw new IllegalArgumentException("'" + pattern + "' has no wildcard '" + name + "'");
    }
}
