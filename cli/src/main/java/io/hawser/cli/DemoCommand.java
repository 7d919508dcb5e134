// SPDX-License-Identifier: Apache-2.0
package io.hawser.cli;

import io.hawser.cli.DemoServer.Style;
import io.hawser.cli.LoadSpec.Pacing;
import io.hawser.connection.Address;
import io.hawser.connection.Engine;
import io.hawser.tls.Tls;
import io.hawser.tls.TlsIdentity;
import io.hawser.transport.TransportProvider;
import io.hawser.transport.TransportUnavailableException;
import io.hawser.transport.Transports;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code hawser demo}: servers on all transports, with real traffic, for a newcomer to watch. */
@Command(
        name = "demo",
        description =
                "Shows Hawser at work: starts servers on every transport that works here, over TCP, TLS, unix sockets and UDP,"
                        + " with handlers on the loop, with sessions, with blocking handlers, and over https and wss, sends real traffic through each, checks every"
                        + " byte that comes back, and shows live figures here and on a page in the browser. Ends by itself.",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        sortOptions = false,
        footerHeading = "%nExamples:%n",
        footer = {
            "  hawser demo",
            "  hawser demo --duration 60 --connections 200",
            "  hawser demo --duration 600 --open"
        })
final class DemoCommand implements Callable<Integer> {
    private static final int MAX_CONNECTIONS = 10_000;
    private static final double MAX_SECONDS = 1_000_000;
    private static final int MAX_LOOPS = 2;
    private static final double RATE = 3_000;
    /** Over TLS, where a message takes more than an echo does, and all that is new to the JVM. */
    private static final double TLS_RATE = 200;

    private static final int SIZE_BYTES = 1_000;
    private static final int IN_FLIGHT = 256;
    /** What is measured while the JVM still compiles would say little. */
    private static final double WARMUP_PART = 0.2;

    private static final long MAX_WARMUP_NS = 1_000_000_000;

    private final Stop stop;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Option(names = "--duration", paramLabel = "S", description = "How many seconds it runs; default: ${DEFAULT-VALUE}")
    private double duration = 10;

    @Option(
            names = "--connections",
            paramLabel = "N",
            description = "Connections to each server; default: ${DEFAULT-VALUE}")
    private int connections = 16;

    @Option(names = "--open", description = "Opens the console in a browser")
    private boolean open;

    @Option(names = "--json", description = "Everything as JSON objects, one a line")
    private boolean json;

    // What is to be closed at the end, in the order in which it was opened.
    private final List<DemoServers> servers = new ArrayList<>();
    private final List<DemoLoad> loads = new ArrayList<>();
    private String roomUri = "";

    DemoCommand(Stop stop) {
        this.stop = stop;
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        Usage.requireRange(spec, "--duration", duration, 0.1, MAX_SECONDS);
        Usage.requireRange(spec, "--connections", connections, 1, MAX_CONNECTIONS);
        final PrintWriter out = spec.commandLine().getOut();
        final DemoView view = json ? new DemoJson(out) : new DemoText(out, Terminal.detect());
        final Path directory = Files.createTempDirectory("hawser-");
        try {
            final TlsIdentity identity = Tls.selfSigned();
            startServers(view, directory, Tls.server().identity(identity).build());
            try (DemoPages pages =
                    DemoPages.start(servers.stream().map(DemoServers::engine).toList())) {
                view.pages(pages.consoleUri(), pages.metricsUri(), roomUri);
                if (open) {
                    pages.open();
                }
                return run(view, Tls.client().trust(identity.certificate()).build());
            }
        } finally {
            loads.forEach(load -> load.run().close());
            servers.forEach(DemoServers::close);
            Files.deleteIfExists(directory);
        }
    }

