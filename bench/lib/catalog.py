"""What can be measured: the servers with their commands, and the scenarios with their servers, baselines and goals.

To add a server, add a line to SERVERS; to add a scenario, one to SCENARIOS. Commands are started from the repository's
root and print 'listening URI'.
"""
from dataclasses import dataclass, field

FLOOR = "bench/floor/out/"
HAWSER = "./hawser"
PEER = "bench/peer"
JVM = "bench/jvm"

ECHO, FRAMED, UDP = "echo", "framed", "udp"

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

    def command(self, mode, loops):
        return self.make(mode, loops)


def c(program):
    return lambda mode, loops: [FLOOR + program]


def hawser(transport, *more):
    def make(mode, loops):
        scheme = "udp" if mode == UDP else "tcp"
        codec = ["--codec", "length4"] if mode == FRAMED else []
        return [HAWSER, "serve", f"{scheme}://127.0.0.1:0", "--transport", transport, "--loops", str(loops), *codec,
                *more]
    return make


def peer(name, *more):
    # JDK threads have no loops.
    return lambda mode, loops: [PEER, name, mode, *([] if name == "jdk-threads" else ["--loops", str(loops)]), *more]


SERVERS = {server.name: server for server in (
    Server("c-epoll", (ECHO,), c("echo_epoll"), floor=True),
    Server("c-uring", (ECHO,), c("echo_uring"), floor=True),
    Server("c-udp", (UDP,), c("echo_udp"), floor=True),
    Server("hawser-epoll", (ECHO, FRAMED, UDP), hawser("epoll")),
    Server("hawser-uring", (ECHO, FRAMED, UDP), hawser("io_uring")),
    Server("hawser-nio", (ECHO, FRAMED, UDP), hawser("nio")),
    Server("hawser-epoll-spin", (ECHO,), hawser("epoll", "--spin"), spins=True),
    Server("hawser-uring-spin", (ECHO,), hawser("io_uring", "--spin"), spins=True),
    Server("hawser-epoll-blocking", (ECHO,), hawser("epoll", "--blocking")),
    Server("hawser-uring-blocking", (ECHO,), hawser("io_uring", "--blocking")),
    Server("hawser-epoll-carried", (ECHO,), hawser("epoll", "--blocking", "--loop-carried")),
    Server("hawser-uring-carried", (ECHO,), hawser("io_uring", "--blocking", "--loop-carried")),
    Server("hawser-epoll-aot", (ECHO,), hawser("epoll"), aot=True),
    Server("hawser-uring-aot", (ECHO,), hawser("io_uring"), aot=True),
    Server("netty-nio", (ECHO, FRAMED, UDP), peer("netty-nio"), peer=True),
    Server("netty-epoll", (ECHO, FRAMED, UDP), peer("netty-epoll"), peer=True),
    Server("netty-uring", (ECHO, FRAMED, UDP), peer("netty-uring"), peer=True),
    Server("vertx", (ECHO, FRAMED, UDP), peer("vertx"), peer=True),
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

    def baseline_of(self, server):
        """The server that this one is compared with, or '' for none."""
        name = self.baselines.get(server, self.baseline)
        return "" if name == server else name


CPU, P50, P999 = "cpu_us_per_request", "p50_us", "p999_us"

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
         "netty-epoll", "jdk-threads"}
