// SPDX-License-Identifier: Apache-2.0
package io.hawser.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code hawser top}: what a console shows, in the terminal. */
@Command(
        name = "top",
        description =
                "Shows what a running engine does: loops, memory, limits, connections and recent closes, once a second."
                        + " It reads them from the engine's console, see 'hawser serve --console'.",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        sortOptions = false,
        footerHeading = "%nExamples:%n",
        footer = {
            "  hawser serve --console http://127.0.0.1:7070 &",
            "  hawser top http://127.0.0.1:7070",
            "  hawser top http://127.0.0.1:7070 --once --sort pending",
            "  hawser top http://127.0.0.1:7070 --json | jq .engines[0].memory.usedBytes"
        })
final class TopCommand implements Callable<Integer> {
    private static final int MAX_ROWS = 1_000;
    private static final double MAX_SECONDS = 3_600;
    /** What may be sorted by, as the console calls it in capitals. */
    private static final List<String> ORDERS = List.of(
            "id", "peer", "local", "handler", "loop", "state", "bytes-in", "bytes-out", "pending", "unread", "age");

    private final Stop stop;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Parameters(paramLabel = "URI", description = "Where the console is, such as http://127.0.0.1:7070/")
    private String uri = "";

    @Option(
            names = "--token",
            paramLabel = "TOKEN",
            description = "The console's token, if it has one; or set HAWSER_CONSOLE_TOKEN, which nobody else sees")
    private String token = "";

    @Option(names = "--once", description = "Shows it once, with sums since the start, and ends")
    private boolean once;

    @Option(names = "--json", description = "What the console sends, a JSON object a line")
    private boolean json;

    @Option(
            names = "--interval",
            paramLabel = "S",
            description = "Seconds between two looks; default: ${DEFAULT-VALUE}")
    private double interval = 1;

    @Option(names = "--rows", paramLabel = "N", description = "Connections to show; default: ${DEFAULT-VALUE}")
    private int rows = 10;

    @Option(
            names = "--sort",
            paramLabel = "ORDER",
            description =
                    "What comes first, the most of it: id, peer, local, handler, loop, state, bytes-in, bytes-out,"
                            + " pending, unread or age; default: ${DEFAULT-VALUE}")
    private String order = "bytes-in";

    @Option(
            names = "--filter",
            paramLabel = "TEXT",
            description = "Only connections with TEXT in their address, state, handler or number")
    private String filter = "";

    TopCommand(Stop stop) {
        this.stop = stop;
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        Usage.requireRange(spec, "--interval", interval, 0.1, MAX_SECONDS);
        Usage.requireRange(spec, "--rows", rows, 1, MAX_ROWS);
        if (!ORDERS.contains(order)) {
            throw new ParameterException(
                    spec.commandLine(), "--sort is one of " + String.join(", ", ORDERS) + ", not '" + order + "'");
        }
        final String secret = token.isEmpty()
                ? Optional.ofNullable(System.getenv("HAWSER_CONSOLE_TOKEN")).orElse("")
                : token;
        final PrintWriter out = spec.commandLine().getOut();
        final TopScreen screen = new TopScreen(out, once ? Terminal.NONE : Terminal.detect());
        try (ConsoleReader reader = new ConsoleReader(snapshotUri(), secret)) {
            do {
                final String text = reader.read();
                if (json) {
                    out.println(text);
                    out.flush();
                } else {
                    screen.show(parse(text));
                }
            } while (!once && !stop.await((long) (interval * 1e9)));
        }
        return 0;
    }

    private static JsonValue parse(String text) throws IOException {
        try {
            return JsonValue.parse(text);
        } catch (IllegalArgumentException e) {
            throw new IOException("That is no console: " + e.getMessage(), e);
        }
    }

    private URI snapshotUri() {
        final String base = uri.endsWith("/") ? uri : uri + "/";
        try {
            final URI all = URI.create(base + "api/snapshot?engine=0&descending=true&offset=0&limit=" + rows + "&order="
                    + order.replace('-', '_').toUpperCase(Locale.ROOT) + "&filter="
                    + URLEncoder.encode(filter, StandardCharsets.UTF_8));
            if ("http".equals(all.getScheme()) || "https".equals(all.getScheme())) {
                return all;
            }
        } catch (IllegalArgumentException _) {
            // Told below.
        }
        throw new ParameterException(spec.commandLine(), "A console is at http://HOST:PORT/, not at '" + uri + "'");
    }
}
