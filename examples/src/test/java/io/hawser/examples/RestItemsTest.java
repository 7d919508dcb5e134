// SPDX-License-Identifier: Apache-2.0
package io.hawser.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.hawser.http.ClientRequest;
import io.hawser.http.ClientResponse;
import io.hawser.http.HttpClient;
import io.hawser.http.HttpServer;
import java.io.IOException;
import org.junit.jupiter.api.Test;

class RestItemsTest {
    @Test
    void shouldKeepItems() throws Exception {
        try (HttpServer server = RestItems.serve("http://127.0.0.1:0");
                HttpClient client = HttpClient.of(server.engine())) {
            final String items = server.uri() + "/items";
            final ClientResponse created = client.send(ClientRequest.post(items, "buy rope"));
            assertThat(created.status()).isEqualTo(201);
            assertThat(created.headers().first("Location")).contains("/items/1");
            created.close();
            assertThat(status(client, ClientRequest.post(items, " "))).isEqualTo(400);
            assertThat(client.send(ClientRequest.get(items)).string(100)).isEqualTo("1 buy rope\n");
            assertThat(status(client, ClientRequest.of("PUT", items + "/1").body("sell rope")))
                    .isEqualTo(204);
            assertThat(client.send(ClientRequest.get(items + "/1")).string(100)).isEqualTo("sell rope\n");
            assertThat(status(client, ClientRequest.of("DELETE", items + "/1"))).isEqualTo(204);
            assertThat(status(client, ClientRequest.get(items + "/1"))).isEqualTo(404);
            assertThat(status(client, ClientRequest.get(items + "/x"))).isEqualTo(404);
            assertThat(status(client, ClientRequest.of("PATCH", items + "/1"))).isEqualTo(405);
        }
    }

    private static int status(HttpClient client, ClientRequest request) throws IOException {
        try (ClientResponse response = client.send(request)) {
            return response.status();
        }
    }
}