    private void startServers(DemoView view, Path directory, Tls tls) throws IOException {
        final List<String> unavailable = new ArrayList<>();
        final int loops = Math.min(MAX_LOOPS, Runtime.getRuntime().availableProcessors());
        for (TransportProvider provider : Transports.all()) {
            final DemoServers server;
            try {
                server = DemoServers.start(provider.name(), loops);
            } catch (TransportUnavailableException e) {
                unavailable.add(Failures.describe(e));
                continue;
            }
            servers.add(server);
            server.listen(Address.parse("tcp://127.0.0.1:0"), Style.LOOP);
            if (servers.size() == 1) {
                server.listen(Address.parse("unix://" + directory.resolve("echo.sock")), Style.LOOP);
                server.listen(Address.parse("tcp://127.0.0.1:0"), Style.FRAMED);
                server.listen(Address.parse("tcp://127.0.0.1:0"), Style.BLOCKING);
                server.listen(Address.parse("tls://127.0.0.1:0"), tls);
                roomUri = server.serveWeb(tls);
            }
            server.listen(Address.parse("udp://127.0.0.1:0"), Style.DATAGRAM);
        }
        if (servers.isEmpty()) {
            throw new IOException("No transport works here: " + String.join("; ", unavailable));
        }
        view.servers(all(), unavailable);
    }

    private int run(DemoView view, Tls tls) throws IOException, InterruptedException {
        view.plan(load(all().getFirst()), TLS_RATE);
        for (DemoServer server : all()) {
            final var clients = Engine.builder()
                    .name("client")
                    .transport(server.transport())
                    .loops(1);
            loads.add(new DemoLoad(server, connect(clients, server, tls)));
        }
        for (DemoLoad load : loads) {
            engineOf(load).addService(load::service);
            load.start();
        }
        long leftNs = leftNs();
        while (leftNs > 0 && !stop.await(Math.min(leftNs, view.intervalNs()))) {
            leftNs = leftNs();
            if (leftNs > 0) {
                view.sample(look(leftNs));
            }
        }
        final List<LoadResult> results = new ArrayList<>();
        for (DemoLoad load : loads) {
            results.add(load.run().finish());
        }
        view.results(all(), results);
        boolean good = true;
        for (LoadResult result : results) {
            good &= result.failure().isEmpty();
        }
        return good ? 0 : 1;
    }

    private Load connect(Engine.Builder clients, DemoServer server, Tls tls) throws IOException, InterruptedException {
        final LoadSpec spec = load(server);
        return switch (server.style()) {
            case HTTPS -> WebLoad.pages(clients, spec, tls, server.uri(), DemoWeb.page());
            case WSS -> WebLoad.messages(clients, spec, tls, server.uri());
            case LOOP, FRAMED, BLOCKING, DATAGRAM ->
                LoadRun.connect(clients, spec, server.isSecure() ? Optional.of(tls) : Optional.empty(), stop);
        };
    }

    private Engine engineOf(DemoLoad load) {
        return servers.stream()
                .filter(each -> each.servers().contains(load.server()))
                .findFirst()
                .orElseThrow()
                .engine();
    }

    private List<DemoServer> all() {
        return servers.stream().flatMap(server -> server.servers().stream()).toList();
    }

    private LoadSpec load(DemoServer server) {
        final long allNs = (long) (duration * 1e9);
        final long warmupNs = Math.min(MAX_WARMUP_NS, (long) (allNs * WARMUP_PART));
        return new LoadSpec(
                server.address(),
                connections,
                IN_FLIGHT,
                SIZE_BYTES,
                Pacing.TIMER,
                server.isSecure() ? TLS_RATE : RATE,
                warmupNs,
                allNs - warmupNs,
                LoadSpec.ANSWER_TIMEOUT_NS,
                server.style() == Style.FRAMED ? DemoServers.FRAMING : null,
                null,
                0,
                0);
    }

    private long leftNs() {
        return loads.stream().mapToLong(load -> load.run().remainingNs()).max().orElse(0);
    }

    private DemoSample look(long leftNs) throws InterruptedException {
        final List<DemoSample.Traffic> traffic = new ArrayList<>();
        for (DemoLoad load : loads) {
            traffic.add(load.look());
        }
        final List<DemoSample.Loop> loops = new ArrayList<>();
        for (DemoServers server : servers) {
            loops.addAll(server.look());
        }
        return new DemoSample(leftNs, traffic, loops);
    }
}
