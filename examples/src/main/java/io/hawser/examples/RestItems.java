// SPDX-License-Identifier: Apache-2.0
package io.hawser.examples;

import io.hawser.http.Compression;
import io.hawser.http.HttpException;
import io.hawser.http.HttpServer;
import io.hawser.http.Request;
import io.hawser.http.Response;
import io.hawser.http.ServeMux;
import java.io.IOException;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicLong;

/** A list of things to do, over HTTP: {@code GET /items}, {@code POST /items}, and GET, PUT and DELETE of {@code /items/{id}}; each is a line of text. */
public final class RestItems {
    private static final int MOST_ITEMS = 10_000;
    private static final int MOST_BYTES = 10_000;

    private final Map<Long, String> items = new ConcurrentSkipListMap<>();
    private final AtomicLong lastId = new AtomicLong();

    private RestItems() {}

    /** Starts it; for {@code http://127.0.0.1:8080}. */
    public static void main(String[] args) throws IOException {
        try (HttpServer server = serve(args.length > 0 ? args[0] : "http://127.0.0.1:8080")) {
            System.out.println("listening " + server.uri());
            server.join();
        }
    }

    static HttpServer serve(String address) throws IOException {
        final RestItems rest = new RestItems();
        return HttpServer.builder(address)
                .handler(Compression.of(ServeMux.builder()
                        .handle("GET /items", rest::list)
                        .handle("POST /items", rest::create)
                        .handle("GET /items/{id}", rest::show)
                        .handle("PUT /items/{id}", rest::replace)
                        .handle("DELETE /items/{id}", rest::delete)
                        .build()))
                .start();
    }

    private void list(Request request, Response response) {
        final StringBuilder lines = new StringBuilder();
        items.forEach((id, text) -> lines.append(id).append(' ').append(text).append('\n'));
        response.send(lines.toString());
    }

    private void create(Request request, Response response) {
        if (items.size() >= MOST_ITEMS) {
            throw new HttpException(507, "Too many items");
        }
        final String text = text(request);
        final long id = lastId.incrementAndGet();
        items.put(id, text);
        response.status(201).header("Location", "/items/" + id).send();
    }

    private void show(Request request, Response response) {
        final String text = items.get(id(request));
        if (text == null) {
            throw new HttpException(404, "No such item");
        }
        response.send(text + "\n");
    }

    private void replace(Request request, Response response) {
        final String text = text(request);
        if (items.replace(id(request), text) == null) {
            throw new HttpException(404, "No such item");
        }
        response.status(204).send();
    }

    private void delete(Request request, Response response) {
        items.remove(id(request));
        response.status(204).send();
    }

    private static long id(Request request) {
        try {
            return Long.parseLong(request.pathValue("id").orElseThrow());
        } catch (NumberFormatException e) {
            throw new HttpException(404, "Not the number of an item");
        }
    }

    /** A line of the body. */
    private static String text(Request request) {
        final String text = request.string(MOST_BYTES).strip();
        if (text.isEmpty() || text.contains("\n")) {
            throw new HttpException(400, "An item is a line of text");
        }
        return text;
    }
}
