// SPDX-License-Identifier: Apache-2.0
package io.hawser.cli;

import io.hawser.connection.Engine;
import io.hawser.examples.WebChat;
import io.hawser.http.HttpServer;
import io.hawser.http.ServeMux;
import io.hawser.tls.Tls;
import io.hawser.websocket.WebSocketHandler;
import java.io.IOException;

/** What a demo serves over https and wss, on one port: a page and an echo for its load, and a room for people. */
final class DemoWeb {
    /** Where a page of {@link #page} is. */
    static final String PAGE = "/page";
    /** Where WebSockets get back what they send. */
    static final String ECHO = "/echo";

    private static final int PAGE_BYTES = 1_000;

    private DemoWeb() {}

    /** Serves at a port that the system picks. The server ends with its engine. */
    static HttpServer serve(Engine engine, Tls tls) throws IOException {
        final byte[] page = page();
        return HttpServer.builder("https://127.0.0.1:0")
                .engine(engine)
                .tls(tls)
                .handler(ServeMux.builder()
                        .handle("/", WebChat.handler())
                        .handle(
                                "GET " + PAGE,
                                (_, response) -> response.header("Content-Type", "text/plain")
                                        .send(page))
                        .handle("GET " + ECHO, WebSocketHandler.of(new WebSocketEcho()))
                        .build())
                .start();
    }

    /** What is to be read at {@link #PAGE}. */
    static byte[] page() {
        final byte[] page = new byte[PAGE_BYTES];
        for (int i = 0; i < page.length; i++) {
            page[i] = (byte) (i % 50 == 49 ? '\n' : 'a' + i % 26);
        }
        return page;
    }
}
