// SPDX-License-Identifier: Apache-2.0
package io.hawser.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.hawser.Hawser;
import io.hawser.connection.Connection;
import io.hawser.connection.Server;
import io.hawser.http.HttpServer;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
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
    void shouldGreetOverHttp() throws Exception {
        try (HttpServer server = HelloHttp.serve("http://127.0.0.1:0");
                HttpClient client = HttpClient.newHttpClient()) {
            final URI greeting = URI.create(server.uri() + "/?name=you");
            assertThat(client.send(HttpRequest.newBuilder(greeting).build(), BodyHandlers.ofString())
                            .body())
                    .isEqualTo("Hello, you!\n");
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
