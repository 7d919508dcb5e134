"""What can be measured: the servers with their commands, and the scenarios with their servers, baselines and goals.

To add a server, add a line to SERVERS; to add a scenario, one to SCENARIOS. Commands are started from the repository's
root and print 'listening URI'.
"""
from dataclasses import dataclass, field

FLOOR = "bench/floor/out/"
HAWSER = "./hawser"
PEER = "bench/peer"
JVM = "bench/jvm"
NGINX = "bench/nginx"

ECHO, FRAMED, UDP, HTTP, WS, TLS = "echo", "framed", "udp", "http", "ws", "tls"

# What a server in each mode listens on, where a scheme of URIs is wanted.
SCHEMES = {ECHO: "tcp", FRAMED: "tcp", UDP: "udp", HTTP: "http", WS: "ws", TLS: "tls"}
WS_PATH = "/echo"

# What is asked for where the address that a server prints has no path.
PATHS = {HTTP: "/plaintext", WS: WS_PATH}
BODY = "Hello, World!"

# Of all servers that speak TLS; made anew for each run.
CERTIFICATE, KEY = FLOOR + "certificate.pem", FLOOR + "key.pem"

# JVM options of servers whose memory is measured. A young generation that the start has touched all of, and no more heap
# than needed, so that what a connection adds to the resident memory is what it keeps, not where garbage has lain.
MEMORY_OPTIONS = "-XX:+UseSerialGC -Xms256m -Xmx256m -Xmn4m"


@dataclass(frozen=True)
class Server:
    name: str
    modes: tuple
    make: object                # (mode, loops) -> command
    floor: bool = False         # a C program: nothing to warm up
    peer: bool = False
    spins: bool = False         # takes its core for itself while it is not stopped
    aot: bool = False           # cold starts only: with an ahead-of-time cache
    needs: str = ""             # a program that must be installed

    def command(self, mode, loops):
        return self.make(mode, loops)


def c(program):
    return lambda mode, loops: [FLOOR + program]


def hawser(transport, *more):
    def make(mode, loops):
        uri = f"{SCHEMES[mode]}://127.0.0.1:0{WS_PATH if mode == WS else ''}"
        codec = ["--codec", "length4"] if mode == FRAMED else []
        files = ["--cert", CERTIFICATE, "--key", KEY] if mode == TLS else []
        # All messages are compressed where that is agreed on, as by the peers.
        compressing = ["--deflate-threshold", "1"] if mode == WS else []
        return [HAWSER, "serve", uri, "--transport", transport, "--loops", str(loops), *codec, *files, *compressing, *more]
    return make


def peer(name, *more):
    # JDK threads have no loops.
    return lambda mode, loops: [PEER, name, mode, *([] if name == "jdk-threads" else ["--loops", str(loops)]),
                                *(["--cert", CERTIFICATE, "--key", KEY] if mode == TLS else []), *more]


IN_LOOP = ("--in-loop",)     # of HTTP, whose handlers run on virtual threads unless told

