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
import java.net.http.WebSocket;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
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
    void shouldShowARoomWhosePageTalksToASession() throws Exception {
        try (HttpServer server = WebChat.serve("http://127.0.0.1:0");
                HttpClient client = HttpClient.newHttpClient()) {
            assertThat(client.send(
                                    HttpRequest.newBuilder(URI.create(server.uri() + "/"))
                                            .build(),
                                    BodyHandlers.ofString())
                            .body())
                    .contains("/room");
            final var heard = new LinkedBlockingQueue<String>();
            final WebSocket socket = client.newWebSocketBuilder()
                    .buildAsync(URI.create(server.uri().replace("http", "ws") + "/room"), new WebSocket.Listener() {
                        @Override
                        public CompletionStage<?> onText(WebSocket from, CharSequence text, boolean last) {
                            heard.add(text.toString());
                            from.request(1);
                            return CompletableFuture.completedStage(null);
                        }
                    })
                    .get(10, TimeUnit.SECONDS);
            socket.sendText("time 1", true).get(10, TimeUnit.SECONDS);
            socket.sendText("say hello", true).get(10, TimeUnit.SECONDS);
            assertThat(heard.poll(10, TimeUnit.SECONDS)).isEqualTo("here 1");
            assertThat(heard.poll(10, TimeUnit.SECONDS)).isEqualTo("time 1");
            assertThat(heard.poll(10, TimeUnit.SECONDS)).startsWith("said ").endsWith(" hello");
            socket.sendClose(1000, "").get(10, TimeUnit.SECONDS);
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
