// SPDX-License-Identifier: Apache-2.0
package io.hawser.console;

import io.hawser.connection.Engine;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;

/** The engines that are looked at. Any thread. */
final class Watch {
    /** What is long is written here and not on the loops, which have better to do. */
    private static final Executor WRITERS = Thread::startVirtualThread;

    private final List<WatchedEngine> engines;

    Watch(List<Engine> engines) {
        this.engines = engines.stream().map(WatchedEngine::new).toList();
    }

    int size() {
        return engines.size();
    }

    WatchedEngine engine(int place) {
        return engines.get(place);
    }

    /** How all of them stand, and the connections that are asked for, as JSON; on a thread that is no loop's. */
    CompletableFuture<String> look(Optional<ViewQuery> query) {
        CompletableFuture<List<JsonPart>> parts = CompletableFuture.completedFuture(new ArrayList<>());
        for (WatchedEngine engine : engines) {
            parts = add(parts, engine.look());
        }
        final CompletableFuture<JsonPart> page =
                query.map(this::page).orElse(CompletableFuture.completedFuture(JsonWriter::nothing));
        return parts.thenCombineAsync(
                page,
                (all, connections) -> {
                    final JsonWriter json = new JsonWriter().beginObject();
                    json.name("engines").beginArray();
                    all.forEach(part -> part.write(json));
                    json.endArray();
                    connections.write(json.name("page"));
                    return json.endObject().toString();
                },
                WRITERS);
    }

    /** The connections that are asked for, as JSON. */
    CompletableFuture<String> connections(ViewQuery query) {
        return page(query)
                .thenApplyAsync(
                        page -> {
                            final JsonWriter json = new JsonWriter();
                            page.write(json);
                            return json.toString();
                        },
                        WRITERS);
    }

    private CompletableFuture<JsonPart> page(ViewQuery query) {
        return engines.get(query.engine())
                .connections(query.query())
                .thenApply(page -> json ->
                        SnapshotJson.page(json, query.engine(), query.query().offset(), page));
    }

    private static CompletableFuture<List<JsonPart>> add(
            CompletableFuture<List<JsonPart>> parts, CompletableFuture<JsonPart> next) {
        return parts.thenCombine(next, (all, one) -> {
            all.add(one);
            return all;
        });
    }
}