SERVERS = {server.name: server for server in (
    Server("c-epoll", (ECHO,), c("echo_epoll"), floor=True),
    Server("c-uring", (ECHO,), c("echo_uring"), floor=True),
    Server("c-udp", (UDP,), c("echo_udp"), floor=True),
    Server("hawser-epoll", (ECHO, FRAMED, UDP, HTTP, WS), hawser("epoll")),
    Server("hawser-uring", (ECHO, FRAMED, UDP, HTTP, WS), hawser("io_uring")),
    Server("hawser-nio", (ECHO, FRAMED, UDP, HTTP, WS), hawser("nio")),
    Server("hawser-epoll-spin", (ECHO,), hawser("epoll", "--spin"), spins=True),
    Server("hawser-uring-spin", (ECHO,), hawser("io_uring", "--spin"), spins=True),
    Server("hawser-epoll-blocking", (ECHO,), hawser("epoll", "--blocking")),
    Server("hawser-uring-blocking", (ECHO,), hawser("io_uring", "--blocking")),
    Server("hawser-epoll-carried", (ECHO,), hawser("epoll", "--blocking", "--loop-carried")),
    Server("hawser-uring-carried", (ECHO,), hawser("io_uring", "--blocking", "--loop-carried")),
    Server("hawser-epoll-in-loop", (HTTP,), hawser("epoll", *IN_LOOP)),
    Server("hawser-uring-in-loop", (HTTP,), hawser("io_uring", *IN_LOOP)),
    Server("hawser-epoll-http-carried", (HTTP,), hawser("epoll", "--loop-carried")),
    Server("hawser-uring-http-carried", (HTTP,), hawser("io_uring", "--loop-carried")),
    Server("hawser-epoll-jdk", (TLS,), hawser("epoll", "--tls-provider", "jdk")),
    Server("hawser-epoll-openssl", (TLS,), hawser("epoll", "--tls-provider", "openssl")),
    Server("hawser-uring-jdk", (TLS,), hawser("io_uring", "--tls-provider", "jdk")),
    Server("hawser-uring-openssl", (TLS,), hawser("io_uring", "--tls-provider", "openssl")),
    Server("hawser-epoll-aot", (ECHO,), hawser("epoll"), aot=True),
    Server("hawser-uring-aot", (ECHO,), hawser("io_uring"), aot=True),
    Server("netty-nio", (ECHO, FRAMED, UDP, HTTP, WS), peer("netty-nio"), peer=True),
    Server("netty-epoll", (ECHO, FRAMED, UDP, HTTP, WS), peer("netty-epoll"), peer=True),
    Server("netty-uring", (ECHO, FRAMED, UDP, HTTP, WS), peer("netty-uring"), peer=True),
    Server("netty-epoll-jdk", (TLS,), peer("netty-epoll", "--tls-provider", "jdk"), peer=True),
    Server("netty-epoll-openssl", (TLS,), peer("netty-epoll", "--tls-provider", "openssl"), peer=True),
    Server("vertx", (ECHO, FRAMED, UDP, HTTP, WS), peer("vertx"), peer=True),
    Server("undertow", (HTTP,), peer("undertow"), peer=True),
    Server("nginx", (HTTP,), lambda mode, loops: [NGINX], peer=True, needs="nginx"),
    Server("jdk-nio", (ECHO, FRAMED, UDP), peer("jdk-nio"), peer=True),
    Server("jdk-threads", (ECHO, FRAMED), peer("jdk-threads"), peer=True),
)}


@dataclass(frozen=True)
class Variant:
    """A size within a scenario; a scenario that has none has one without a name."""
    name: str = ""
    load: dict = field(default_factory=dict)
    idle: int = 0               # connections that are held meanwhile


@dataclass(frozen=True)
class Goal:
    """That a figure of one row is at most so many times that of another, or at most so much where there is no other."""
    name: str
    server: str
    at_most: float
    against: str = ""
    figure: str = ""            # the scenario's, unless given
    variant: str = ""
    against_variant: str = ""


@dataclass(frozen=True)
class Scenario:
    name: str
    title: str
    kind: str                   # closed, open, idle or start; datagrams are closed
    figure: str
    servers: tuple
    mode: str = ECHO
    load: dict = field(default_factory=dict)
    baseline: str = ""          # of all servers that baselines do not name
    baselines: dict = field(default_factory=dict)
    variants: tuple = (Variant(),)
    goals: tuple = ()
    needs: str = ""             # what the load generator must have been built with
    warm: int = 1               # times the usual warm-up, where requests are so few that a JVM compiles late

    def baseline_of(self, server):
        """The server that this one is compared with, or '' for none."""
        name = self.baselines.get(server, self.baseline)
        return "" if name == server else name


CPU, MIB, P50, P999 = "cpu_us_per_request", "cpu_us_per_mib", "p50_us", "p999_us"

FLOORS = ("c-epoll", "c-uring")
OURS = ("hawser-epoll", "hawser-uring")
NETTY = ("netty-epoll", "netty-uring")
LOOPED = (*NETTY, "netty-nio", "vertx", "jdk-nio")
BY_KIND = {"hawser-uring": "c-uring", "hawser-uring-spin": "c-uring", "netty-uring": "c-uring"}
STYLES = {f"hawser-{kind}-{style}": f"hawser-{kind}" for kind in ("epoll", "uring") for style in ("blocking", "carried")}


def floor_goals(name, at_most):
    return (Goal(name, "hawser-epoll", at_most, "c-epoll"), Goal(name, "hawser-uring", at_most, "c-uring"))


def peer_goals(name, peers, at_most=1.0, figure="", servers=OURS):
    return tuple(Goal(name, server, at_most, other, figure) for server in servers for other in peers)


