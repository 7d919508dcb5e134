// SPDX-License-Identifier: Apache-2.0
package io.hawser.http;

import org.jspecify.annotations.Nullable;

/**
 * A node of the tree of paths: what may follow behind the segments that lead here. A literal is more specific than a wildcard, and that
 * than an open end, so they are tried in this order; a dead end goes back. Since a node is at one depth only, a match visits each at most once.
 *
 * <p>Mutable while a mux builds it, then published and never changed.
 */
final class RouteNode {
    private static final int FIRST_TABLE = 4;

    /** Open addressing, a power of two long and at most half full; a segment is looked up without being cut out of its path. */
    private @Nullable String[] keys = new String[FIRST_TABLE];

    private @Nullable RouteNode[] children = new RouteNode[FIRST_TABLE];
    private int count;

    private @Nullable RouteNode wildcard;
    /** Of a path that ends here. */
    private @Nullable Route here;
    /** Of a path that ends here and in a slash. */
    private @Nullable Route end;
    /** Of every path that goes on, if only with a slash. */
    private @Nullable Route rest;

    void add(Route route) {
        RouteNode node = this;
        for (Pattern.Segment segment : route.pattern().segments()) {
            switch (segment) {
                case Pattern.Literal literal -> node = node.child(literal.text());
                case Pattern.Wildcard _ -> node = node.wildcardChild();
                case Pattern.End _ -> {
                    node.end = route;
                    return;
                }
                case Pattern.Rest _ -> {
                    node.rest = route;
                    return;
                }
            }
        }
        node.here = route;
    }

    private RouteNode wildcardChild() {
        RouteNode child = wildcard;
        if (child == null) {
            child = new RouteNode();
            wildcard = child;
        }
        return child;
    }

    private RouteNode child(String key) {
        RouteNode child = find(key, 0, key.length());
        if (child == null) {
            child = new RouteNode();
            if (2 * (count + 1) > keys.length) {
                grow();
            }
            put(key, child);
            count++;
        }
        return child;
    }

    private void grow() {
        final @Nullable String[] oldKeys = keys;
        final @Nullable RouteNode[] oldChildren = children;
        keys = new String[2 * oldKeys.length];
        children = new RouteNode[2 * oldKeys.length];
        for (int i = 0; i < oldKeys.length; i++) {
            final String key = oldKeys[i];
            final RouteNode child = oldChildren[i];
            if (key != null && child != null) {
                put(key, child);
            }
        }
    }

    private void put(String key, RouteNode child) {
        int slot = slot(key, 0, key.length());
        while (keys[slot] != null) {
            slot = slot + 1 & keys.length - 1;
        }
        keys[slot] = key;
        children[slot] = child;
    }

    private int slot(String text, int from, int to) {
        int hash = 0;
        for (int i = from; i < to; i++) {
            hash = 31 * hash + text.charAt(i);
        }
        return (hash ^ hash >>> 16) & keys.length - 1;
    }

    private @Nullable RouteNode find(String text, int from, int to) {
        final int length = to - from;
        int slot = slot(text, from, to);
        for (String key = keys[slot]; key != null; key = keys[slot]) {
            if (key.length() == length && text.startsWith(key, from)) {
                return children[slot];
            }
            slot = slot + 1 & keys.length - 1;
        }
        return null;
    }

    /**
     * Finds who serves a path.
     *
     * @param path as it was sent, from the slash at {@code at} on; or it ends at {@code at}
     * @param slash whether to think of a slash behind the path
     */
    @Nullable
    Route match(String path, int at, boolean slash) {
        if (at == path.length()) {
            return slash ? end() : here;
        }
        final int from = at + 1;
        if (from == path.length()) {
            return end();
        }
        int to = path.indexOf('/', from);
        if (to < 0) {
            to = path.length();
        }
        final int percent = path.indexOf('%', from);
        final RouteNode literal;
        if (percent >= 0 && percent < to) {
            final String decoded = PercentCoding.decodeLeniently(path, from, to);
            literal = find(decoded, 0, decoded.length());
        } else {
            literal = find(path, from, to);
        }
        if (literal != null) {
            final Route found = literal.match(path, to, slash);
            if (found != null) {
                return found;
            }
        }
        if (wildcard != null) {
            final Route found = wildcard.match(path, to, slash);
            if (found != null) {
                return found;
            }
        }
        return rest;
    }

    private @Nullable Route end() {
        return end == null ? rest : end;
    }
}
