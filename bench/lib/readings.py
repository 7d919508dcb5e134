"""One reading at a time: a slice of load, idle connections, what a JVM has allocated, which system calls are made."""
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from catalog import FLOOR, JVM
from processes import ROOT, Failure, die_with_parent, pinned

PATIENCE_S = 20  # for a server that is traced

# Percentiles of the latency curves.
LADDER = (0.5, 0.75, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999, 0.9995, 0.9998, 0.9999)


def load_command(address, settings):
    command = [FLOOR + "load", address]
    for name, value in settings.items():
        command += [f"--{name}"] if value is True else [f"--{name}", f"{value:g}" if isinstance(value, float) else str(value)]
    return command


def load(server, settings, core, warmup, seconds, curve=False):
    """Drives the server, and returns what the generator reports, with the points of the latency curve if asked for."""
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "latencies.hgrm")
        settings = {**settings, "warmup": warmup, "seconds": seconds, "server-pid": server.pid,
                    **({"hgrm": path} if curve else {})}
        command = pinned([core], load_command(server.address, settings))
        try:
            done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False,
                                  timeout=4 * (warmup + seconds) + 90, preexec_fn=die_with_parent)
        except subprocess.TimeoutExpired:
            server.fail("kept the load generator waiting")
        if server.process.poll() is not None:
            server.fail(f"died (exit status {server.process.returncode})")
        if done.returncode != 0:
            server.fail(f"failed: {done.stderr.strip()}")
        report = json.loads(done.stdout)
        if curve:
            with open(path, encoding="ascii") as file:
                report["curve"] = curve_of(file.read())
        return report


def curve_of(hgrm):
    """The latencies in us at the percentiles of the ladder, from HdrHistogram's text."""
    rows = [line.split() for line in hgrm.splitlines() if line and not line.startswith("#")][1:]
    points = [(float(row[1]), float(row[0])) for row in rows]
    return [[wanted, next(value for percentile, value in points if percentile >= wanted)] for wanted in LADDER]


def abilities():
    """What the load generator was built with of tls and deflate."""
    return subprocess.run([FLOOR + "load", "--can"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()


@contextlib.contextmanager
def idle(server, connections, core):
    """Holds connections that have each echoed once; for none, does nothing. They must be open at the end."""
    if connections == 0:
        yield
        return
    command = pinned([core], [FLOOR + "load", server.address, "--idle", "--connections", str(connections)])
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, preexec_fn=die_with_parent) as holder:
        try:
            if not holder.stdout.readline():
                server.fail(f"did not take {connections} idle connections: {holder.stderr.read().strip()}")
            yield
            holder.stdin.close()
            if holder.wait(60) != 0:
                server.fail(f"did not keep {connections} idle connections: {holder.stderr.read().strip()}")
        finally:
            holder.kill()


class Counter:
    """The number of messages that have come back to a load generator."""

    def __init__(self, path):
        self.path = path

    def await_more(self, seconds, least):
        """Waits for so long, and for so many messages unless PATIENCE_S passes; returns how many came."""
        begun, before = time.monotonic(), self.read()
        time.sleep(seconds)
        while self.read() - before < least and time.monotonic() - begun < PATIENCE_S:
            time.sleep(0.02)
        return self.read() - before

    def read(self):
        with contextlib.suppress(FileNotFoundError), open(self.path, "rb") as file:
            return int.from_bytes(file.read(8), sys.byteorder)
        return 0


@contextlib.contextmanager
def endless_load(server, settings, core):
    """Drives the server until the end of the block, with the counter of what came back."""
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "counter")
        command = load_command(server.address, {**settings, "counter": path, "warmup": 0, "seconds": 3600})
        with subprocess.Popen(pinned([core], command), cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                              text=True, preexec_fn=die_with_parent) as generator:
            try:
                counter = Counter(path)
                while counter.read() == 0:
                    if generator.poll() is not None:
                        server.fail(f"failed: {generator.stderr.read().strip()}")
                    time.sleep(0.01)
                yield counter
            finally:
                generator.kill()


class Jvm:
    """Reads a JVM's own counters, from without; stays attached, so that a reading disturbs little."""

    def __init__(self, server, core):
        self.server = server
        self.process = subprocess.Popen(pinned([core], [JVM, str(server.pid), "--watch"]), cwd=ROOT,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                        preexec_fn=die_with_parent)

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        self.process.kill()
        self.process.communicate()

    def read(self):
        try:
            self.process.stdin.write("\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass
        line = self.process.stdout.readline()
        if not line:
            raise Failure(f"the JVM of {self.server.name} can't be read: {self.process.stderr.read().strip()}")
        return json.loads(line)


def jvm_is_readable():
    return os.access(os.path.join(ROOT, JVM), os.X_OK)


def heap_after_gc(server, core):
    done = subprocess.run(pinned([core], [JVM, str(server.pid), "--gc"]), cwd=ROOT, capture_output=True, text=True,
                          timeout=60, check=False, preexec_fn=die_with_parent)
    if done.returncode != 0:
        raise Failure(f"the JVM of {server.name} can't be read: {done.stderr.strip()}")
    return json.loads(done.stdout)["heap_used"]


def allocation(server, counter, core, seconds, least):
    """Bytes that the server's JVM allocates for a request. What a reading itself allocates is left out."""
    with Jvm(server, core) as jvm:
        jvm.read()
        first, second = (jvm.read()["allocated_bytes"] for _ in range(2))
        requests = counter.await_more(seconds, least)
        third = jvm.read()["allocated_bytes"]
    return max(0.0, (third - second) - (second - first)) / max(1, requests)


def parse_strace(summary):
    """The calls by name, out of the table that strace -c prints."""
    calls = {}
    for line in summary.splitlines():
        columns = line.split()
        if len(columns) >= 5 and columns[-1] != "total" and columns[3].isdigit() and "." in columns[0]:
            calls[columns[-1]] = calls.get(columns[-1], 0) + int(columns[3])
    return calls


def strace_is_there():
    return shutil.which("strace") is not None


def system_calls(server, counter, core, seconds, least):
    """System calls for a request, by name, the most frequent first; None where strace may not attach."""
    with tempfile.NamedTemporaryFile("r", encoding="utf-8") as table:
        command = pinned([core], ["strace", "-f", "-c", "-o", table.name, "-p", str(server.pid)])
        with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                              text=True, preexec_fn=die_with_parent) as tracer:
            try:
                if "attached" not in tracer.stderr.readline():
                    return None
                requests = counter.await_more(seconds, least)
                tracer.send_signal(signal.SIGINT)
                tracer.communicate(timeout=30)
            finally:
                tracer.kill()
        calls = parse_strace(table.read())
    return {name: count / max(1, requests) for name, count in sorted(calls.items(), key=lambda item: -item[1])}
