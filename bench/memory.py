"""Memory of a command while it runs: resident pages of it and all its children together."""

import subprocess
import time
from pathlib import Path

_EVERY_S = 0.05


def peak_of(process: "subprocess.Popen[bytes]") -> int:
    """Wait for a process; the greatest sum of resident memory of its family, in bytes."""
    peak = 0
    while process.poll() is None:
        peak = max(peak, sum(resident(pid) for pid in family(process.pid)))
        time.sleep(_EVERY_S)
    return peak


def family(pid: int) -> list[int]:
    """A process and everything it started, as far as it still runs."""
    found = [pid]
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = task.read_text(encoding="ascii").split()
        except OSError:
            continue
        for child in children:
            found += family(int(child))
    return found


def resident(pid: int) -> int:
    """Resident memory of a process in bytes; 0 when it is gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS:"))
