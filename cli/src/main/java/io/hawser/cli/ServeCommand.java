// SPDX-License-Identifier: Apache-2.0
package io.hawser.cli;

import io.hawser.connection.Address;
import io.hawser.connection.ConnectionOptions;
import io.hawser.connection.DatagramServer;
import io.hawser.connection.Engine;
import io.hawser.connection.HotRestart;
import io.hawser.connection.Server;
import io.hawser.connection.ServerOptions;
import io.hawser.connection.VirtualThreads;
import io.hawser.console.ConsoleServer;
import io.hawser.proxy.ProxyReceiver;
import io.hawser.session.SessionHandler;
import io.hawser.tls.Tls;
import io.hawser.transport.DatagramOptions;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code hawser serve}: echo servers, until a signal ends them. */
@Command(
        name = "serve",
        description = "Serves echo: sends back every byte, every datagram, or every message of a WebSocket, that comes."
                + " At http:// addresses it serves files.",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        sortOptions = false,
        footerHeading = "%nExamples:%n",
        footer = {
            "  hawser serve",
            "  hawser serve tcp://0.0.0.0:7000 tcp://[::1]:7001 unix:///tmp/echo.sock",
            "  hawser serve udp://127.0.0.1:7000",
            "  hawser serve tls://127.0.0.1:7443 --self-signed",
            "  hawser serve ws://127.0.0.1:8081/echo",
            "  hawser serve --blocking",
            "  hawser serve --codec length4",
            "  hawser serve tcp://127.0.0.1:0 --transport epoll --loops 2",
            "  hawser serve http://127.0.0.1:8080 --root . --listing --access-log",
            "  hawser serve --console http://127.0.0.1:7070",
            "",
            "Try it:  echo hello | nc -N 127.0.0.1 7000",
            "It prints 'listening URI' for each address once clients can connect;",
            "SIGTERM and Ctrl-C end it with exit code 0.",
            "",
            "Restart without downtime: start the same command again, with the same --takeover PATH."
        })
final class ServeCommand implements Callable<Integer> {
    private static final String DEFAULT_ADDRESS = "tcp://127.0.0.1:7000";
    /** How long clients that do not hang up themselves delay the end. */
    private static final Duration CLOSE_TIME = Duration.ofSeconds(1);

    private static final int FIRST_UNPRIVILEGED_PORT = 1024;
    private static final int MAX_DEFLATE_THRESHOLD = 1 << 30;
    private static final int MAX_DRAIN_SECONDS = 86_400;

    private final Stop stop;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Parameters(
            paramLabel = "URI",
            defaultValue = DEFAULT_ADDRESS,
            description =
                    "Where to listen: tcp://HOST:PORT, tls://HOST:PORT, udp://HOST:PORT, unix:///PATH, http:// or https://HOST:PORT, or ws:// or wss://HOST:PORT/PATH. Port 0 takes a free port, an empty HOST or"
                            + " * all interfaces; default: ${DEFAULT-VALUE}")
    private List<String> addresses = List.of();

    @Mixin
    private HttpServing http = new HttpServing();

    @Mixin
    private EngineOptions engineOptions = new EngineOptions(Runtime.getRuntime().availableProcessors());

    @Option(
            names = "--reuse-port",
            description = "Every loop listens for itself, and the kernel spreads the connections (SO_REUSEPORT)")
    private boolean reusePort;

    @Option(
            names = "--blocking",
            description = "Streams are served by blocking handlers, each on a virtual thread while it is busy")
    private boolean blocking;

    @Option(
            names = "--loop-carried",
            description =
                    "With --blocking or http://: the loop's own thread carries the virtual threads, not the JDK's pool")
    private boolean loopCarried;

    @Option(
            names = "--codec",
            paramLabel = "NAME",
            converter = NamedFramingConverter.class,
            description = "Cuts streams into frames and echoes each when all of it is there, through sessions: "
                    + NamedFraming.NAMES
                    + " (the number is the width of a length before each frame, or N bytes for each)."
                    + " What is no frame, or longer than 1 MiB, closes its connection. Not with --blocking or udp://")
    private @Nullable NamedFraming codec;

    @Option(
            names = "--deflate-threshold",
            paramLabel = "BYTES",
            defaultValue = "128",
            description =
                    "ws: where compression is agreed on, shorter messages are sent as they are; default: ${DEFAULT-VALUE}")
    private int deflateThreshold;

    @Option(
            names = "--datagram-size",
            paramLabel = "BYTES",
            description =
                    "udp: the longest datagram that comes back whole; longer ones are cut. Default: ${DEFAULT-VALUE}")
    private int datagramSize = DatagramOptions.DEFAULT.maxDatagramBytes();

    @Option(
            names = "--takeover",
            paramLabel = "PATH",
            description =
                    "Takes over the sockets of the process that serves with the same PATH, a unix socket; if none does, serves"
                            + " anew. Then offers them there to the next one. io_uring and epoll only")
    private String takeover = "";

