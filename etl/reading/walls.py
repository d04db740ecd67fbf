"""The walls around the child: memory, time, size of files, no network, no writing elsewhere.

Each works without being administrator. What the kernel could give is told to the parent; memory,
time and the system calls for sockets are never optional.
"""

import contextlib
import ctypes
import os
import platform
import resource
import signal
import struct
import sys
from pathlib import Path

from etl.reading.trouble import Order

_NEW_USER = 0x10000000
_NEW_NET = 0x40000000
_PR_SET_PDEATHSIG = 1
_PR_SET_NO_NEW_PRIVS = 38
_PR_SET_SECCOMP = 22
_SECCOMP_MODE_FILTER = 2
_EACCES = 13

# what talks to others, becomes another program, or looks into another process
_FORBIDDEN = {
    "x86_64": (
        0xC000003E,
        # socket connect accept sendto sendmsg bind listen socketpair accept4 sendmmsg
        (
            *(41, 42, 43, 44, 46, 49, 50, 53, 288, 307),
            # execve execveat ptrace process_vm_readv process_vm_writev kexec_load
            *(59, 322, 101, 310, 311, 246),
            # mount umount2 pivot_root unshare setns bpf userfaultfd perf_event_open io_uring_setup
            *(165, 166, 155, 272, 308, 321, 323, 298, 425, 426, 427),
        ),
    ),
    "aarch64": (
        0xC00000B7,
        (
            *(198, 203, 202, 206, 211, 200, 201, 199, 242, 269),
            *(221, 281, 117, 270, 271, 104),
            *(40, 39, 41, 97, 268, 280, 282, 241, 425, 426, 427),
        ),
    ),
}
_X32 = 0x40000000

_LANDLOCK_CREATE, _LANDLOCK_ADD, _LANDLOCK_RESTRICT = 444, 445, 446
# write, remove and make files and folders of every kind (all of the first version but reading)
_LANDLOCK_WRITES = 0b1_1111_1111_0010


def raise_walls(order: Order) -> dict[str, bool]:
    """Limit this process for good, before any library that parses is loaded.

    Gives which walls stand: `network` (a name space of its own), `calls` (no system call for
    sockets or programs gets through), `writes` (nothing outside the scratch folder can change).
    """
    memory, seconds = int(order["memory_bytes"]), int(order["cpu_seconds"])
    written = int(order["file_bytes"])
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_FSIZE, (written, written))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    kernel = ctypes.CDLL(None, use_errno=True)
    network = _own_network(kernel)
    _end_with(kernel, int(order["parent"]))
    return {
        "network": network,
        "writes": _write_only_in(kernel, Path(order["folder"])),
        "calls": _no_calls(kernel),
    }


def _own_network(kernel: ctypes.CDLL) -> bool:
    """An empty network name space, where the kernel gives one."""
    # an administrator keeps its own user name space: in a new one it could not read others' files
    flags = _NEW_NET if os.geteuid() == 0 else _NEW_USER | _NEW_NET
    with contextlib.suppress(OSError, AttributeError):
        return bool(kernel.unshare(flags) == 0)
    return False


def _end_with(kernel: ctypes.CDLL, parent: int) -> None:
    """Nobody waits for an answer when the import was killed: end with it, however it ended.

    Asked after the name spaces, which take it back.
    """
    kernel.prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    if os.getppid() != parent:
        sys.exit(1)  # it ended before we asked


def _no_calls(kernel: ctypes.CDLL) -> bool:
    """A seccomp filter: forbidden system calls fail with EACCES, for this process and its heirs."""
    known = _FORBIDDEN.get(platform.machine())
    if known is None:
        return False
    architecture, numbers = known
    refuse = _step(0x06, 0x00050000 | _EACCES)
    program = [
        _step(0x20, 4),  # which architecture the call is of
        _step(0x15, architecture, 1, 0),
        refuse,
        _step(0x20, 0),  # its number
        _step(0x35, _X32, 0, 1),
        refuse,
    ]
    for number in numbers:
        program += [_step(0x15, number, 0, 1), refuse]
    program.append(_step(0x06, 0x7FFF0000))
    code = ctypes.create_string_buffer(b"".join(program))
    head = struct.pack("HxxxxxxP", len(program), ctypes.addressof(code))
    if kernel.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return False
    return bool(kernel.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, head, 0, 0) == 0)


def _step(code: int, value: int, yes: int = 0, no: int = 0) -> bytes:
    """One instruction of the filter: what to do, with what, how many to skip if so and if not."""
    return struct.pack("HBBI", code, yes, no, value)


def _write_only_in(kernel: ctypes.CDLL, folder: Path) -> bool:
    """Landlock: nothing but what is in the scratch folder can be written, made or removed."""
    rules = struct.pack("Q", _LANDLOCK_WRITES)
    handle = kernel.syscall(_LANDLOCK_CREATE, rules, len(rules), 0)
    if handle < 0:
        return False
    try:
        for path in (folder, Path(os.devnull)):
            opened = os.open(path, os.O_PATH | os.O_CLOEXEC)
            try:
                # of a single file only writing can be allowed
                allowed = _LANDLOCK_WRITES if path == folder else 0b10
                rule = struct.pack("=Qi", allowed, opened)
                if kernel.syscall(_LANDLOCK_ADD, handle, 1, rule, 0) != 0:
                    return False
            finally:
                os.close(opened)
        if kernel.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
            return False
        return bool(kernel.syscall(_LANDLOCK_RESTRICT, handle, 0) == 0)
    finally:
        os.close(handle)