def echo(name, title, connections, goals, servers):
    return Scenario(name, title, "closed", CPU, servers, load={"size": 1024, "connections": connections},
                    baseline="c-epoll", baselines=BY_KIND, goals=goals)


def blocking(name, connections):
    return Scenario(name, f"blocking handlers, 1 KiB, {connections:,} connections", "closed", CPU,
                    (*OURS, *STYLES, "jdk-threads"), load={"size": 1024, "connections": connections},
                    baseline="hawser-epoll", baselines={**STYLES, "hawser-uring": "", "jdk-threads": "hawser-epoll"},
                    goals=tuple(goal for ours in OURS for goal in (
                        Goal("G4", ours + "-carried", 1.08, ours),
                        Goal("G4", ours + "-blocking", 1.25, ours),
                        Goal("G4", ours + "-blocking", 0.85, "jdk-threads"))))


def datagrams(name, size, in_flight):
    return Scenario(name, f"UDP echo, {size} B, 64 clients × {in_flight} in flight", "closed", CPU,
                    ("c-udp", *OURS, *NETTY, "netty-nio", "vertx", "jdk-nio"), mode=UDP,
                    load={"size": size, "connections": 64, "in-flight": in_flight}, baseline="netty-epoll",
                    goals=peer_goals("G9", ("netty-epoll",), 0.5))


def web_socket(name, title, size, connections, deflate=False, load=None):
    return Scenario(name, f"WebSocket echo, {title}, {connections} connections", "closed", CPU,
                    (*OURS, "netty-epoll", "vertx"), mode=WS, baseline="netty-epoll",
                    load={"size": size, "connections": connections, **({"deflate": True} if deflate else {}), **(load or {})},
                    goals=peer_goals("G11", ("netty-epoll",), 0.7), needs="deflate" if deflate else "")


PROVIDERS = ("jdk", "openssl")


def tls(name, title, figure, load, warm=1):
    """The same provider against the same."""
    ours = {f"{server}-{provider}": f"netty-epoll-{provider}" for provider in PROVIDERS for server in OURS}
    servers = tuple(f"{server}-{provider}" for provider in PROVIDERS for server in (*OURS, "netty-epoll"))
    return Scenario(name, title, "closed", figure, servers, mode=TLS, load={**load, "ca": CERTIFICATE},
                    baselines=ours, needs="tls", warm=warm,
                    goals=tuple(Goal("G12", server, 1.0, other) for server, other in ours.items()))


def http(name, title, load):
    ours = (*OURS, *(f"{server}-{how}" for server in OURS for how in ("http-carried", "in-loop")))
    return Scenario(name, f"HTTP/1.1, 'Hello, World!', 100 connections, {title}", "closed", CPU,
                    (*ours, "netty-epoll", "vertx", "undertow", "nginx"), mode=HTTP, baseline="netty-epoll",
                    load={"connections": 100, "body": BODY, **load},
                    # 1.5 times as many a CPU second, and as many as nginx.
                    goals=(*peer_goals("G13", ("netty-epoll", "vertx", "undertow"), 0.667, servers=ours),
                           *peer_goals("G13", ("nginx",), servers=ours)))


