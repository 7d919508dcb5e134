// SPDX-License-Identifier: Apache-2.0
package io.hawser.http;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * What a {@link ServeMux} matches requests with: {@code [METHOD ][HOST]/[PATH]}. Immutable.
 *
 * @param text as it was registered
 * @param method empty for any
 * @param host in lower case and without brackets, empty for any
 */
record Pattern(String text, String method, String host, List<Segment> segments) {
    /** Two patterns match the same requests. */
    private static final int EQUIVALENT = 0;
    /** The first matches requests that the second does not, and perhaps the other way round, too: it is a set of bits. */
    private static final int FIRST_HAS_MORE = 1;

    private static final int SECOND_HAS_MORE = 2;
    private static final int OVERLAP = FIRST_HAS_MORE | SECOND_HAS_MORE;
    /** No request is matched by both. */
    private static final int DISJOINT = 4;

    /** One part of a path pattern. */
    sealed interface Segment {}

    /** Exactly this text, decoded. */
    record Literal(String text) implements Segment {}

    /** Any one segment. */
    record Wildcard(String name) implements Segment {}

    /** <code>{$}</code>: the end of a path behind its last slash. */
    record End() implements Segment {}

    /** All that remains; without a name for a pattern that ends in a slash. */
    record Rest(String name) implements Segment {}

    Pattern {
        segments = List.copyOf(segments);
    }

    /** @throws IllegalArgumentException if it is not a pattern; the message says why */
    static Pattern parse(String text) {
        if (text.isEmpty()) {
            throw invalid(text, "it is empty");
        }
        int blank = 0;
        while (blank < text.length() && text.charAt(blank) != ' ' && text.charAt(blank) != '\t') {
            blank++;
        }
        String method = "";
        int start = 0;
        if (blank < text.length()) {
            method = text.substring(0, blank);
            if (!method.isEmpty() && !Chars.areAll(method, Chars.TOKEN)) {
                throw invalid(text, "'" + method + "' is not a method");
            }
            start = blank;
            while (start < text.length() && (text.charAt(start) == ' ' || text.charAt(start) == '\t')) {
                start++;
            }
        }
        final int slash = text.indexOf('/', start);
        if (slash < 0) {
            throw invalid(text, "it has no /");
        }
        final String host = text.substring(start, slash);
        if (host.indexOf('{') >= 0) {
            throw invalid(text, "the host must not have a wildcard; is a / missing before it?");
        }
        final String path = text.substring(slash);
        if (!method.isEmpty() && !method.equals("CONNECT") && !PathCleaner.isClean(path)) {
            throw invalid(text, "requests for such a path are redirected to " + PathCleaner.clean(path));
        }
        return new Pattern(text, method, canonicalHost(host), segments(text, path));
    }

    private static List<Segment> segments(String text, String path) {
        final List<Segment> segments = new ArrayList<>();
        final Set<String> names = new HashSet<>();
        int at = 0;
        while (at < path.length()) {
            final int from = at + 1;
            if (from == path.length()) {
                segments.add(new Rest(""));
                break;
            }
            int to = path.indexOf('/', from);
            if (to < 0) {
                to = path.length();
            }
            final String part = path.substring(from, to);
            final Segment segment = segment(text, part);
            final String name = switch (segment) {
                case Wildcard wildcard -> wildcard.name;
                case Rest rest -> rest.name;
                default -> "";
            };
            if (!name.isEmpty() && !names.add(name)) {
                throw invalid(text, "the name '" + name + "' stands there twice");
            }
            if (to < path.length() && (segment instanceof End || segment instanceof Rest)) {
                throw invalid(text, part + " is not at the end");
            }
            segments.add(segment);
            at = to;
        }
        return segments;
    }

    private static Segment segment(String text, String part) {
        final int brace = part.indexOf('{');
        if (brace < 0) {
            return new Literal(PercentCoding.decodeLeniently(part));
        }
        if (brace > 0 || part.indexOf('}') != part.length() - 1) {
            throw invalid(text, "a wildcard must be a whole segment, as in /{name}/: " + part);
        }
        String name = part.substring(1, part.length() - 1);
        if (name.equals("$")) {
            return new End();
        }
        final boolean rest = name.endsWith("...");
        if (rest) {
            name = name.substring(0, name.length() - 3);
        }
        if (name.isEmpty()) {
            throw invalid(text, "a wildcard needs a name: " + part);
        }
        if (!isIdentifier(name)) {
            throw invalid(text, "'" + name + "' is not a name of letters, digits and underscores");
        }
        return rest ? new Rest(name) : new Wildcard(name);
    }

    private static boolean isIdentifier(String name) {
        final int first = name.codePointAt(0);
        return (Character.isLetter(first) || first == '_')
                && name.codePoints().allMatch(c -> Character.isLetterOrDigit(c) || c == '_');
    }

