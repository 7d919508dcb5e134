// SPDX-License-Identifier: Apache-2.0
package io.hawser.http;

import java.time.Instant;
import java.util.Optional;

/** The conditional fields of a request, in their order of precedence (RFC 9110, 13.2.2). Stateless. */
final class Conditions {
    /** What they ask for. */
    enum Outcome {
        PROCEED,
        NOT_MODIFIED,
        FAILED
    }

    private Conditions() {}

    /**
     * Evaluates all but {@code If-Range}.
     *
     * @param safe whether the method is GET or HEAD
     * @param tag the current entity tag, with its quotes
     * @param modified when it was last modified, to the second
     */
    static Outcome evaluate(Headers headers, boolean safe, String tag, Instant modified) {
        if (headers.contains("If-Match")) {
            if (!EntityTags.anyMatches(headers.all("If-Match"), tag, true)) {
                return Outcome.FAILED;
            }
        } else {
            final Optional<Instant> unmodifiedSince = date(headers, "If-Unmodified-Since");
            if (unmodifiedSince.isPresent() && modified.isAfter(unmodifiedSince.get())) {
                return Outcome.FAILED;
            }
        }
        if (headers.contains("If-None-Match")) {
            if (EntityTags.anyMatches(headers.all("If-None-Match"), tag, false)) {
                return safe ? Outcome.NOT_MODIFIED : Outcome.FAILED;
            }
        } else if (safe) {
            final Optional<Instant> modifiedSince = date(headers, "If-Modified-Since");
            if (modifiedSince.isPresent() && !modified.isAfter(modifiedSince.get())) {
                return Outcome.NOT_MODIFIED;
            }
        }
        return Outcome.PROCEED;
    }

    /** A field that is not a date, or is there twice, is ignored (RFC 9110, 13.1.3). */
    private static Optional<Instant> date(Headers headers, String name) {
        final var values = headers.all(name);
        return values.size() == 1 ? HttpDates.parse(values.getFirst()) : Optional.empty();
    }

    /**
     * Whether {@code Range} is to be heeded: there is no {@code If-Range}, or it names what is there now.
     *
     * @param settled whether the time of modification is so long ago that it identifies the content (RFC 9110, 8.8.2.2)
     */
    static boolean rangeApplies(Headers headers, String tag, Instant modified, boolean settled) {
        final var values = headers.all("If-Range");
        if (values.isEmpty()) {
            return true;
        }
        if (values.size() > 1) {
            return false;
        }
        final String value = values.getFirst();
        if (value.startsWith("\"") || value.startsWith("W/")) {
            return value.equals(tag) && !tag.startsWith("W/");
        }
        return settled && HttpDates.parse(value).filter(modified::equals).isPresent();
    }
}
