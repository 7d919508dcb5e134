// SPDX-License-Identifier: Apache-2.0
package io.hawser.cli;

import io.hawser.cli.LoadSpec.Pacing;
import io.hawser.connection.Address;
import io.hawser.tls.Tls;
import io.hawser.transport.DatagramOptions;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code hawser bench}: a load generator against an echo server, or one of HTTP. */
@Command(
        name = "bench",
        description = {
            "Measures an echo server: sends messages, checks every byte that comes back, and prints throughput and latency.",
            "",
            "Without --rate each connection sends its next message when an answer comes (closed loop), which finds the"
                    + " highest throughput. With --rate messages are due at even distances whatever the server does (open"
                    + " loop), and latency counts from the time a message was due: what a user would wait.",
            "",
            "With --requests each connection ends after so many messages, and the result is the time for all of them, that of"
                    + " connecting included. With --ramp connections open one after the other, and each sends at once; what"
                    + " --duration measures begins when all should be open.",
            "",
            "Over http:// and https:// the messages are GET requests of HTTP/1.1 for the path. Answers whose status is not 2xx count as"
                    + " errors. A connection that the server ends after an answer is replaced.",
            "",
            "Over udp:// each message is a datagram with a number; those that do not come back in time are counted as lost,"
                    + " and so are answers that come late, twice or out of order. Loss alone is no failure."
        },
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        sortOptions = false,
        footerHeading = "%nExamples:%n",
        footer = {
            "  hawser bench tcp://127.0.0.1:7000",
            "  hawser bench tcp://127.0.0.1:7000 --connections 100 --size 1024 --duration 30",
            "  hawser bench unix:///tmp/echo.sock --rate 20000 --json",
            "  hawser bench http://127.0.0.1:8080/index.html --connections 100",
            "  hawser bench udp://127.0.0.1:7000 --in-flight 8",
            "  hawser bench tcp://127.0.0.1:7000 --codec length4 --requests 100000 --ramp 2",
            "",
            "Ctrl-C ends it early and prints the result so far. The exit code is 1 if bytes",
            "were wrong, connections failed, or nothing came back."
        })
final class BenchCommand implements Callable<Integer> {
    private static final int MAX_CONNECTIONS = 1_000_000;
    private static final int MAX_IN_FLIGHT = 1 << 20;
    private static final int MAX_SIZE_BYTES = 16 << 20;
    private static final int DEFAULT_SIZE_BYTES = 64;
    private static final double MAX_SECONDS = 1_000_000;
    private static final double MAX_TIMEOUT_SECONDS = 600;
    private static final double MAX_RATE = 1e8;
    private static final long MAX_REQUESTS = 1_000_000_000_000L;
    private static final double MAX_RAMP_SECONDS = 86_400;
    private static final long SILENCE_NS = 10_000_000_000L;
    private static final double DEFAULT_SECONDS = 10;
    private static final double DEFAULT_WARMUP_SECONDS = 2;
    private static final long MAX_PENDING_BYTES = 512L << 20;
    /** In an open loop the most of a connection that may be unanswered, unless memory says less. */
    private static final int OPEN_LOOP_IN_FLIGHT = 1024;

    private final Stop stop;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Parameters(
            paramLabel = "URI",
            description =
                    "The echo server: tcp://HOST:PORT, tls://HOST:PORT, unix:///PATH or udp://HOST:PORT; or a page:"
                            + " http://HOST:PORT/PATH or https://HOST:PORT/PATH")
    private String address = "";

    @Option(
            names = "--connections",
            paramLabel = "N",
            description = "Connections, or UDP sockets; default: ${DEFAULT-VALUE}")
    private int connections = 16;

    @Option(
            names = "--in-flight",
            paramLabel = "N",
            description =
                    "Messages of a connection that are on their way at any time; default: 1. With --rate the most that"
                            + " may be; default: 1024, or as many as fit into 256 MiB in all")
    private @Nullable Integer inFlight;

    @Option(names = "--size", paramLabel = "BYTES", description = "Size of a message; default: 64. Not with http")
    private @Nullable Integer size;

