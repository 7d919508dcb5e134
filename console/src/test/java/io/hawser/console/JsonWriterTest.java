// SPDX-License-Identifier: Apache-2.0
package io.hawser.console;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What is written is JSON, whatever goes in. */
final class JsonWriterTest {
    @Test
    void shouldWriteWhatAnotherReaderReads() {
        final JsonWriter json = new JsonWriter().beginObject().member("a", 1).member("b", true);
        json.name("c")
                .beginArray()
                .value("x")
                .value(2)
                .nothing()
                .beginObject()
                .endObject()
                .endArray();
        json.name("d").beginObject().member("e", "f").endObject().endObject();
        assertThat(json.toString()).isEqualTo("{\"a\":1,\"b\":true,\"c\":[\"x\",2,null,{}],\"d\":{\"e\":\"f\"}}");
    }

    @Test
    void shouldKeepTextAsTextWhateverItSays() {
        final StringBuilder nasty = new StringBuilder("\"}],</script><img src=x> \\ \u2028 \ud800 lone \udc00 é 😀");
        for (char c = 0; c < 0xa0; c++) {
            nasty.append(c);
        }
        final String written = new JsonWriter()
                .beginObject()
                .member(nasty.toString(), nasty.toString())
                .endObject()
                .toString();
        assertThat(written.chars()).noneMatch(c -> c < 0x20);
        final JsonNode read = JsonMapper.shared().readTree(written);
        assertThat(read.iterator().next().asString())
                .isEqualTo(nasty.toString().replace('\ud800', '\ufffd').replace(" \udc00", " \ufffd"));
    }
}
