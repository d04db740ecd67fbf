"""Runs a program that ends when its parent ends, even a parent that was killed. Linux only.

`python leash.py PARENT_PID PROGRAM ARGUMENTS…`: asks the kernel for SIGTERM at the parent's death,
then becomes the program. Standard library only; run as a file.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Put on the leash and become the program."""
    parent, program = int(sys.argv[1]), sys.argv[2:]
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, int(signal.SIGTERM))
    if os.getppid() != parent:
        sys.exit(0)  # it died before we asked
    os.execv(program[0], program)  # noqa: S606  no shell wanted


if __name__ == "__main__":
    main()
