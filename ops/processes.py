"""What runs on this machine, read from /proc alone: a bare machine has no ps, ss or lsof."""

import contextlib
import os
import signal
import socket
import time
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
_TCP_LISTEN = "0A"


@dataclass(frozen=True)
class Process:
    """One process: its id, and the start time (clock ticks since boot) that makes it unique."""

    pid: int
    started: int

    @classmethod
    def of(cls, pid: int) -> "Process | None":
        """The running process with that id; None when there is none or it is a zombie."""
        try:
            # the command name may hold spaces and brackets: fields count from the last bracket
            fields = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            return None
        return None if fields[0] in "ZX" else cls(pid, int(fields[19]))

    @property
    def alive(self) -> bool:
        """Whether this very process, not a later one with its id, still runs."""
        return Process.of(self.pid) == self

    @property
    def command(self) -> str:
        """Its command line, shortened; the bare name for kernel threads and foreign processes."""
        with contextlib.suppress(OSError):
            words = (PROC / str(self.pid) / "cmdline").read_bytes().split(b"\0")
            line = b" ".join(words).decode(errors="replace").strip()
            if line:
                return line[:120]
        with contextlib.suppress(OSError):
            return (PROC / str(self.pid) / "comm").read_text().strip()
        return "?"

    def works_in(self, folder: Path) -> bool:
        """Whether its working folder is `folder` (a postmaster's is its data folder)."""
        try:
            return (PROC / str(self.pid) / "cwd").samefile(folder)
        except OSError:
            return False


def processes() -> list[Process]:
    """Every process of this machine (or container) we can see."""
    found = (Process.of(int(entry.name)) for entry in PROC.iterdir() if entry.name.isdigit())
    return [process for process in found if process]


def holder_of(port: int) -> Process | None:
    """Who listens on a TCP port; None when nobody does or we may not look."""
    inodes: set[str] = set()
    for table in ("tcp", "tcp6"):
        with contextlib.suppress(OSError):
            for line in (PROC / "net" / table).read_text().splitlines()[1:]:
                words = line.split()
                if words[3] == _TCP_LISTEN and int(words[1].rpartition(":")[2], 16) == port:
                    inodes.add(f"socket:[{words[9]}]")
    return next((p for p in processes() if inodes and _holds(p, inodes)), None)


def _holds(process: Process, inodes: set[str]) -> bool:
    with contextlib.suppress(OSError):
        for entry in (PROC / str(process.pid) / "fd").iterdir():
            with contextlib.suppress(OSError):
                if str(entry.readlink()) in inodes:
                    return True
    return False


def is_free(host: str, port: int) -> bool:
    """Whether a server could listen there now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        # as servers do, so that connections in TIME_WAIT do not count as busy
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """A TCP port on loopback nobody uses at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def stop_group(leader: Process, grace_s: float) -> None:
    """End a process group: ask, wait up to `grace_s` seconds, then force whoever is left."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader.pid, signal.SIGTERM)
    deadline = time.monotonic() + grace_s
    while time.monotonic() < deadline and group_alive(leader.pid):
        time.sleep(0.05)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader.pid, signal.SIGKILL)


def group_alive(group: int) -> bool:
    """Whether any process, zombies aside, belongs to the group."""
    for process in processes():
        with contextlib.suppress(OSError):
            if os.getpgid(process.pid) == group:
                return True
    return False