    @Option(
            names = "--drain",
            paramLabel = "SECONDS",
            description = "With --takeover: how long its connections may go on when another process has taken over;"
                    + " default: ${DEFAULT-VALUE}")
    private int drainSeconds = 30;

    @Mixin
    private TlsOptions tlsOptions = new TlsOptions();

    @Mixin
    private TlsProviderOption tlsProvider = new TlsProviderOption();

    @Option(names = "--proxy-protocol", paramLabel = "MODE", description = ProxyHeaders.MODE_TEXT)
    private String proxyProtocol = ProxyHeaders.OFF;

    @Option(names = "--proxy-trusted", paramLabel = "LIST", description = ProxyHeaders.TRUSTED_TEXT)
    private String proxyTrusted = ProxyHeaders.TRUSTED;

    @Mixin
    private ConsoleOptions consoleOptions = new ConsoleOptions();

    @Option(names = "--json", description = "One JSON object per address instead of 'listening URI'")
    private boolean json;

    ServeCommand(Stop stop) {
        this.stop = stop;
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        Usage.requireRange(spec, "--datagram-size", datagramSize, 1, DatagramOptions.MAX_IPV6_PAYLOAD_BYTES);
        Usage.requireRange(spec, "--deflate-threshold", deflateThreshold, 1, MAX_DEFLATE_THRESHOLD);
        http.check(spec, addresses);
        final List<Address> wanted = addresses.stream()
                .filter(text -> !HttpServing.isHttp(text) && !WebSocketEcho.isFor(text))
                .map(this::address)
                .toList();
        if (addresses.stream().anyMatch(WebSocketEcho::isFor) && (blocking || codec != null)) {
            throw new ParameterException(spec.commandLine(), "ws:// goes without --blocking and --codec");
        }
        if (loopCarried && !blocking && addresses.stream().noneMatch(HttpServing::isHttp)) {
            throw new ParameterException(spec.commandLine(), "--loop-carried goes with --blocking or http://");
        }
        if (codec != null && (blocking || wanted.stream().anyMatch(Address::isUdp))) {
            throw new ParameterException(spec.commandLine(), "--codec goes with streams, and without --blocking");
        }
        Usage.requireRange(spec, "--drain", drainSeconds, 0, MAX_DRAIN_SECONDS);
        final Listening listening = listening(wanted);
        final Engine engine = engineOptions
                .engine("hawser")
                .virtualThreads(loopCarried ? VirtualThreads.LOOP : VirtualThreads.JDK)
                .start();
        Optional<ConsoleServer> console = Optional.empty();
        try {
            console = consoleOptions.start(List.of(engine));
            final Optional<HotRestart> restart =
                    takeover.isEmpty() ? Optional.empty() : Optional.of(engine.hotRestart(path(takeover)));
            final List<String> bound = new ArrayList<>();
            for (String text : addresses) {
                if (HttpServing.isHttp(text)) {
                    bound.add(listenForHttp(engine, text, listening));
                } else if (WebSocketEcho.isFor(text)) {
                    bound.add(listenForWebSockets(engine, text, listening));
                } else {
                    bound.add(
                            listen(engine, Usage.address(spec, text), listening).toString());
                }
            }
            final PrintWriter err = spec.commandLine().getErr();
            err.println((wanted.isEmpty() && addresses.stream().noneMatch(WebSocketEcho::isFor)
                            ? "http over "
                            : "echo over ")
                    + engine.transport() + " on " + Units.counted(engine.loops().size(), "loop"));
            err.flush();
            if (restart.isPresent()) {
                takeOver(restart.get(), err);
            }
            bound.forEach(uri -> announce(engine, uri));
            if (restart.isPresent()) {
                serveUntilHandedOver(engine, restart.get(), err);
            } else {
                stop.await();
            }
        } finally {
            console.ifPresent(ConsoleServer::close);
            engine.closeAsync(CLOSE_TIME).join();
            http.close();
        }
        return 0;
    }

    private Address address(String text) {
        try {
            return Usage.address(spec, text);
        } catch (ParameterException e) {
            final String message = String.valueOf(e.getMessage());
            throw message.contains("Unknown scheme")
                    ? new ParameterException(spec.commandLine(), message + "; and http, https, ws and wss", e)
                    : e;
        }
    }

    /** How streams are listened for, whatever is spoken over them. */
    private record Listening(ServerOptions plain, Optional<Tls> tls) {
        ServerOptions options(boolean secure, String... protocols) throws IOException {
            return secure
                    ? plain.withConnections(
                            plain.connections().withTls(tls.orElseThrow().speaking(protocols)))
                    : plain;
        }
    }