    @Option(
            names = "--codec",
            paramLabel = "NAME",
            converter = NamedFramingConverter.class,
            description = "Puts each message into a frame, through sessions: " + NamedFraming.BINARY_NAMES
                    + "; default: none, the bytes alone")
    private @Nullable NamedFraming codec;

    @Option(names = "--duration", paramLabel = "S", description = "Seconds to measure; default: 10")
    private @Nullable Double duration;

    @Option(names = "--warmup", paramLabel = "S", description = "Seconds to run before that; default: 2")
    private @Nullable Double warmup;

    @Option(
            names = "--requests",
            paramLabel = "N",
            description = "Messages of each connection, after which it ends; instead of --duration and --warmup")
    private @Nullable Long requests;

    @Option(
            names = "--ramp",
            paramLabel = "S",
            description =
                    "Seconds over which connections are opened; default: all before the first message. Not with --rate")
    private @Nullable Double ramp;

    @Option(
            names = "--rate",
            paramLabel = "R",
            description = "Messages per second over all connections (open loop); the loops poll to be on time")
    private @Nullable Double rate;

    @Option(
            names = "--timeout",
            paramLabel = "S",
            description =
                    "udp: seconds after which a datagram that has not come back is lost; default: 1. With --requests:"
                            + " seconds of silence after which missing answers are not waited for; default: 10")
    private @Nullable Double timeout;

    @Mixin
    private EngineOptions engineOptions = new EngineOptions(1);

    @Mixin
    private TlsClientOptions tlsOptions = new TlsClientOptions();

    @Mixin
    private TlsProviderOption tlsProvider = new TlsProviderOption();

    @Option(names = "--json", description = "The result as one JSON object")
    private boolean json;

    BenchCommand(Stop stop) {
        this.stop = stop;
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        final LoadSpec load = load();
        final PrintWriter out = spec.commandLine().getOut();
        final Terminal terminal = json ? Terminal.NONE : Terminal.detect();
        final Report report = new Report(out, terminal);
        final LoadResult result;
        final Optional<Tls> tls = tls(load);
        try (LoadRun run = LoadRun.connect(engineOptions.engine("bench"), load, tls, stop)) {
            if (!json) {
                report.plan(load, run.transport(), run.loops());
            }
            run.start();
            try (Progress progress = new Progress(out, terminal)) {
                progress.watch(run, stop);
                result = run.finish();
            }
        }
        if (json) {
            out.println(result.toJson());
            out.flush();
        } else {
            report.result(result);
        }
        final Optional<String> failure = result.failure();
        failure.ifPresent(text -> spec.commandLine().getErr().println("hawser bench: " + text));
        return failure.isPresent() ? 1 : 0;
    }

    private Optional<Tls> tls(LoadSpec load) throws IOException {
        final Optional<Tls> tls = tlsOptions.client(load.address().isTls(), tlsProvider.provider());
        return tls.isEmpty() || load.http() == null
                ? tls
                : Optional.of(tls.get().speaking("http/1.1"));
    }

    private LoadSpec load() {
        Usage.requireRange(spec, "--connections", connections, 1, MAX_CONNECTIONS);
        Usage.requireRange(spec, "--size", size(), 1, MAX_SIZE_BYTES);
        final double seconds = duration == null ? DEFAULT_SECONDS : duration;
        Usage.requireRange(spec, "--duration", seconds, 0.001, MAX_SECONDS);
        final double warmupSeconds = warmup == null ? DEFAULT_WARMUP_SECONDS : warmup;
        Usage.requireRange(spec, "--warmup", warmupSeconds, 0.0, MAX_SECONDS);
        final double perSecond = rate == null ? 0 : rate;
        if (rate != null) {
            Usage.requireRange(spec, "--rate", perSecond, 0.001, MAX_RATE);
        }
        if (address.startsWith("ws")) {
            throw wrong("'" + address + "': this measures echo over tcp, tls, unix and udp, and HTTP; not WebSocket");
        }
        final Optional<HttpTarget> http = http();
        final Address target = http.map(HttpTarget::address).orElseGet(() -> Usage.address(spec, address));
        if (target.isUdp()) {
            Usage.requireRange(
                    spec, "--size", size(), DatagramClient.HEADER_BYTES, DatagramOptions.MAX_IPV4_PAYLOAD_BYTES);
        }
        final long messages = requests(target);
        requireCodecFits(target);
        return new LoadSpec(
                target,
                connections,
                inFlight(http.map(page -> page.head().length()).orElse(size())),
                http.isPresent() ? 0 : size(),
                rate == null ? Pacing.CLOSED_LOOP : Pacing.OPEN_LOOP,
                perSecond,
                messages > 0 ? 0 : (long) (warmupSeconds * 1e9),
                messages > 0 ? LoadSpec.UNBOUNDED_NS : (long) (seconds * 1e9),
                answerTimeoutNs(target),
                codec,
                http.orElse(null),
                messages,
                rampNs(target));
    }

