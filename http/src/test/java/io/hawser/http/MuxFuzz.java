// SPDX-License-Identifier: Apache-2.0
package io.hawser.http;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * What {@code tools/fuzz} runs: lines that are patterns, and one that is a request, as in {@code GET h /a}. A text is a pattern or is refused; two patterns conflict whichever
 * comes first; the same pattern wins whatever their order; who has nothing that matches serves nothing; and a redirection leads to a clean path of the same host.
 */
public final class MuxFuzz {
    private static final int MOST_PATTERNS = 12;

    private MuxFuzz() {}

    /** Called by Jazzer with whatever it thinks of. */
    public static void fuzzerTestOneInput(byte[] input) throws Exception {
        final String[] lines = new String(input, StandardCharsets.ISO_8859_1).split("\n", -1);
        final String[] request = lines[lines.length - 1].split(" ", -1);
        final List<Pattern> patterns = patterns(lines);
        if (request.length != 3 || !request[2].startsWith("/") || !Chars.areAll(request[2], Chars.TARGET)) {
            return;
        }
        if (request[0].equals("CONNECT")) {
            // Names no path.
            return;
        }
        final FakeResponse first = ask(mux(patterns), request);
        final List<Pattern> reversed = new ArrayList<>(patterns);
        Collections.reverse(reversed);
        final FakeResponse second = ask(mux(reversed), request);
        require(first.status() == second.status(), first.status() + " and " + second.status());
        switch (first.status()) {
            case 200 -> {
                require(first.text().equals(second.text()), first.text() + " and " + second.text());
                requireServed(patterns, request, first.text());
            }
            case 301, 308 -> requireSafe(first.location());
            case 404 -> {
                for (Pattern pattern : patterns) {
                    require(ask(mux(List.of(pattern)), request).status() != 200, pattern + " was not found");
                }
            }
            default -> require(first.status() == 405, "a status of " + first.status());
        }
    }

    private static List<Pattern> patterns(String[] lines) {
        final List<Pattern> patterns = new ArrayList<>();
        for (int i = 0; i < Math.min(lines.length - 1, MOST_PATTERNS); i++) {
            final Pattern pattern;
            try {
                pattern = Pattern.parse(lines[i]);
            } catch (IllegalArgumentException _) {
                continue;
            }
            boolean conflicts = false;
            for (Pattern other : patterns) {
                final boolean one = pattern.conflictsWith(other);
                require(one == other.conflictsWith(pattern), pattern + " and " + other);
                if (one) {
                    require(!pattern.describeConflict(other).isEmpty(), "nothing said");
                }
                conflicts |= one;
            }
            if (!conflicts) {
                patterns.add(pattern);
            }
        }
        return patterns;
    }

    private static ServeMux mux(List<Pattern> patterns) {
        final ServeMux.Builder builder = ServeMux.builder();
        for (Pattern pattern : patterns) {
            builder.handle(pattern.text(), (request, response) -> {
                final StringBuilder text = new StringBuilder(pattern.text());
                for (String name : pattern.names()) {
                    text.append('\n').append(request.pathValue(name).orElseThrow());
                }
                response.send(text.toString());
            });
        }
        return builder.build();
    }

    private static FakeResponse ask(ServeMux mux, String[] request) throws Exception {
        final FakeResponse response = new FakeResponse();
        mux.handle(new FakeRequest(request[0], request[2], request[1]), response);
        return response;
    }

    /** The one that won also serves it alone, in the same way. */
    private static void requireServed(List<Pattern> patterns, String[] request, String text) throws Exception {
        for (Pattern pattern : patterns) {
            final FakeResponse alone = ask(mux(List.of(pattern)), request);
            if (alone.status() == 200 && alone.text().equals(text)) {
                return;
            }
        }
        throw new AssertionError("None of them alone says " + text);
    }

    private static void requireSafe(String location) {
        final int mark = location.indexOf('?');
        final String path = mark < 0 ? location : location.substring(0, mark);
        require(!path.startsWith("//") && path.indexOf('\\') < 0, "it leads to another host: " + location);
        require(PathCleaner.isClean(path), "it is redirected again: " + location);
    }

    private static void require(boolean holds, String otherwise) {
        if (!holds) {
            throw new AssertionError(otherwise);
        }
    }
}
