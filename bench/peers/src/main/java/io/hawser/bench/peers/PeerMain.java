// SPDX-License-Identifier: Apache-2.0
package io.hawser.bench.peers;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The command {@code bench/peer}: starts one peer, says where it listens, and serves until SIGTERM or Ctrl-C. */
@Command(
        name = "bench/peer",
        description =
                "Starts a server that Hawser is measured against, on loopback, at a port that the system chooses.",
        mixinStandardHelpOptions = true,
        versionProvider = PeerVersions.class,
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {"0:stopped by SIGTERM or Ctrl-C", "1:failed", "2:wrong usage"})
public final class PeerMain implements Callable<Integer> {
    private static final int MAX_LOOPS = 1024;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Parameters(index = "0", arity = "0..1", paramLabel = "NAME", description = "who; --list names them")
    private String name = "";

    @Parameters(
            index = "1",
            arity = "0..1",
            paramLabel = "MODE",
            defaultValue = "echo",
            description =
                    "echo (TCP), framed (TCP, a length of 4 bytes before each frame), udp, http, ws or tls; default echo")
    private Mode mode = Mode.ECHO;

    @Option(names = "--list", description = "names the peers, each mode with its options, and ends")
    private boolean list;

    @Option(names = "--loops", defaultValue = "1", description = "event loops; default ${DEFAULT-VALUE}")
    private int loops = 1;

    @Option(
            names = "--allocator",
            defaultValue = "default",
            description = "Netty: adaptive, pooled, or default for what Netty takes by itself")
    private Allocator allocator = Allocator.DEFAULT;

    @Option(
            names = "--consolidate",
            description = "Netty: flush each message, and merge the flushes by FlushConsolidationHandler")
    private boolean consolidate;

    @Option(
            names = "--buffer-ring",
            negatable = true,
            defaultValue = "true",
            fallbackValue = "true",
            description = "Netty on io_uring: receive into a buffer ring, where the kernel has it; default on")
    private boolean bufferRing = true;

    @Option(names = "--gro", description = "Netty on epoll, udp: let the kernel merge datagrams (UDP_GRO)")
    private boolean gro;

    @Option(
            names = "--datagram-bytes",
            defaultValue = "2048",
            description = "udp: the longest datagram that comes back whole; default ${DEFAULT-VALUE}")
    private int datagramBytes = Settings.DATAGRAM_BYTES;

    @Option(
            names = "--transport",
            defaultValue = "native",
            description = "Vert.x: native for what it prefers here, nio, epoll or uring; default ${DEFAULT-VALUE}")
    private VertxTransport transport = VertxTransport.NATIVE;

    @Option(names = "--platform", description = "jdk-threads: threads of the system instead of virtual ones")
    private boolean platform;

    @Option(
            names = "--tls-provider",
            defaultValue = "jdk",
            description = "Netty, tls: jdk, or openssl by netty-tcnative; default ${DEFAULT-VALUE}")
    private TlsProvider tlsProvider = TlsProvider.JDK;

    @Option(names = "--cert", paramLabel = "FILE", description = "tls: the chain of certificates, PEM")
    private @Nullable Path certificate;

    @Option(names = "--key", paramLabel = "FILE", description = "tls: the private key, PEM in PKCS#8")
    private @Nullable Path key;

    private PeerMain() {}

    /**
     * Runs the command and ends the JVM with its exit code.
     *
     * @param args the command line
     */
    public static void main(String[] args) {
        final int code = commandLine().execute(args);
        System.out.flush();
        System.exit(code);
    }

    static CommandLine commandLine() {
        return new CommandLine(new PeerMain())
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setParameterExceptionHandler((e, _) -> {
                    e.getCommandLine().getErr().println("bench/peer: " + describe(e));
                    e.getCommandLine().getErr().println("Try 'bench/peer --help'.");
                    return e.getCommandLine().getCommandSpec().exitCodeOnInvalidInput();
                })
                .setExecutionExceptionHandler((e, command, _) -> {
                    command.getErr().println("bench/peer: " + describe(e));
                    return command.getCommandSpec().exitCodeOnExecutionException();
                });
    }

    private static String describe(Exception e) {
        final String message = e.getMessage();
        return message == null ? e.toString() : message;
    }

    @Override
    public Integer call() throws Exception {
        if (list) {
            list(spec.commandLine().getOut());
            return 0;
        }
        final Peer peer = peer();
        final PeerServer server = peer.start(settings(peer));
        StopSignal.onShutdown(server::close);
        final PrintWriter out = spec.commandLine().getOut();
        out.println("listening " + mode.uri(server.address()));
        out.flush();
        // The hook ends the process.
        new CountDownLatch(1).await();
        return 0;
    }

    private static void list(PrintWriter out) {
        for (Peer peer : Peer.values()) {
            for (Mode mode : peer.modes()) {
                out.println(peer + " " + mode + "  " + String.join(" ", peer.options(mode)));
            }
        }
        out.flush();
    }

    private Peer peer() {
        if (name.isEmpty()) {
            throw wrong("A NAME is needed; --list names them");
        }
        try {
            return Peer.named(name);
        } catch (IllegalArgumentException e) {
            throw wrong(describe(e));
        }
    }

    private Settings settings(Peer peer) {
        if (!peer.modes().contains(mode)) {
            throw wrong(peer + " has no mode " + mode + "; it has "
                    + String.join(
                            ", ", peer.modes().stream().map(Mode::toString).toList()));
        }
        for (OptionSpec option : spec.commandLine().getParseResult().matchedOptions()) {
            if (!peer.options(mode).contains(option.longestName())) {
                throw wrong(option.longestName() + " does not concern " + peer + " " + mode);
            }
        }
        requireRange("--loops", loops, MAX_LOOPS);
        requireRange("--datagram-bytes", datagramBytes, Settings.MAX_DATAGRAM);
        return new Settings(
                mode, loops, allocator, consolidate, bufferRing, gro, datagramBytes, transport, platform, tls());
    }

    private @Nullable Tls tls() {
        if (mode != Mode.TLS) {
            return null;
        }
        if (certificate == null || key == null) {
            throw wrong("tls needs --cert and --key");
        }
        return new Tls(tlsProvider, certificate, key);
    }

    private void requireRange(String option, int value, int high) {
        if (value < 1 || value > high) {
            throw wrong(option + " must be from 1 to " + high + ", not " + value);
        }
    }

    private ParameterException wrong(String message) {
        return new ParameterException(spec.commandLine(), message);
    }
}
