// SPDX-License-Identifier: Apache-2.0
package io.hawser.console;

import io.hawser.buffer.PoolSnapshot;
import io.hawser.connection.ClosedConnection;
import io.hawser.connection.ConnectionPage;
import io.hawser.connection.ConnectionSnapshot;
import io.hawser.connection.DatagramStats;
import io.hawser.connection.EngineSnapshot;
import io.hawser.connection.LoopSnapshot;
import io.hawser.connection.ServiceSnapshot;
import java.util.List;
import java.util.Map;

/** What the page and {@code hawser top} get to see. Names are those of the records; times are in nanoseconds. */
final class SnapshotJson {
    private SnapshotJson() {}

    static void engine(
            JsonWriter json,
            EngineSnapshot engine,
            List<Long> lagsNs,
            List<ClosedConnection> closes,
            Map<String, DatagramStats> datagrams) {
        json.beginObject()
                .member("name", engine.name())
                .member("transport", engine.transport())
                .member("state", engine.state().name())
                .member("upMs", engine.upTime().toMillis())
                .member("connections", engine.connections())
                .member("maxConnections", engine.maxConnections());
        json.name("addresses").beginArray();
        engine.addresses().forEach(address -> json.value(address.toString()));
        json.endArray();
        json.name("loops").beginArray();
        for (int i = 0; i < engine.loops().size(); i++) {
            loop(json, engine.loops().get(i), i < lagsNs.size() ? lagsNs.get(i) : 0);
        }
        json.endArray();
        memory(json.name("memory"), engine.memory());
        json.name("limitsHit").beginObject();
        engine.limitsHit().forEach(json::member);
        json.endObject();
        json.name("closes").beginObject();
        engine.closes().forEach((kind, count) -> json.member(kind.name(), count));
        json.endObject();
        json.name("services").beginArray();
        engine.services().forEach(service -> service(json, service));
        json.endArray();
        json.name("datagrams").beginArray();
        datagrams.forEach((address, stats) -> datagrams(json, address, stats));
        json.endArray();
        json.name("recentCloses").beginArray();
        closes.forEach(close -> close(json, close));
        json.endArray();
        json.endObject();
    }

    private static void loop(JsonWriter json, LoopSnapshot loop, long lagNs) {
        json.beginObject()
                .member("name", loop.name())
                .member("connections", loop.connections())
                .member("turns", loop.turns())
                .member("busyTurns", loop.busyTurns())
                .member("busyNs", loop.busy().toNanos())
                .member("busyForNs", loop.busyFor().toNanos())
                .member("lagNs", lagNs)
                .member("stalls", loop.stalls())
                .member("longestTurnNs", loop.longestTurn().toNanos())
                .member("tasks", loop.tasks())
                .member("waitingTasks", loop.waitingTasks())
                .member("timers", loop.timers())
                .member("armedTimers", loop.armedTimers())
                .member("bytesIn", loop.bytesIn())
                .member("bytesOut", loop.bytesOut())
                .member("messagesIn", loop.messagesIn())
                .member("messagesOut", loop.messagesOut())
                .member("accepted", loop.accepted())
                .member("opened", loop.opened())
                .member("closed", loop.closed())
                .endObject();
    }

    private static void memory(JsonWriter json, PoolSnapshot pool) {
        json.beginObject()
                .member("capBytes", pool.capBytes())
                .member("reservedBytes", pool.reservedBytes())
                .member("usedBytes", pool.usedBytes())
                .member("cachedBytes", pool.cachedBytes())
                .member("freeBytes", pool.freeBytes())
                .member("refusals", pool.refusals());
        json.name("sizes").beginArray();
        pool.sizes()
                .forEach(size -> json.beginObject()
                        .member("blockBytes", size.blockBytes())
                        .member("reservedBytes", size.reservedBytes())
                        .member("usedBytes", size.usedBytes())
                        .member("cachedBytes", size.cachedBytes())
                        .member("freeBytes", size.freeBytes())
                        .endObject());
        json.endArray().endObject();
    }

    private static void service(JsonWriter json, ServiceSnapshot service) {
        json.beginObject().member("kind", service.kind()).member("name", service.name());
        json.name("figures").beginObject();
        service.figures().forEach(json::member);
        json.endObject().endObject();
    }

    private static void datagrams(JsonWriter json, String address, DatagramStats stats) {
        json.beginObject()
                .member("address", address)
                .member("received", stats.received())
                .member("receivedBytes", stats.receivedBytes())
                .member("truncated", stats.truncated())
                .member("dropped", stats.dropped())
                .member("sent", stats.sent())
                .member("sentBytes", stats.sentBytes())
                .member("refused", stats.refused())
                .member("failed", stats.failed())
                .endObject();
    }

    private static void close(JsonWriter json, ClosedConnection close) {
        json.beginObject()
                .member("id", close.id())
                .member("loop", close.loop())
                .member("peer", close.peer())
                .member("dialled", close.dialled())
                .member("kind", close.kind().name())
                .member("message", close.message())
                .member("bytesIn", close.bytesIn())
                .member("bytesOut", close.bytesOut())
                .member("livedNs", close.lived().toNanos())
                .member("agoNs", close.ago().toNanos())
                .endObject();
    }

    /** @param engine the place of the engine among those that are shown */
    static void page(JsonWriter json, int engine, int offset, ConnectionPage page) {
        json.beginObject()
                .member("engine", engine)
                .member("offset", offset)
                .member("total", page.total())
                .member("matching", page.matching());
        json.name("connections").beginArray();
        page.connections().forEach(connection -> connection(json, connection));
        json.endArray().endObject();
    }

    private static void connection(JsonWriter json, ConnectionSnapshot connection) {
        json.beginObject()
                .member("id", connection.id())
                .member("loop", connection.loop())
                .member("handler", connection.handler())
                .member("local", connection.local())
                .member("peer", connection.peer())
                .member("dialled", connection.dialled())
                .member("state", connection.state().name())
                .member("tls", connection.tlsText())
                .member("bytesIn", connection.bytesIn())
                .member("bytesOut", connection.bytesOut())
                .member("pendingBytes", connection.pendingBytes())
                .member("unreadBytes", connection.unreadBytes())
                .member("ageNs", connection.age().toNanos());
        json.name("idleNs");
        connection.idle().ifPresentOrElse(idle -> json.value(idle.toNanos()), json::nothing);
        json.endObject();
    }
}
