// SPDX-License-Identifier: Apache-2.0
package io.hawser.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class JsonTest {
    @Test
    void shouldSurviveAnyText() {
        final StringBuilder all = new StringBuilder("\ud83d\ude00 lone: \ud800");
        for (char c = 0; c < 0x180; c++) {
            all.append(c);
        }
        final JsonNode read = read(new Json().put("a \"name\"", all.toString()));
        assertThat(read.get("a \"name\"").asString()).isEqualTo(all.toString());
    }

    @Test
    void shouldHoldNumbersTruthsObjectsAndLists() {
        final JsonNode read = read(new Json()
                .put("long", Long.MIN_VALUE)
                .put("double", 1234.5678)
                .put("infinite", Double.POSITIVE_INFINITY)
                .put("true", true)
                .put("object", new Json().put("x", 1))
                .put("list", List.of(new Json(), new Json().put("y", 2))));
        assertThat(read.get("long").asLong()).isEqualTo(Long.MIN_VALUE);
        assertThat(read.get("double").asDouble()).isEqualTo(1234.568);
        assertThat(read.get("infinite").isNull()).isTrue();
        assertThat(read.get("true").asBoolean()).isTrue();
        assertThat(read.get("object").get("x").asInt()).isEqualTo(1);
        assertThat(read.get("list").get(1).get("y").asInt()).isEqualTo(2);
    }

    private static JsonNode read(Json json) {
        assertThat(json.toString()).doesNotContain("\n");
        return JsonMapper.shared().readTree(json.toString());
    }
}
