"""PostgreSQL settings for the machine at hand: pure arithmetic, and reading how much memory it has.

Sizes are in MB throughout. Reasons and measurements: docs/operations.md.
"""

import contextlib
import os
from pathlib import Path

_MB = 1024 * 1024
_SMALL_SHM_MB = 512


def settings(memory_mb: int, cpus: int, shm_mb: int, *, throwaway: bool = False) -> dict[str, str]:
    """postgresql.conf settings for `memory_mb` of memory shared with the server and a browser.

    Durability stays on: these are people's reports. Only a `throwaway` cluster (tests) gives it up.
    """
    shared = _within(memory_mb // 5, 128, 4096)
    chosen = {
        "shared_buffers": f"{shared}MB",
        "effective_cache_size": f"{max(memory_mb // 2, 256)}MB",
        "maintenance_work_mem": f"{_within(memory_mb // 24, 64, 1024)}MB",
        "work_mem": f"{_within(memory_mb // 256, 8, 64)}MB",
        "wal_buffers": "16MB",
        "min_wal_size": "256MB",
        "max_wal_size": "2GB",
        "wal_compression": "on",
        "checkpoint_completion_target": "0.9",
        # disks are SSDs or cached; the default of 4 makes the planner shun GiST indexes
        "random_page_cost": "1.1",
        # compiling costs more than it saves on queries of milliseconds
        "jit": "off",
        "max_connections": "200",
        "max_worker_processes": str(max(8, cpus)),
        "max_parallel_workers": str(cpus),
        "max_parallel_workers_per_gather": str(_within(cpus // 2, 1, 4)),
        "password_encryption": "scram-sha-256",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "log_min_duration_statement": "2s",
        "log_lock_waits": "on",
        "log_line_prefix": "%m [%p] %q%u@%d ",
        "idle_in_transaction_session_timeout": "15min",
        "huge_pages": "try",
        # a container's /dev/shm of 64 MB stops parallel queries
        "dynamic_shared_memory_type": "posix" if shm_mb >= _SMALL_SHM_MB else "mmap",
    }
    if throwaway:
        chosen |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        chosen["shared_buffers"] = f"{_within(memory_mb // 16, 128, 512)}MB"
        chosen["log_min_duration_statement"] = "-1"
    return chosen


def memory_mb() -> int:
    """Memory of this machine, or of the container when that is less."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for limit in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        with contextlib.suppress(OSError, ValueError):
            total = min(total, int(Path(limit).read_text(encoding="ascii")))
    return total // _MB


def shm_mb() -> int:
    """Room in /dev/shm; 0 when there is none."""
    try:
        room = os.statvfs("/dev/shm")  # noqa: S108  asked for its size, nothing is written there
    except OSError:
        return 0
    return room.f_frsize * room.f_blocks // _MB


def _within(value: int, least: int, most: int) -> int:
    return max(least, min(value, most))
