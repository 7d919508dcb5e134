// SPDX-License-Identifier: Apache-2.0
package io.hawser.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.hawser.Hawser;
import io.hawser.connection.Connection;
import io.hawser.connection.Server;
import org.junit.jupiter.api.Test;

class ExamplesTest {
    @Test
    void shouldSendFramesBack() throws Exception {
        try (Server server = Frames.serve("tcp://127.0.0.1:0")) {
            assertThat(Frames.call(server.address().toString(), "hello")).isEqualTo("hello");
            assertThat(Frames.call(server.address().toString(), "")).isEmpty();
        }
    }

    @Test
    void shouldAnswerLinesInUpperCase() throws Exception {
        try (Server server = Hawser.listen("tcp://127.0.0.1:0", new UpperCase.Upper());
                Connection connection = Hawser.dial(server.address().toString())) {
            connection.writer().writeString("one\ntw");
            assertThat(connection.reader().readString(4)).isEqualTo("ONE\n");
            connection.writer().writeString("o\n");
            assertThat(connection.reader().readString(4)).isEqualTo("TWO\n");
        }
    }
}
