"""Servers as processes: started pinned, found by the socket they listen on, stopped with all that they have started."""
import contextlib
import ctypes
import os
import shlex
import signal
import subprocess
import tempfile
import threading
import time
import urllib.parse

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TICKS = os.sysconf("SC_CLK_TCK")
PR_SET_PDEATHSIG = 1
LISTENING, BOUND = "0A", "07"  # states in /proc/net/tcp and udp


class Failure(Exception):
    """What ends a measurement, with a message for the user."""


def die_with_parent():
    # Even a killed run must leave nothing behind that would disturb the next.
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def pinned(cores, command):
    """The command on these cores, or as it is where none are given."""
    return ["taskset", "-c", ",".join(map(str, cores)), *command] if cores else list(command)


def session_members(session):
    """The processes of a session that have not ended; one that waits to be reaped has."""
    for entry in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError), open(f"/proc/{entry}/stat", encoding="utf-8", errors="replace") as stat:
            state, _, _, its_session = stat.read().rsplit(")", 1)[1].split()[:4]
            if int(its_session) == session and state not in "ZX":
                yield int(entry)


def socket_inode(scheme, port):
    for table in (f"/proc/net/{scheme}", f"/proc/net/{scheme}6"):
        with contextlib.suppress(FileNotFoundError), open(table, encoding="ascii") as rows:
            for row in list(rows)[1:]:
                columns = row.split()
                if columns[3] == (LISTENING if scheme == "tcp" else BOUND) and int(columns[1].rsplit(":", 1)[1], 16) == port:
                    return columns[9]
    return None


class Process:
    """A server that runs."""

    def __init__(self, name, command, cores):
        program = next(word for word in command if word != "env" and "=" not in word)
        if "/" in program and not os.access(os.path.join(ROOT, program), os.X_OK):
            raise Failure(f"{name}: there is no program {program}")
        self.name = name
        self.command = command
        self.address = ""
        self.pid = 0  # of the process that holds the socket, which a launcher may not be
        self.errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen(pinned(cores, command), cwd=ROOT, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=self.errors, start_new_session=True,
                                        preexec_fn=die_with_parent)

    def stderr(self):
        self.errors.seek(0)
        lines = self.errors.read().decode(errors="replace").strip().splitlines()
        return "\n".join("    " + line for line in lines[-40:]) or "    (nothing on stderr)"

    def fail(self, what):
        raise Failure(f"{self.name} {what}: {shlex.join(self.command)}\n{self.stderr()}")

    def await_listening(self, seconds):
        """Waits for the line 'listening URI'. Stdout is read for good, so that the server can never block on it."""
        found = threading.Event()

        def read():
            with self.process.stdout as lines:
                for line in lines:
                    text = line.decode(errors="replace").strip()
                    if text.startswith("listening ") and not found.is_set():
                        self.address = text.split()[1]
                        found.set()
            found.set()

        threading.Thread(target=read, daemon=True).start()
        if not found.wait(seconds):
            self.fail(f"printed no line 'listening URI' within {seconds:g} s")
        if not self.address:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(2)
            self.fail(f"ended before it listened (exit status {self.process.poll()})")

    @property
    def port(self):
        return urllib.parse.urlsplit(self.address).port

    def use_path(self, path):
        """What is asked for, unless the server has said."""
        if urllib.parse.urlsplit(self.address).path in ("", "/"):
            self.address = self.address.rstrip("/") + path

    def find_owner(self, scheme):
        """Finds the process that holds the socket. The scheme is what the scenario needs; all but udp are over TCP."""
        if not self.address.startswith(scheme + "://"):
            self.fail(f"listens on {self.address}, where {scheme}:// is needed")
        wanted = f"socket:[{socket_inode('udp' if scheme == 'udp' else 'tcp', self.port)}]"
        for pid in session_members(self.process.pid):
            with contextlib.suppress(OSError):
                for descriptor in os.listdir(f"/proc/{pid}/fd"):
                    with contextlib.suppress(OSError):
                        if os.readlink(f"/proc/{pid}/fd/{descriptor}") == wanted:
                            self.pid = pid
                            return
        self.fail(f"printed {self.address}, but none of its processes listens there")

    def signal(self, number):
        for pid in session_members(self.process.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def ended(self):
        return self.process.poll() is not None and not any(session_members(self.process.pid))

    def is_jvm(self):
        with contextlib.suppress(OSError):
            return os.path.basename(os.readlink(f"/proc/{self.pid}/exe")) == "java"
        return False

    def java_command(self):
        """What the launcher has become, as it can be started without it."""
        with open(f"/proc/{self.pid}/cmdline", "rb") as file:
            words = file.read().decode().split("\0")[:-1]
        return [os.readlink(f"/proc/{self.pid}/exe"), *words[1:]]

    def resident_bytes(self):
        with open(f"/proc/{self.pid}/smaps_rollup", encoding="ascii") as file:
            for line in file:
                if line.startswith("Rss:"):
                    return int(line.split()[1]) * 1024
        return self.fail("has no resident memory")

    def cpu_seconds(self):
        with contextlib.suppress(OSError), open(f"/proc/{self.pid}/stat", encoding="ascii") as stat:
            columns = stat.read().rsplit(")", 1)[1].split()
            return (int(columns[11]) + int(columns[12])) / TICKS
        return 0.0


def stop(processes):
    """Ends every process of every server's session: asks first, then kills."""
    processes = list(processes)
    for number, patience in ((signal.SIGTERM, 5), (signal.SIGKILL, 5)):
        for process in processes:
            process.signal(number)
            process.signal(signal.SIGCONT)
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            if all(process.ended() for process in processes):
                return
            time.sleep(0.02)


class Foreign:
    """The share of the machine's CPU time that neither the servers given, nor this process, nor its children used."""

    def __init__(self, processes):
        self.processes = list(processes)
        self.begun = self.now()

    @staticmethod
    def busy_seconds():
        """CPU time of the whole machine that was not idle, stolen time included."""
        with open("/proc/stat", encoding="ascii") as stat:
            user, nice, system, _, _, interrupt, soft, steal = map(int, stat.readline().split()[1:9])
        return (user + nice + system + interrupt + soft + steal) / TICKS

    def now(self):
        own = sum(process.cpu_seconds() for process in self.processes) + sum(os.times()[:4])
        return time.monotonic(), self.busy_seconds() - own

    def share(self):
        wall, foreign = (after - before for after, before in zip(self.now(), self.begun))
        return max(0.0, foreign / (wall * os.cpu_count()))