SCENARIOS = {scenario.name: scenario for scenario in (
    Scenario("one", "one connection, one request in flight, 1 KiB", "closed", P50,
             (*FLOORS, *OURS, "hawser-epoll-spin", "hawser-uring-spin", *LOOPED, "jdk-threads"),
             load={"size": 1024}, baseline="netty-epoll",
             goals=(*peer_goals("G5", ("netty-epoll",)),
                    *peer_goals("G5", ("netty-epoll",), 0.5, servers=("hawser-epoll-spin", "hawser-uring-spin")))),
    echo("g1-100", "echo, 1 KiB, 100 connections", 100,
         (*floor_goals("G1", 1.03), *peer_goals("G1", (*LOOPED, "jdk-threads"))),
         (*FLOORS, *OURS, *LOOPED, "jdk-threads")),
    echo("g1-1000", "echo, 1 KiB, 1,000 connections", 1000,
         (*floor_goals("G1", 1.03), *peer_goals("G1", (*LOOPED, "jdk-threads"))),
         (*FLOORS, *OURS, *LOOPED, "jdk-threads")),
    echo("g1-10000", "echo, 1 KiB, 10,000 connections", 10_000, (), (*FLOORS, *OURS, *NETTY)),
    Scenario("g2", "raw echo, 64 B, 16 connections × 16 in flight", "closed", CPU, (*FLOORS, *OURS, *LOOPED),
             load={"size": 64, "connections": 16, "in-flight": 16}, baseline="c-epoll", baselines=BY_KIND,
             goals=floor_goals("G2", 1.05)),
    Scenario("g3", "frames, 4 bytes of length and 64 B, 16 connections × 16 in flight", "closed", CPU,
             (*OURS, *LOOPED, "jdk-threads"), mode=FRAMED,
             load={"size": 64, "connections": 16, "in-flight": 16, "framed": True}, baseline="netty-epoll",
             goals=peer_goals("G3", ("netty-epoll",), 0.5)),
    blocking("g4-100", 100),
    blocking("g4-1000", 1000),
    Scenario("g6", "half of the peak load, open loop, 1 KiB, 100 connections", "open", P999,
             (*FLOORS, *OURS, *NETTY, "vertx"), load={"size": 1024, "connections": 100}, baseline="netty-epoll",
             goals=peer_goals("G6", ("netty-epoll",))),
    Scenario("g7", "10,000 idle connections that have each echoed once", "idle", "rss_per_connection",
             (*OURS, *NETTY, "vertx", "jdk-nio", "jdk-threads"), load={"size": 1024, "connections": 100},
             baseline="netty-epoll",
             goals=tuple(goal for ours in OURS for goal in (
                 Goal("G7", ours, 300, figure="heap_per_connection"), Goal("G7", ours, 500),
                 Goal("G16", ours, 1.03, figure="idle_cost")))),
    datagrams("udp-64", 64, 4),
    datagrams("udp-1k", 1024, 1),
    web_socket("g11-64", "64 B", 64, 100),
    web_socket("g11-64-pipelined", "64 B, 16 in flight", 64, 16, load={"in-flight": 16, "batch": True}),
    web_socket("g11-64k", "64 KiB", 65_536, 16),
    web_socket("g11-64-deflate", "64 B, compressed", 64, 100, deflate=True),
    web_socket("g11-64k-deflate", "64 KiB, compressed", 65_536, 16, deflate=True),
    tls("g12-bulk", "TLS 1.3, echo of records of 16 KiB, 16 connections × 4 in flight", MIB,
        {"size": 16_384, "connections": 16, "in-flight": 4}),
    tls("g12-handshakes", "TLS 1.3, a connection, a full handshake and an echo of 16 B each, 16 at a time", CPU,
        {"size": 16, "connections": 16, "handshakes": True}, warm=3),
    http("g13", "one request at a time", {}),
    http("g13-pipelined", "16 pipelined", {"in-flight": 16, "batch": True}),
    Scenario("g15", "cold start: from exec to the first echo", "start", "start_ms",
             ("c-epoll", *OURS, "hawser-epoll-aot", "hawser-uring-aot", "netty-epoll", "vertx", "jdk-nio"),
             baseline="netty-epoll",
             goals=tuple(Goal("G15", ours + kind, limit) for ours in OURS for kind, limit in (("", 250), ("-aot", 120)))),
    Scenario("growth", "echo, 1 KiB, as connections grow", "closed", CPU, (*FLOORS, *OURS, "netty-epoll"),
             load={"size": 1024},
             variants=(Variant("100 active", {"connections": 100}), Variant("1,000 active", {"connections": 1000}),
                       Variant("10,000 active", {"connections": 10_000}),
                       Variant("100 active, 18,000 idle", {"connections": 100}, idle=18_000)),
             goals=tuple(goal for ours in OURS for goal in (
                 Goal("G16", ours, 1.3, ours, variant="10,000 active", against_variant="100 active"),
                 Goal("G16", ours, 1.03, ours, variant="100 active, 18,000 idle", against_variant="100 active")))),
)}

# One or two of each sort, for a run that only shows that all works.
QUICK = {"c-epoll", "c-udp", "hawser-uring", "hawser-uring-spin", "hawser-uring-carried", "hawser-uring-aot",
         "netty-epoll", "jdk-threads", "hawser-uring-in-loop", "nginx", "hawser-uring-jdk", "hawser-uring-openssl",
         "netty-epoll-jdk", "netty-epoll-openssl"}