    private static IllegalArgumentException invalid(String text, String why) {
        return new IllegalArgumentException("Not a pattern, '" + text + "': " + why);
    }

    /** Hosts do not tell case apart (RFC 9110, 4.2.3), and one with a port has brackets around an IPv6 address. */
    static String canonicalHost(String host) {
        final String bare = host.startsWith("[") && host.endsWith("]") ? host.substring(1, host.length() - 1) : host;
        return bare.toLowerCase(Locale.ROOT);
    }

    /** The names of the wildcards, in their order. */
    List<String> names() {
        final List<String> names = new ArrayList<>();
        for (Segment segment : segments) {
            switch (segment) {
                case Wildcard wildcard -> names.add(wildcard.name);
                case Rest rest when !rest.name.isEmpty() -> names.add(rest.name);
                default -> {}
            }
        }
        return names;
    }

    /** Whether it ends in something that matches any number of segments. */
    boolean isOpen() {
        return segments.getLast() instanceof Rest;
    }

    /** Whether there are requests that both match, and neither is the more specific one. */
    boolean conflictsWith(Pattern other) {
        if (!host.equals(other.host)) {
            // Either the one with a host wins, or they match different hosts.
            return false;
        }
        final int relation = combine(methods(other), paths(other));
        return relation == EQUIVALENT || relation == OVERLAP;
    }

    private static int combine(int first, int second) {
        return ((first | second) & DISJOINT) != 0 ? DISJOINT : first | second;
    }

    private int methods(Pattern other) {
        if (method.equals(other.method)) {
            return EQUIVALENT;
        }
        if (method.isEmpty() || (method.equals("GET") && other.method.equals("HEAD"))) {
            return FIRST_HAS_MORE;
        }
        if (other.method.isEmpty() || (other.method.equals("GET") && method.equals("HEAD"))) {
            return SECOND_HAS_MORE;
        }
        return DISJOINT;
    }

    private int paths(Pattern other) {
        final int common = Math.min(segments.size(), other.segments.size());
        int relation = EQUIVALENT;
        for (int i = 0; i < common && relation != DISJOINT; i++) {
            relation = combine(relation, segments(segments.get(i), other.segments.get(i)));
        }
        if (segments.size() < other.segments.size()) {
            return combine(relation, isOpen() ? FIRST_HAS_MORE : DISJOINT);
        }
        if (segments.size() > other.segments.size()) {
            return combine(relation, other.isOpen() ? SECOND_HAS_MORE : DISJOINT);
        }
        return relation;
    }

    private static int segments(Segment first, Segment second) {
        final int difference = breadth(first) - breadth(second);
        return switch (first) {
            case Rest _ -> difference == 0 ? EQUIVALENT : FIRST_HAS_MORE;
            case Literal _ when second instanceof Literal -> first.equals(second) ? EQUIVALENT : DISJOINT;
            case End _ when second instanceof Literal || second instanceof Wildcard -> DISJOINT;
            case Literal _, Wildcard _ when second instanceof End -> DISJOINT;
            default -> difference == 0 ? EQUIVALENT : difference > 0 ? FIRST_HAS_MORE : SECOND_HAS_MORE;
        };
    }

    private static int breadth(Segment segment) {
        return switch (segment) {
            case Literal _, End _ -> 0;
            case Wildcard _ -> 1;
            case Rest _ -> 2;
        };
    }

    /** What to say of two patterns that conflict; with a request that both match. */
    String describeConflict(Pattern other) {
        if (combine(methods(other), paths(other)) == EQUIVALENT) {
            return "'" + text + "' conflicts with '" + other.text + "': both match the same requests, such as "
                    + example(other);
        }
        return "'" + text + "' conflicts with '" + other.text + "': both match " + example(other)
                + ", and neither is more specific than the other";
    }

    private String example(Pattern other) {
        final StringBuilder path = new StringBuilder();
        final String narrower = method.isEmpty() ? other.method : other.method.equals("HEAD") ? "HEAD" : method;
        if (!narrower.isEmpty()) {
            path.append(narrower).append(' ');
        }
        path.append(host);
        final int length = Math.max(segments.size(), other.segments.size());
        for (int i = 0; i < length; i++) {
            if (i >= segments.size()) {
                append(path, other.segments.get(i));
            } else if (i >= other.segments.size()) {
                append(path, segments.get(i));
            } else {
                final Segment first = segments.get(i);
                final Segment second = other.segments.get(i);
                append(path, breadth(first) <= breadth(second) ? first : second);
            }
        }
        return path.toString();
    }

    private static void append(StringBuilder path, Segment segment) {
        path.append('/');
        switch (segment) {
            case Literal literal -> path.append(PercentCoding.encodeSegment(literal.text));
            case Wildcard wildcard -> path.append(wildcard.name);
            case Rest rest -> path.append(rest.name);
            case End _ -> {}
        }
    }

    @Override
    public String toString() {
        return text;
    }
}