    private Listening listening(List<Address> wanted) throws IOException {
        final boolean forHttp =
                addresses.stream().anyMatch(text -> HttpServing.isSecure(text) || WebSocketEcho.isSecure(text));
        final Optional<Tls> tls =
                tlsOptions.server(forHttp || wanted.stream().anyMatch(Address::isTls), tlsProvider.provider());
        final Optional<ProxyReceiver> receiver =
                ProxyHeaders.receiver(spec, "--proxy-protocol", proxyProtocol, proxyTrusted);
        return new Listening(
                ServerOptions.DEFAULT
                        .withReusePort(reusePort)
                        .withConnections(ProxyHeaders.receiving(ConnectionOptions.DEFAULT, receiver)),
                tls);
    }

    private Path path(String text) {
        try {
            return Path.of(text);
        } catch (InvalidPathException e) {
            throw new ParameterException(spec.commandLine(), "--takeover: " + e.getMessage(), e);
        }
    }

    private static void takeOver(HotRestart restart, PrintWriter err) throws IOException {
        restart.ready();
        restart.predecessor()
                .ifPresent(process -> err.println(
                        "took over " + Units.counted(restart.takenOver(), "socket") + " from process " + process));
        restart.unclaimed()
                .forEach(address ->
                        err.println("closed " + address + ", at which it served and this process is not to"));
        err.flush();
    }

    private void serveUntilHandedOver(Engine engine, HotRestart restart, PrintWriter err) throws InterruptedException {
        final CompletableFuture<Long> handedOver = restart.handedOver();
        if (!stop.awaitOr(handedOver, Long.MAX_VALUE) || stop.isRequested() || handedOver.isCompletedExceptionally()) {
            return;
        }
        err.println("handed over to process " + handedOver.join() + ", draining "
                + Units.counted(engine.connectionCount(), "connection"));
        err.flush();
        http.drain(Duration.ofSeconds(drainSeconds));
        final boolean inTime = stop.awaitOr(engine.drained(), TimeUnit.SECONDS.toNanos(drainSeconds));
        err.println(
                inTime && !stop.isRequested()
                        ? "drained"
                        : "closing what is left: " + Units.counted(engine.connectionCount(), "connection"));
        err.flush();
    }

    /** The address that is really bound. */
    private Address listen(Engine engine, Address address, Listening listening) throws IOException {
        try {
            return address.isUdp()
                    ? bind(engine, address).address()
                    : listenForStreams(engine, address, listening).address();
        } catch (IOException e) {
            throw new IOException("Cannot listen on " + address + ": " + Failures.reason(e) + hint(address, e), e);
        }
    }

    private String listenForWebSockets(Engine engine, String uri, Listening listening) throws IOException {
        try {
            return WebSocketEcho.listen(
                    engine, uri, listening.options(WebSocketEcho.isSecure(uri), "http/1.1"), deflateThreshold);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()), e);
        } catch (IOException e) {
            throw new IOException("Cannot listen on " + uri + ": " + Failures.reason(e), e);
        }
    }

    private String listenForHttp(Engine engine, String uri, Listening listening) throws IOException {
        try {
            return http.listen(spec, engine, uri, listening.plain(), listening.tls(), json);
        } catch (NoSuchFileException | NotDirectoryException e) {
            throw new IOException("--root is not a directory: " + e.getMessage(), e);
        } catch (IOException e) {
            throw new IOException("Cannot listen on " + uri + ": " + Failures.reason(e), e);
        }
    }

    private Server listenForStreams(Engine engine, Address address, Listening listening) throws IOException {
        final ServerOptions options = listening.options(address.isTls());
        if (blocking) {
            return engine.serve(address, options, BlockingEcho::serve);
        }
        return engine.listen(
                address,
                options,
                codec == null
                        ? new EchoHandler()
                        : SessionHandler.of(engine, codec.framing().frames(), new FrameEcho()));
    }

    private DatagramServer bind(Engine engine, Address address) throws IOException {
        final DatagramOptions options = DatagramOptions.builder()
                .maxDatagramBytes(datagramSize)
                .reusePort(reusePort)
                .build();
        return engine.bind(address, options, (_, datagram) -> datagram.reply(datagram.reader()));
    }

    private static String hint(Address address, IOException e) {
        final String message = String.valueOf(e.getMessage()).toLowerCase(Locale.ROOT);
        return address.port() > 0 && address.port() < FIRST_UNPRIVILEGED_PORT && message.contains("permission denied")
                ? " (ports below " + FIRST_UNPRIVILEGED_PORT + " need privileges)"
                : "";
    }

    private void announce(Engine engine, String uri) {
        final PrintWriter out = spec.commandLine().getOut();
        out.println(
                json
                        ? new Json()
                                .put("event", "listening")
                                .put("uri", uri)
                                .put("transport", engine.transport())
                                .put("loops", engine.loops().size())
                                .toString()
                        : "listening " + uri);
        out.flush();
    }
}
