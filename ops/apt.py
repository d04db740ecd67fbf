"""Debian's and Ubuntu's package manager: what it has, and installing with the person told first."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from layers.errors import MuangError, UnavailableError
from layers.text import Text
from ops.programs import run
from ops.progress import Progress, Step

# Installing a PostgreSQL server package on Debian also makes and starts a cluster called "main".
# Nobody asked for that one: this file stops it while we install and is taken away afterwards.
_NO_MAIN_CLUSTER = Path("/etc/postgresql-common/createcluster.d/zz-muang.conf")
_OPTIONS = (
    "-y",
    "--no-install-recommends",
    "-o",
    "DPkg::Lock::Timeout=300",
    "-o",
    "Dpkg::Use-Pty=0",
)


def is_here() -> bool:
    """Whether this machine has apt-get."""
    return shutil.which("apt-get") is not None


def root_prefix() -> list[str]:
    """What to put before a command to run it as root: nothing, or sudo.

    Raises UnavailableError when we are not root and cannot become root.
    """
    if os.geteuid() == 0:
        return []
    if not shutil.which("sudo"):
        raise UnavailableError(
            Text(th="ไม่ใช่ผู้ดูแลเครื่องและไม่มี sudo", en="you are not root and there is no sudo")
        )
    if sys.stdin.isatty():
        print("sudo อาจถามรหัสผ่านของคุณ · sudo may ask for your password", file=sys.stderr)
        asked = subprocess.run(["sudo", "-v"], check=False)
    else:
        asked = subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False)
    if asked.returncode:
        raise UnavailableError(
            Text(
                th="sudo ต้องใช้รหัสผ่าน หรือบัญชีนี้ไม่มีสิทธิ์",
                en="sudo wants a password there is nobody to type, or this account may not use it",
            )
        )
    return ["sudo"]


def find(pattern: str) -> list[str]:
    """Names of the packages this machine's sources offer that match a regular expression."""
    done = subprocess.run(
        ["apt-cache", "search", "--names-only", pattern],
        capture_output=True,
        text=True,
        check=False,
    )
    return sorted(line.split()[0] for line in done.stdout.splitlines() if line.strip())


def update(prefix: Sequence[str], progress: Progress, log: Path) -> None:
    """Fetch the lists of packages."""
    title = Text(
        th="อ่านรายชื่อแพ็กเกจของระบบ", en="Reading the system's package lists (apt-get update)"
    )
    with progress.step(title) as step:
        run([*prefix, "apt-get", "update"], step=step, log=log)


def install(packages: Sequence[str], prefix: Sequence[str], progress: Progress, log: Path) -> None:
    """Say exactly what will be installed, then install it; stale lists are fetched anew once."""
    try:
        _install(packages, prefix, progress, log)
    except MuangError:
        update(prefix, progress, log)
        _install(packages, prefix, progress, log)


def _install(packages: Sequence[str], prefix: Sequence[str], progress: Progress, log: Path) -> None:
    names, size = plan(packages, prefix)
    progress.say(
        Text(
            th=f"จะติดตั้งแพ็กเกจของระบบ {len(names)} รายการ{size}",
            en=f"Will install {len(names)} system packages{size}:",
        )
    )
    progress.say(_listed(names))
    words = [*prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "install", *_OPTIONS]
    progress.say("    " + " ".join([*words, *packages]))
    title = Text(th=f"ติดตั้ง {' '.join(packages)}", en=f"Installing {len(names)} system packages")
    with progress.step(title) as step, _without_main_cluster(prefix, step):
        run([*words, *packages], step=step, log=log)


def _listed(names: Sequence[str]) -> str:
    indent = "    "
    return textwrap.fill(
        " ".join(names),
        96,
        initial_indent=indent,
        subsequent_indent=indent,
        break_on_hyphens=False,
        break_long_words=False,
    )


def plan(packages: Sequence[str], prefix: Sequence[str] = ()) -> tuple[list[str], str]:
    """Every package that would be installed, and the download size in words (may be empty)."""
    done = subprocess.run(
        [
            *(*prefix, "env", "LC_ALL=C", "apt-get", "install", "--assume-no"),
            *("--no-install-recommends", *packages),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    block = re.search(r"NEW packages will be installed:\n((?:  .*\n)+)", done.stdout)
    size = re.search(r"Need to get ([\d.,]+ \w+)", done.stdout)
    return (block[1].split() if block else list(packages)), (f" ({size[1]})" if size else "")


@contextmanager
def _without_main_cluster(prefix: Sequence[str], step: Step) -> Iterator[None]:
    folder = _NO_MAIN_CLUSTER.parent
    had_folder = folder.exists()
    with tempfile.TemporaryDirectory() as scratch:
        draft = Path(scratch) / "conf"
        draft.write_text("create_main_cluster = false\n", encoding="ascii")
        draft.chmod(0o644)
        run([*prefix, "install", "-D", "-m", "644", draft, _NO_MAIN_CLUSTER], step=step)
    try:
        yield
    finally:
        run([*prefix, "rm", "-f", _NO_MAIN_CLUSTER], step=step)
        if not had_folder:
            run([*prefix, "rmdir", "--ignore-fail-on-non-empty", folder], step=step)
