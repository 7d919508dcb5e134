// SPDX-License-Identifier: Apache-2.0
package io.hawser.cli;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** What a console has told, as tables: drawn over the whole of a terminal, in a pipe one after the other. One thread. */
final class TopScreen {
    private static final int SHOWN_CLOSES = 5;

    private final PrintWriter out;
    private final Terminal terminal;
    /** How the engines stood when they were last looked at, by their names. */
    private final Map<String, JsonValue> last = new HashMap<>();

    TopScreen(PrintWriter out, Terminal terminal) {
        this.out = out;
        this.terminal = terminal;
    }

    void show(JsonValue message) {
        final List<String> lines = new ArrayList<>();
        final List<JsonValue> engines = message.get("engines").elements();
        for (JsonValue engine : engines) {
            engine(lines, engine);
        }
        connections(lines, message.get("page"));
        engines.stream().limit(1).forEach(engine -> closes(lines, engine));
        final StringBuilder text = new StringBuilder();
        if (terminal.interactive()) {
            text.append(Terminal.wrap(false)).append(Terminal.home());
        }
        for (String line : lines) {
            text.append(line);
            if (terminal.interactive()) {
                text.append(Terminal.eraseLine());
            }
            text.append(System.lineSeparator());
        }
        if (terminal.interactive()) {
            text.append(Terminal.eraseBelow()).append(Terminal.wrap(true));
        }
        out.print(text);
        out.flush();
        engines.forEach(engine -> last.put(engine.get("name").text(), engine));
    }

    private void engine(List<String> lines, JsonValue engine) {
        final JsonValue before = last.get(engine.get("name").text());
        final double seconds = before == null
                ? engine.get("upMs").number() / 1e3
                : (engine.get("upMs").number() - before.get("upMs").number()) / 1e3;
        lines.add(terminal.bold(printable(engine.get("name").text()) + " over "
                        + printable(engine.get("transport").text()))
                + ", " + printable(engine.get("state").text()).toLowerCase(Locale.ROOT) + ", up "
                + Units.time((long) (engine.get("upMs").number() * 1e6)) + ", "
                + Units.counted(engine.get("connections").asLong(), "connection") + " of at most "
                + Units.count(engine.get("maxConnections").asLong()));
        final String addresses = engine.get("addresses").elements().stream()
                .map(JsonValue::text)
                .map(TopScreen::printable)
                .collect(Collectors.joining(" "));
        if (!addresses.isEmpty()) {
            lines.add("listening " + addresses);
        }
        final JsonValue memory = engine.get("memory");
        lines.add("memory " + Units.bytes(memory.get("usedBytes").number()) + " used, "
                + Units.bytes(memory.get("cachedBytes").number()) + " cached, "
                + Units.bytes(memory.get("reservedBytes").number()) + " reserved, cap "
                + Units.bytes(memory.get("capBytes").number()));
        lines.add("limits hit: " + nonZero(engine.get("limitsHit")));
        lines.add("closed: " + nonZero(engine.get("closes")));
        engine.get("services").elements().forEach(service -> lines.add(service(service)));
        lines.add("");
        lines.add(terminal.faint(String.format(
                Locale.ROOT,
                "%-22s%8s%7s%11s%10s%8s%13s%13s%11s%8s",
                "loop",
                "conns",
                "busy",
                "turns/s",
                "tasks/s",
                "timers",
                "in",
                "out",
                "lag",
                "stalls")));
        final List<JsonValue> loops = engine.get("loops").elements();
        for (int i = 0; i < loops.size(); i++) {
            final List<JsonValue> old =
                    before == null ? List.of() : before.get("loops").elements();
            lines.add(loop(loops.get(i), i < old.size() ? old.get(i) : JsonValue.parse("{}"), Math.max(seconds, 1e-3)));
        }
        lines.add("");
    }

    private String loop(JsonValue loop, JsonValue before, double seconds) {
        final String text = String.format(
                Locale.ROOT,
                "%-22s%8s%6.0f%%%11s%10s%8s%13s%13s%11s%8s",
                printable(loop.get("name").text()),
                Units.count(loop.get("connections").asLong()),
                100 * per(loop, before, "busyNs", seconds) / 1e9,
                Units.count(Math.round(per(loop, before, "turns", seconds))),
                Units.count(Math.round(per(loop, before, "tasks", seconds))),
                Units.count(loop.get("armedTimers").asLong()),
                Units.bytes(per(loop, before, "bytesIn", seconds)) + "/s",
                Units.bytes(per(loop, before, "bytesOut", seconds)) + "/s",
                Units.time(loop.get("lagNs").asLong()),
                Units.count(loop.get("stalls").asLong()));
        final long heldUpNs = loop.get("busyForNs").asLong();
        return heldUpNs > 20_000_000 ? text + terminal.bad("  held up for " + Units.time(heldUpNs)) : text;
    }

