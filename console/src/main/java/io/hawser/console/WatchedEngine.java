// SPDX-License-Identifier: Apache-2.0
package io.hawser.console;

import io.hawser.connection.ClosedConnection;
import io.hawser.connection.ConnectionPage;
import io.hawser.connection.ConnectionQuery;
import io.hawser.connection.DatagramServer;
import io.hawser.connection.DatagramStats;
import io.hawser.connection.Engine;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * An engine that is looked at. A loop that is held up does not hold up who looks: what it does not answer soon is told as it was before, and it is
 * not asked again until it has answered. Any thread.
 */
final class WatchedEngine {
    /** How long loops are waited for. */
    private static final long PATIENCE_MS = 250;

    private final Engine engine;
    private final List<LoopProbe> probes;

    // Guarded by this.
    private CompletableFuture<List<ClosedConnection>> closes = CompletableFuture.completedFuture(List.of());
    private List<ClosedConnection> lastCloses = List.of();
    private CompletableFuture<Map<String, DatagramStats>> datagrams = CompletableFuture.completedFuture(Map.of());
    private Map<String, DatagramStats> lastDatagrams = Map.of();

    WatchedEngine(Engine engine) {
        this.engine = engine;
        this.probes = engine.loops().stream().map(LoopProbe::new).toList();
    }

    Engine engine() {
        return engine;
    }

    /** Writes how it stands, as soon as that is known. */
    CompletableFuture<JsonPart> look() {
        final List<Long> lagsNs = probes.stream().map(LoopProbe::ask).toList();
        return closes().thenCombine(
                        datagrams(),
                        (recent, stats) -> json -> SnapshotJson.engine(json, engine.snapshot(), lagsNs, recent, stats));
    }

    private synchronized CompletableFuture<List<ClosedConnection>> closes() {
        if (closes.isDone()) {
            lastCloses = closes.getNow(lastCloses);
            closes = engine.recentCloses();
        }
        return closes.copy().completeOnTimeout(lastCloses, PATIENCE_MS, TimeUnit.MILLISECONDS);
    }

    private synchronized CompletableFuture<Map<String, DatagramStats>> datagrams() {
        if (datagrams.isDone()) {
            lastDatagrams = datagrams.getNow(lastDatagrams);
            datagrams = stats(engine.datagramServers());
        }
        return datagrams.copy().completeOnTimeout(lastDatagrams, PATIENCE_MS, TimeUnit.MILLISECONDS);
    }

    private static CompletableFuture<Map<String, DatagramStats>> stats(List<DatagramServer> servers) {
        CompletableFuture<Map<String, DatagramStats>> all = CompletableFuture.completedFuture(new LinkedHashMap<>());
        for (DatagramServer server : servers) {
            final String address = server.address().toString();
            all = all.thenCombine(server.stats().exceptionally(_ -> DatagramStats.NONE), (sum, one) -> {
                sum.put(address, one);
                return sum;
            });
        }
        return all;
    }

    /** A page of its connections; empty if loops do not answer. */
    CompletableFuture<ConnectionPage> connections(ConnectionQuery query) {
        return engine.connections(query)
                .completeOnTimeout(
                        new ConnectionPage(engine.connectionCount(), 0, List.of()), PATIENCE_MS, TimeUnit.MILLISECONDS);
    }

    /** Closes a connection; whether there was one. */
    CompletableFuture<Boolean> close(long id) {
        return engine.connection(id).thenApply(found -> {
            found.ifPresent(connection -> connection.close());
            return found.isPresent();
        });
    }
}
