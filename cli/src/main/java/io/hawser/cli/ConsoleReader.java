// SPDX-License-Identifier: Apache-2.0
package io.hawser.cli;

import io.hawser.connection.Engine;
import io.hawser.http.ClientRequest;
import io.hawser.http.HttpClient;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;

/** Reads what a console has to tell. One thread. */
final class ConsoleReader implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(5);
    /** A thousand connections with long names do not take it. */
    private static final int MAX_BYTES = 16 << 20;

    private final URI uri;
    private final String token;
    private final Engine engine;
    private final HttpClient client;

    /** @param token empty for none */
    ConsoleReader(URI uri, String token) throws IOException {
        this.uri = uri;
        this.token = token;
        this.engine = Engine.builder().name("hawser-top").loops(1).start();
        this.client = HttpClient.builder(engine)
                .connectTimeout(PATIENCE)
                .callTimeout(PATIENCE)
                .build();
    }

    /** @throws IOException if nobody answers, or with something else than 200 */
    String read() throws IOException {
        final ClientRequest request = ClientRequest.get(uri.toString());
        if (!token.isEmpty()) {
            request.header("Authorization", "Bearer " + token);
        }
        try (var response = client.send(request)) {
            if (response.status() == 401) {
                throw new IOException("The console wants its token: --token TOKEN, or HAWSER_CONSOLE_TOKEN");
            }
            final String body = response.string(MAX_BYTES);
            if (response.status() != 200) {
                throw new IOException("The console at " + uri.getAuthority() + " answers " + response.status() + ": "
                        + TopScreen.printable(body.strip()));
            }
            return body;
        }
    }

    @Override
    public void close() {
        client.close();
        engine.closeAsync(Duration.ZERO).join();
    }
}
