// SPDX-License-Identifier: Apache-2.0
package io.hawser.cli;

import io.hawser.connection.Address;
import io.hawser.connection.Engine;
import io.hawser.connection.Server;
import io.hawser.proxy.ProxyReceiver;
import io.hawser.proxy.ProxyVersion;
import io.hawser.tls.Tls;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code hawser proxy}: forwards connections, until a signal ends it. */
@Command(
        name = "proxy",
        description = "Forwards connections to one or several upstream servers, without copying a byte.",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        sortOptions = false,
        footerHeading = "%nExamples:%n",
        footer = {
            "  hawser proxy tcp://0.0.0.0:8080 tcp://127.0.0.1:7000",
            "  hawser proxy tcp://127.0.0.1:0 tcp://10.0.0.1:80 tcp://10.0.0.2:80 --balance least",
            "  hawser proxy tls://0.0.0.0:7443 tcp://127.0.0.1:7000 --cert chain.pem --key key.pem",
            "  hawser proxy tcp://0.0.0.0:8080 tcp://127.0.0.1:7000 --proxy-protocol-out v2",
            "  hawser proxy unix:///tmp/front.sock tcp://127.0.0.1:5432 --check 2",
            "",
            "It prints 'listening URI' once clients can connect. An upstream that cannot be reached is passed over,",
            "and tried again by the checks. Half-closed connections stay half-open. SIGTERM and Ctrl-C end it with exit code 0."
        })
final class ProxyCommand implements Callable<Integer> {
    private static final Duration CLOSE_TIME = Duration.ofSeconds(1);

    private final Stop stop;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Parameters(
            index = "0",
            paramLabel = "LISTEN",
            description = "Where to listen: tcp://HOST:PORT, tls://HOST:PORT or unix:///PATH")
    private String listen = "";

    @Parameters(
            index = "1..*",
            arity = "1..*",
            paramLabel = "UPSTREAM",
            description = "Where to forward to: tcp://HOST:PORT, tls://HOST:PORT or unix:///PATH")
    private List<String> upstreamAddresses = List.of();

    @Mixin
    private EngineOptions engineOptions = new EngineOptions(Runtime.getRuntime().availableProcessors());

    @Option(
            names = "--balance",
            paramLabel = "HOW",
            description =
                    "How to choose among upstreams: round-robin, least (connections), or source (address of the client);"
                            + " default: round-robin",
            converter = BalanceConverter.class)
    private Balance balance = Balance.ROUND_ROBIN;

    @Option(
            names = "--check",
            paramLabel = "SECONDS",
            description =
                    "Connects to each upstream so often, to see whether it is there; 0 for never. Default: ${DEFAULT-VALUE}")
    private int checkSeconds = 5;

    @Option(
            names = "--dial-timeout",
            paramLabel = "SECONDS",
            description = "How long to try an upstream before the next. Default: ${DEFAULT-VALUE}")
    private int dialTimeoutSeconds = 3;

    @Option(
            names = "--idle-timeout",
            paramLabel = "SECONDS",
            description =
                    "Closes connections on which nothing has gone for so long; 0 for never. Default: ${DEFAULT-VALUE}")
    private int idleTimeoutSeconds;

    @Option(
            names = "--reuse-port",
            description = "Every loop listens for itself, and the kernel spreads the connections (SO_REUSEPORT)")
    private boolean reusePort;

    @Mixin
    private TlsOptions tlsOptions = new TlsOptions();

    @Mixin
    private TlsClientOptions tlsClientOptions = new TlsClientOptions();

    @Mixin
    private TlsProviderOption tlsProvider = new TlsProviderOption();

    @Option(names = "--proxy-protocol-in", paramLabel = "MODE", description = ProxyHeaders.MODE_TEXT)
    private String proxyProtocolIn = ProxyHeaders.OFF;

    @Option(names = "--proxy-trusted", paramLabel = "LIST", description = ProxyHeaders.TRUSTED_TEXT)
    private String proxyTrusted = ProxyHeaders.TRUSTED;

    @Option(
            names = "--proxy-protocol-out",
            paramLabel = "VERSION",
            description =
                    "Tells upstreams who the client is, by a PROXY header: v1 or v2; 'off'. Behind a proxy that has said who, passes"
                            + " that on. Default: ${DEFAULT-VALUE}")
    private String proxyProtocolOut = ProxyHeaders.OFF;

    ProxyCommand(Stop stop) {
        this.stop = stop;
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        Usage.requireRange(spec, "--check", checkSeconds, 0, 86_400);
        Usage.requireRange(spec, "--dial-timeout", dialTimeoutSeconds, 1, 86_400);
        Usage.requireRange(spec, "--idle-timeout", idleTimeoutSeconds, 0, 86_400);
        final Address address = stream(listen);
        final List<Upstream> targets = upstreamAddresses.stream()
                .map(text -> new Upstream(stream(text)))
                .toList();
        final Optional<Tls> front = tlsOptions.server(address.isTls(), tlsProvider.provider());
        final Optional<Tls> back = tlsClientOptions.client(
                targets.stream().anyMatch(target -> target.address().isTls()), tlsProvider.provider());
        final Optional<ProxyReceiver> receiver =
                ProxyHeaders.receiver(spec, "--proxy-protocol-in", proxyProtocolIn, proxyTrusted);
        final Optional<ProxyVersion> version = ProxyHeaders.version(spec, "--proxy-protocol-out", proxyProtocolOut);
        final PrintWriter err = spec.commandLine().getErr();
        final Engine engine = engineOptions.engine("hawser").start();
        try {
            final Proxy proxy = new Proxy(
                    engine,
                    new Upstreams(targets, balance),
                    Duration.ofSeconds(dialTimeoutSeconds),
                    Duration.ofSeconds(idleTimeoutSeconds),
                    front,
                    back,
                    receiver,
                    version,
                    line -> {
                        err.println(line);
                        err.flush();
                    });
            final Server server = listen(proxy, address);
            err.println("proxy over " + engine.transport() + " on "
                    + Units.counted(engine.loops().size(), "loop") + " to "
                    + Units.counted(targets.size(), "upstream"));
            err.flush();
            spec.commandLine().getOut().println("listening " + server.address());
            spec.commandLine().getOut().flush();
            if (checkSeconds > 0) {
                final Duration period = Duration.ofSeconds(checkSeconds);
                engine.loops().getFirst().scheduleAtFixedRate(proxy::check, Duration.ZERO, period);
            }
            stop.await();
            err.println("forwarded " + Units.bytes((double) proxy.stats().forwardedBytes()) + " on "
                    + Units.counted(proxy.stats().acceptedConnections(), "connection"));
            err.flush();
        } finally {
            engine.closeAsync(CLOSE_TIME).join();
        }
        return 0;
    }

    private Server listen(Proxy proxy, Address address) throws IOException {
        try {
            return proxy.listen(address, reusePort);
        } catch (IOException e) {
            throw new IOException("Cannot listen on " + address + ": " + Failures.reason(e), e);
        }
    }

    private Address stream(String text) {
        final Address address = Usage.address(spec, text);
        if (address.isUdp()) {
            throw new ParameterException(spec.commandLine(), text + ": streams are forwarded, datagrams are not");
        }
        return address;
    }
}
