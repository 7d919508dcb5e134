// SPDX-License-Identifier: Apache-2.0
package io.hawser.examples;

import io.hawser.http.HttpException;
import io.hawser.http.HttpServer;
import io.hawser.http.Request;
import io.hawser.http.Response;
import java.io.IOException;

/** The server of the README's chapter on HTTP: greets, and sends back what is posted. */
public final class HelloHttp {
    private HelloHttp() {}

    /**
     * Serves until it is killed.
     *
     * @param args the address, by default {@code http://127.0.0.1:0}
     */
    public static void main(String[] args) throws IOException {
        try (HttpServer server = serve(args.length > 0 ? args[0] : "http://127.0.0.1:0")) {
            System.out.println("listening " + server.uri());
            server.join();
        }
    }

    static HttpServer serve(String address) throws IOException {
        return HttpServer.builder(address).handler(HelloHttp::answer).start();
    }

    private static void answer(Request request, Response response) throws IOException {
        switch (request.path()) {
            case "/" ->
                response.header("Content-Type", "text/plain")
                        .send("Hello, " + request.parameter("name").orElse("World") + "!\n");
            case "/echo" -> request.body().transferTo(response.outputStream());
            default -> throw new HttpException(404, "not here");
        }
    }
}
