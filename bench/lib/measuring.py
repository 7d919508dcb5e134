"""Measures scenarios: interleaves the servers, and hands one record a reading to whoever keeps them.

In each round every server has its turn, A B C, B C A, C A B, ..., so that what the machine does meanwhile hits all of
them, and no server always follows the same other. A record is a dict that fits into a line of JSON.
"""
import contextlib
import os
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import time

import readings
from catalog import HAWSER, MEMORY_OPTIONS, MIB, PATHS, PEER, SCHEMES
from processes import ROOT, Failure, Foreign, Process, stop

LOW_IDLE, HIGH_IDLE = 1000, 10_000  # what an idle connection costs is the difference between the two
START_SECONDS = {"floor": 0.1, "jvm": 1.5}  # for the estimate of the time that is left
JAVA_OPTIONS = {HAWSER: "HAWSER_JAVA_OPTS", PEER: "BENCH_JAVA_OPTS"}


# What may happen to one server; the others go on. The last two are of a process that is gone or hangs.
TROUBLE = (Failure, OSError, subprocess.TimeoutExpired)


class Progress:
    """What is being done, and about how long it will still take: one line that is rewritten on a terminal; to stderr."""

    def __init__(self, seconds):
        self.terminal = sys.stderr.isatty()
        self.expected = seconds
        self.done = 0.0
        self.begun = time.monotonic()

    def show(self, text, seconds):
        """Tells of a step that is expected to take so long."""
        left = max(0.0, self.expected - self.done)
        if self.done > 20:
            left *= (time.monotonic() - self.begun) / self.done
        self.done += seconds
        text = " ".join(f"[{int(left) // 60}:{int(left) % 60:02d} left] {text}".split())
        sys.stderr.write(f"\r\033[K{text}" if self.terminal else f"{text}\n")
        sys.stderr.flush()

    def clear(self):
        if self.terminal:
            sys.stderr.write("\r\033[K")
            sys.stderr.flush()


def turns(items, round_number):
    """The items in the order of this round."""
    shift = round_number % len(items) if items else 0
    return items[shift:] + items[:shift]


def estimate(plan, options):
    """About how many seconds it takes to measure the plan, a list of (scenario, servers)."""
    return sum(sum(steps_of(scenario, server, options)) for scenario, servers in plan for server in servers)


def steps_of(scenario, server, options):
    slice_s = options.warmup + options.seconds + 0.2
    start_s = START_SECONDS["floor" if server.floor else "jvm"]
    warm_s = 0 if server.floor else options.jvm_warmup * scenario.warm
    extra_s = options.extra + 1 if options.extra else 0
    if scenario.kind == "start":
        yield from (start_s, options.starts * start_s, 4 if server.aot else 0)
    elif scenario.kind == "idle":
        yield options.rounds * (start_s + warm_s + 3 * slice_s + 4)
    else:
        yield from (start_s, warm_s, extra_s)
        for variant in scenario.variants:
            yield options.rounds * (slice_s + variant.idle / 8000 + scenario_connections(scenario, variant) / 8000)


def scenario_connections(scenario, variant):
    return {**scenario.load, **variant.load}.get("connections", 1)