    private static double per(JsonValue now, JsonValue before, String name, double seconds) {
        return (now.get(name).number() - before.get(name).number()) / seconds;
    }

    private static String nonZero(JsonValue counts) {
        final String hit = counts.members().entrySet().stream()
                .filter(entry -> entry.getValue().number() > 0)
                .map(entry -> printable(entry.getKey()).toLowerCase(Locale.ROOT).replace('_', ' ') + " "
                        + Units.count(entry.getValue().asLong()))
                .collect(Collectors.joining(", "));
        return hit.isEmpty() ? "none" : hit;
    }

    private static String service(JsonValue service) {
        return printable(service.get("kind").text()) + " "
                + printable(service.get("name").text()) + ": "
                + service.get("figures").members().entrySet().stream()
                        .map(entry -> figure(
                                printable(entry.getKey()), entry.getValue().asLong()))
                        .collect(Collectors.joining(", "));
    }

    private static String figure(String name, long value) {
        return name.endsWith("Ns")
                ? name.substring(0, name.length() - 2) + " " + Units.time(value)
                : name + " " + Units.count(value);
    }

    private void connections(List<String> lines, JsonValue page) {
        lines.add(terminal.faint(String.format(
                Locale.ROOT,
                "%-8s%-26s%-24s%-12s%-5s%11s%11s%11s%11s  %s",
                "number",
                "peer",
                "local",
                "state",
                "tls",
                "in",
                "out",
                "pending",
                "age",
                "handler")));
        for (JsonValue connection : page.get("connections").elements()) {
            lines.add(String.format(
                    Locale.ROOT,
                    "%-8d%-26s%-24s%-12s%-5s%11s%11s%11s%11s  %s",
                    connection.get("id").asLong(),
                    (connection.get("dialled").number() > 0 ? "→ " : "")
                            + printable(connection.get("peer").text()),
                    printable(connection.get("local").text()),
                    printable(connection.get("state").text())
                            .toLowerCase(Locale.ROOT)
                            .replace('_', ' '),
                    tlsVersion(connection.get("tls").text()),
                    Units.bytes(connection.get("bytesIn").number()),
                    Units.bytes(connection.get("bytesOut").number()),
                    Units.bytes(connection.get("pendingBytes").number()),
                    Units.time(connection.get("ageNs").asLong()),
                    printable(connection.get("handler").text())));
        }
        lines.add(terminal.faint(Units.count(page.get("connections").elements().size()) + " of "
                + Units.counted(page.get("matching").asLong(), "connection")));
    }

    /** As {@code 1.3}; a dash without TLS. */
    private static String tlsVersion(String agreed) {
        final int end = agreed.indexOf(' ');
        return end < 0 ? "-" : printable(agreed.substring(0, end)).replace("TLSv", "");
    }

    private void closes(List<String> lines, JsonValue engine) {
        lines.add("");
        lines.add(terminal.faint(String.format(
                Locale.ROOT, "%-12s%-26s%-14s%11s%11s  %s", "closed", "peer", "cause", "in", "out", "message")));
        engine.get("recentCloses").elements().stream()
                .limit(SHOWN_CLOSES)
                .forEach(close -> lines.add(String.format(
                        Locale.ROOT,
                        "%-12s%-26s%-14s%11s%11s  %s",
                        Units.time(close.get("agoNs").asLong()) + " ago",
                        printable(close.get("peer").text()),
                        printable(close.get("kind").text())
                                .toLowerCase(Locale.ROOT)
                                .replace('_', ' '),
                        Units.bytes(close.get("bytesIn").number()),
                        Units.bytes(close.get("bytesOut").number()),
                        printable(close.get("message").text()))));
    }

    /** Without what a terminal would take for a command: others have a say in what is shown. */
    static String printable(String text) {
        final StringBuilder kept = new StringBuilder(text.length());
        text.codePoints()
                .forEach(c -> kept.appendCodePoint(
                        Character.isISOControl(c) || Character.getType(c) == Character.FORMAT ? '·' : c));
        return kept.toString();
    }
}