    private ParameterException wrong(String message) {
        return new ParameterException(spec.commandLine(), message);
    }

    private int size() {
        return size == null ? DEFAULT_SIZE_BYTES : size;
    }

    /** What to get; nothing where it is an echo server. */
    private Optional<HttpTarget> http() {
        if (!HttpTarget.isHttp(address)) {
            return Optional.empty();
        }
        if (size != null || codec != null) {
            throw wrong("--size and --codec are for echo servers, not for HTTP");
        }
        try {
            return Optional.of(HttpTarget.parse(address));
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()), e);
        }
    }

    /** 0 for none. */
    private long requests(Address target) {
        if (requests == null) {
            return 0;
        }
        if (target.isUdp()) {
            throw wrong("--requests goes with tcp:// and unix://");
        }
        if (duration != null || warmup != null) {
            throw wrong("--requests goes without --duration and --warmup");
        }
        final long messages = requests;
        Usage.requireRange(spec, "--requests", messages, 1, MAX_REQUESTS);
        return messages;
    }

    /** 0 for none. */
    private long rampNs(Address target) {
        if (ramp == null) {
            return 0;
        }
        if (target.isUdp() || rate != null) {
            throw wrong("--ramp goes with tcp:// and unix://, and without --rate");
        }
        final double seconds = ramp;
        Usage.requireRange(spec, "--ramp", seconds, 0.001, MAX_RAMP_SECONDS);
        return (long) (seconds * 1e9);
    }

    private void requireCodecFits(Address target) {
        if (codec == null) {
            return;
        }
        if (target.isUdp()) {
            throw wrong("--codec goes with tcp:// and unix://");
        }
        if (!codec.binary()) {
            throw wrong("--codec " + codec + " does not keep messages of any bytes apart; these do: "
                    + NamedFraming.BINARY_NAMES);
        }
        try {
            codec.frameBytes(size());
        } catch (IllegalArgumentException e) {
            throw new ParameterException(
                    spec.commandLine(),
                    "--size " + size() + " does not go with --codec " + codec + ": " + e.getMessage(),
                    e);
        }
    }

    private long answerTimeoutNs(Address target) {
        if (timeout == null) {
            return target.isUdp() ? LoadSpec.ANSWER_TIMEOUT_NS : SILENCE_NS;
        }
        if (!target.isUdp() && requests == null) {
            throw wrong("--timeout goes with udp:// or --requests");
        }
        final double seconds = timeout;
        Usage.requireRange(spec, "--timeout", seconds, 0.001, MAX_TIMEOUT_SECONDS);
        return (long) (seconds * 1e9);
    }

    private int inFlight(int messageBytes) {
        final long most = MAX_PENDING_BYTES / connections / messageBytes;
        final boolean closed = rate == null;
        final int wanted = inFlight != null ? inFlight : closed ? 1 : Math.clamp(most / 2, 1, OPEN_LOOP_IN_FLIGHT);
        Usage.requireRange(spec, "--in-flight", wanted, 1, MAX_IN_FLIGHT);
        if (wanted > most) {
            throw new ParameterException(
                    spec.commandLine(),
                    "--connections × --in-flight × the size of a message must not exceed " + (MAX_PENDING_BYTES >> 20)
                            + " MiB");
        }
        return wanted;
    }
}