class Measurement:
    def __init__(self, options, keep):
        self.options = options
        self.keep = keep  # takes a record
        self.failed = []
        self.progress = Progress(0)
        self.live = []

    def run(self, plan):
        """Measures all; stops what it has started, whatever happens."""
        self.progress = Progress(estimate(plan, self.options))
        try:
            self.build(plan)
            for scenario, servers in plan:
                {"idle": self.measure_idle, "start": self.measure_starts}.get(
                    scenario.kind, self.measure_load)(scenario, servers)
        finally:
            with quiet_signals():
                self.progress.clear()
                stop(self.live)

    # -- processes --

    def build(self, plan):
        """Builds what launchers would else build on the servers' core."""
        used = {word for scenario, servers in plan for server in servers
                for word in server.command(scenario.mode, self.options.loops)[:1]}
        for program, argument in ((HAWSER, "--version"), (PEER, "--list")):
            if program in used:
                self.progress.show(f"building {program}", 0)
                done = subprocess.run([program, argument], cwd=ROOT, capture_output=True, text=True, check=False)
                if done.returncode != 0:
                    raise Failure(f"{program} {argument} failed:\n{done.stderr.strip()}")

    def start(self, server, scenario, more=()):
        command = [*more, *server.command(scenario.mode, self.options.loops)]
        process = Process(server.name, command, self.options.server_cores)
        self.live.append(process)
        try:
            process.await_listening(self.options.start_timeout)
            process.find_owner(SCHEMES[scenario.mode])
            process.use_path(PATHS.get(scenario.mode, ""))
        except TROUBLE:
            self.stop([process])
            raise
        return process

    def stop(self, processes):
        stop(processes)
        self.live = [process for process in self.live if process not in processes]

    def note(self, scenario, text):
        self.progress.clear()
        print(f"run: {text}", file=sys.stderr)
        self.keep({"kind": "note", "scenario": scenario.name, "text": text.splitlines()[0]})

    def drop(self, scenario, server, failure):
        """A server that fails is left out of the scenario; the others go on, and the run fails at its end."""
        self.failed.append((scenario.name, server.name))
        self.note(scenario, str(failure) if isinstance(failure, Failure) else f"{server.name}: {failure}")

    # -- slices of load --

    def settings(self, scenario, variant):
        return {**scenario.load, **variant.load}

    def slice(self, scenario, server, process, settings, round_number, **more):
        """One slice; the record is complete but for what the caller adds by name."""
        options = self.options
        with spinning(server, process):
            foreign = Foreign(self.live)
            report = readings.load(process, settings, options.load_core, options.warmup, options.seconds,
                                   curve=scenario.kind == "open")
        return {"kind": "slice", "scenario": scenario.name, "variant": "", "server": server.name, "round": round_number + 1,
                "foreign": foreign.share(), **more, **report, **per_mib(scenario, report)}

    def start_all(self, scenario, servers):
        running = {}
        for server in servers:
            self.progress.show(f"{scenario.name}: starting {server.name}", START_SECONDS["floor" if server.floor else "jvm"])
            try:
                running[server] = self.start(server, scenario)
                self.warm_up(scenario, server, running[server])
                if server.spins:
                    running[server].signal(signal.SIGSTOP)
            except TROUBLE as failure:
                self.stop([running.pop(server)] if server in running else [])
                self.drop(scenario, server, failure)
        return running

    def warm_up(self, scenario, server, process):
        if server.floor:
            return
        each = self.options.jvm_warmup * scenario.warm / len(scenario.variants)
        for variant in scenario.variants:
            self.progress.show(f"{scenario.name}: warming up {server.name} {variant.name}", each)
            self.load_for(process, self.settings(scenario, variant), each)

    def load_for(self, process, settings, seconds):
        # The measured part must be long enough for something to come back.
        measured = 1 + settings.get("connections", 1) / 5000
        readings.load(process, settings, self.options.load_core, max(0, seconds - measured), measured)

    def measure_load(self, scenario, servers):
        running = self.start_all(scenario, servers)
        try:
            rate = self.half_of_peak(scenario, running) if scenario.kind == "open" else {}
            variants = list(self.possible_variants(scenario))
            for round_number in range(self.options.rounds):
                for variant in variants:  # within the round, since sizes are compared with each other
                    for server in turns(servers, round_number):
                        if server in running:
                            settings = {**self.settings(scenario, variant), **rate}
                            self.one_slice(scenario, variant, server, running, settings, round_number)
            self.measure_extras(scenario, running, rate)
        finally:
            with quiet_signals():
                self.stop(list(running.values()))

    def one_slice(self, scenario, variant, server, running, settings, round_number):
        seconds = (self.options.warmup + self.options.seconds + 0.2
                   + (variant.idle + scenario_connections(scenario, variant)) / 8000)
        self.progress.show(f"{scenario.name} {variant.name} round {round_number + 1}: {server.name}", seconds)
        try:
            with readings.idle(running[server], variant.idle, self.options.load_core):
                self.keep(self.slice(scenario, server, running[server], settings, round_number, variant=variant.name))
        except TROUBLE as failure:
            self.stop([running.pop(server)])
            self.drop(scenario, server, failure)

    def possible_variants(self, scenario):
        """Those that the descriptors suffice for."""
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        for variant in scenario.variants:
            wanted = variant.idle + scenario_connections(scenario, variant) + 200
            if most != resource.RLIM_INFINITY and wanted > most:
                self.note(scenario, f"{scenario.name} {variant.name} is left out: a server may have {most} descriptors "
                                    f"(ulimit -Hn), and needs {wanted}")
            else:
                yield variant

    def half_of_peak(self, scenario, running):
        """The rate for all: half of what the baseline does in a closed loop, or the first server where it is not there."""
        server = next((server for server in running if server.name == scenario.baseline), next(iter(running), None))
        if server is None:
            return {}
        peaks = []
        for round_number in range(min(3, self.options.rounds)):
            self.progress.show(f"{scenario.name}: the peak of {server.name}", 0)
            peaks.append(self.slice(scenario, server, running[server], scenario.load, round_number)["rps"])
        rate = int(sorted(peaks)[len(peaks) // 2] / 2)
        self.keep({"kind": "rate", "scenario": scenario.name, "server": server.name, "rate": rate})
        return {"rate": rate}

    # -- what disturbs, and so comes after the timed slices --

    def measure_extras(self, scenario, running, rate):
        if not self.options.extra:
            return
        variant = scenario.variants[0]
        settings = {**self.settings(scenario, variant), **rate}
        for server, process in running.items():
            self.progress.show(f"{scenario.name}: what {server.name} allocates and calls", self.options.extra + 1)
            try:
                with spinning(server, process), readings.endless_load(
                        process, settings, self.options.load_core) as counter:
                    self.keep({"kind": "extra", "scenario": scenario.name, "variant": variant.name, "server": server.name,
                               **self.extras_of(process, counter, settings)})
            except TROUBLE as failure:
                self.drop(scenario, server, failure)

    def extras_of(self, process, counter, settings):
        found = {}
        core, seconds = self.options.load_core, self.options.extra / 2
        # So many that the messages in flight at both ends matter little.
        least = 10 * settings.get("connections", 1) * settings.get("in-flight", 1)
        if process.is_jvm() and readings.jvm_is_readable():
            found["allocated_per_request"] = readings.allocation(process, counter, core, seconds, least)
        # In an open loop a server that is traced falls behind, and then takes many messages in a call.
        if readings.strace_is_there() and "rate" not in settings:
            calls = readings.system_calls(process, counter, core, seconds, least)
            if calls is not None:
                found["calls_per_request"] = sum(calls.values())
                found["calls"] = dict([item for item in calls.items() if item[1] >= 0.001][:3])
        return found

    # -- idle connections --

    def measure_idle(self, scenario, servers):
        """Each reading has a process of its own, since what a process has once touched stays resident."""
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        if most != resource.RLIM_INFINITY and most < HIGH_IDLE + 500:
            self.note(scenario, f"{scenario.name} is left out: {HIGH_IDLE + 500} descriptors are needed (ulimit -Hn)")
            return
        left = list(servers)
        for round_number in range(self.options.rounds):
            for server in turns(servers, round_number):
                if server not in left:
                    continue
                self.progress.show(f"{scenario.name} round {round_number + 1}: {server.name}",
                                   sum(steps_of(scenario, server, self.options)) / self.options.rounds)
                try:
                    self.keep(self.idle_reading(scenario, server, round_number))
                except TROUBLE as failure:
                    left.remove(server)
                    self.drop(scenario, server, failure)

    def idle_reading(self, scenario, server, round_number):
        core = self.options.load_core
        variable = JAVA_OPTIONS.get(server.command(scenario.mode, self.options.loops)[0])
        more = ["env", f"{variable}={os.environ.get(variable, '')} {MEMORY_OPTIONS}".strip()] if variable else []
        process = self.start(server, scenario, more)
        try:
            self.warm_up_quietly(scenario, server, process)
            before = self.slice(scenario, server, process, scenario.load, round_number)
            with readings.idle(process, LOW_IDLE, core):
                low = self.memory(process)
                with readings.idle(process, HIGH_IDLE - LOW_IDLE, core):
                    high = self.memory(process)
                    beside = self.slice(scenario, server, process, scenario.load, round_number)
            after = self.slice(scenario, server, process, scenario.load, round_number)
        finally:
            with quiet_signals():
                self.stop([process])
        count = HIGH_IDLE - LOW_IDLE
        alone = (before["cpu_us_per_request"] + after["cpu_us_per_request"]) / 2
        return {**beside, "rss_per_connection": (high["rss"] - low["rss"]) / count, "cpu_us_alone": alone,
                "idle_cost": beside["cpu_us_per_request"] / alone,
                **({"heap_per_connection": (high["heap"] - low["heap"]) / count} if "heap" in high else {})}

    def warm_up_quietly(self, scenario, server, process):
        self.load_for(process, scenario.load, self.options.jvm_warmup)
        with readings.idle(process, LOW_IDLE, self.options.load_core):
            self.memory(process)  # attaching loads classes, which must not count

    def memory(self, process):
        found = {}
        if process.is_jvm() and readings.jvm_is_readable():
            found["heap"] = readings.heap_after_gc(process, self.options.load_core)
        return {**found, "rss": process.resident_bytes()}

    # -- cold starts --

    def measure_starts(self, scenario, servers):
        """From the exec of java, without the launcher, to the first echo; on all cores, as a server is started."""
        with tempfile.TemporaryDirectory() as directory:
            commands = {}
            for server in servers:
                self.progress.show(f"{scenario.name}: preparing {server.name}", START_SECONDS["jvm"])
                try:
                    commands[server] = self.bare_command(scenario, server, directory)
                except TROUBLE as failure:
                    self.drop(scenario, server, failure)
            for round_number in range(self.options.starts):
                for server in turns(servers, round_number):
                    if server in commands:
                        self.one_start(scenario, server, commands, round_number)

    def bare_command(self, scenario, server, directory):
        process = self.start(server, scenario)
        command = process.java_command() if process.is_jvm() else process.command
        self.stop([process])
        if not server.aot:
            return command
        cache = os.path.join(directory, server.name + ".aot")
        trainee = Process(server.name, [command[0], f"-XX:AOTCacheOutput={cache}", *command[1:]], [])
        self.live.append(trainee)
        trainee.await_listening(self.options.start_timeout)
        trainee.find_owner("tcp")
        echo_once(trainee)
        trainee.signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            trainee.process.wait(self.options.start_timeout)  # the JVM writes the cache as it ends
        self.stop([trainee])
        if not os.path.exists(cache):
            trainee.fail("wrote no ahead-of-time cache")
        return [command[0], f"-XX:AOTCache={cache}", "-XX:AOTMode=on", *command[1:]]

    def one_start(self, scenario, server, commands, round_number):
        self.progress.show(f"{scenario.name} start {round_number + 1}: {server.name}",
                           START_SECONDS["floor" if server.floor else "jvm"])
        process = None
        foreign = Foreign([])
        try:
            process = Process(server.name, commands[server], [])
            begun = time.monotonic()  # Popen returns at the exec
            self.live.append(process)
            process.await_listening(self.options.start_timeout)
            echo_once(process)
            took = time.monotonic() - begun
        except TROUBLE as failure:
            del commands[server]
            self.drop(scenario, server, failure)
            return
        finally:
            if process is not None:
                with quiet_signals():
                    self.stop([process])
        self.keep({"kind": "slice", "scenario": scenario.name, "variant": "", "server": server.name,
                   "round": round_number + 1, "foreign": foreign.share(), "start_ms": took * 1000})


def per_mib(scenario, report):
    """What a MiB costs, where that is asked for and the server's CPU time was read."""
    wanted = scenario.figure == MIB and "cpu_us_per_request" in report
    return {MIB: report["cpu_us_per_request"] * (1 << 20) / report["size"]} if wanted else {}


def echo_once(process):
    try:
        with socket.create_connection(("127.0.0.1", process.port), timeout=20) as connection:
            connection.sendall(b"first")
            if connection.recv(5, socket.MSG_WAITALL) == b"first":
                return
    except OSError as error:
        process.fail(f"could not be talked to: {error}")
    process.fail("did not echo")


@contextlib.contextmanager
def spinning(server, process):
    """Lets a server run that takes its core even with nothing to do; else it is stopped."""
    if server.spins:
        process.signal(signal.SIGCONT)
    try:
        yield
    finally:
        if server.spins:
            process.signal(signal.SIGSTOP)


@contextlib.contextmanager
def quiet_signals():
    """Nothing stops the stopping."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.signal(number, signal.SIG_IGN) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before):
            signal.signal(number, handler)
