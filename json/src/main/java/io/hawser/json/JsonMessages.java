// SPDX-License-Identifier: Apache-2.0
package io.hawser.json;

import io.hawser.buffer.Reader;
import io.hawser.buffer.Writer;
import io.hawser.session.MalformedMessageException;
import io.hawser.session.MessageCodec;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.ObjectReader;
import tools.jackson.databind.ObjectWriter;
import tools.jackson.databind.json.JsonMapper;

/** One value, and nothing behind it. */
final class JsonMessages<T> implements MessageCodec<T> {
    private final Class<T> type;
    private final ObjectReader reader;
    private final ObjectWriter writer;

    JsonMessages(JsonMapper mapper, Class<T> type) {
        this.type = type;
        // Not the text in its messages: what a peer has sent is not for a log.
        this.reader = mapper.readerFor(type)
                .with(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
                .without(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION);
        this.writer = mapper.writerFor(type);
    }

    @Override
    public T decode(Reader frame) throws MalformedMessageException {
        final @Nullable T value = reader.readValue(frame.inputStream());
        if (value == null) {
            throw new MalformedMessageException("A JSON null is no " + type.getName());
        }
        return value;
    }

    @Override
    public void encode(T message, Writer out) {
        writer.writeValue(new UnflushedStream(out), message);
    }

    @Override
    public String toString() {
        return "JSON of " + type.getName();
    }
}
