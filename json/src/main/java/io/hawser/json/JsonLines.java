// SPDX-License-Identifier: Apache-2.0
package io.hawser.json;

import io.hawser.session.Codec;
import io.hawser.session.Codecs;
import io.hawser.session.MessageCodec;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.json.JsonMapper;

/**
 * Messages as JSON: {@link #of(Class)} one a line, {@link #messages(Class)} in frames of whatever kind.
 *
 * <pre>{@code
 * Codec<Order> orders = JsonLines.of(Order.class);
 * Codec<Order> framed = Codecs.lengthField(4).of(JsonLines.messages(Order.class));
 * }</pre>
 *
 * <p>A line is one value, UTF-8, and nothing else but white space; it is malformed if it is not, or if it nests deeper than the mapper allows. How
 * long it may be is the session's affair. The class is this side's choice, never the peer's: no mapper made here looks at type ids, and one that is
 * given should not have default typing on.
 */
public final class JsonLines {
    /** How deep what is read may nest, where no mapper is given. */
    public static final int MAX_DEPTH = 100;

    private static final JsonMapper MAPPER = JsonMapper.builder(JsonFactory.builder()
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxNestingDepth(MAX_DEPTH)
                            .build())
                    .build())
            .build();

    private JsonLines() {}

    /** A value a line, with a mapper as Jackson makes it, but for {@link #MAX_DEPTH}. */
    public static <T> Codec<T> of(Class<T> type) {
        return of(MAPPER, type);
    }

    /**
     * A value a line.
     *
     * @param mapper with limits of its own, {@link StreamReadConstraints}; one that writes more than a line for a value cannot send it
     */
    public static <T> Codec<T> of(JsonMapper mapper, Class<T> type) {
        return Codecs.line().of(messages(mapper, type));
    }

    /** As {@link #of(Class)}, for frames of another kind. */
    public static <T> MessageCodec<T> messages(Class<T> type) {
        return messages(MAPPER, type);
    }

    /** As {@link #of(JsonMapper, Class)}, for frames of another kind. */
    public static <T> MessageCodec<T> messages(JsonMapper mapper, Class<T> type) {
        return new JsonMessages<>(mapper, type);
    }
}
