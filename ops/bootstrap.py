"""Makes `.venv` from the hash-pinned lock and starts the command in it. Standard library only.

Run by the launcher with the machine's Python, before anything is installed:
`python3 -I ops/bootstrap.py CHECKOUT ARGUMENTS…`. A stamp inside `.venv`, written last, holds the
hashes of the locks; while it fits nothing is touched and no network is needed. A virtual
environment cannot be moved, so the stamp also holds the path: a moved checkout makes a new one.
"""

import contextlib
import fcntl
import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

LOCKS = ("requirements.lock", "requirements-dev.lock")
NEEDS_DEV = ("test", "notebook", "bench", "soak")
STAMP = "muang-stamp.json"
# The line is ASCII and relative to the environment, so no locale and no Thai path can break it.
PATH_LINE = "import os, sys; sys.path.append(os.path.dirname(sys.prefix))\n"
LEAKS = ("PIP_USER", "PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_REQUIRE_VIRTUALENV")


def main(root: Path, arguments: list[str]) -> NoReturn:
    """Make the environment fit, then become the command."""
    python = root / ".venv" / "bin" / "python"
    dev = arguments[:1] != [] and arguments[0] in NEEDS_DEV
    if not fits(root, dev=dev):
        with alone(root):
            if not fits(root, dev=dev):
                make(root, dev=dev)
    os.execv(python, [str(python), "-P", "-m", "ops", *arguments])  # noqa: S606  no shell wanted


def fits(root: Path, *, dev: bool) -> bool:
    """Whether `.venv` is whole, belongs to this path and Python, and holds the locks' packages."""
    stamp = read_stamp(root)
    wanted = {name: lock_hash(root, name) for name in LOCKS[: 2 if dev else 1]}
    return is_usable(root, stamp) and wanted.items() <= stamp.get("locks", {}).items()


def is_usable(root: Path, stamp: dict[str, dict[str, str]]) -> bool:
    """Whether the environment was finished here and its Python is still the same one."""
    return (
        bool(stamp) and stamp.get("place") == place(root) and (root / ".venv/bin/python").exists()
    )


def place(root: Path) -> dict[str, str]:
    """What an environment is tied to: the path, and the interpreter its symlink leads to."""
    return {"root": str(root), "python": os.path.realpath(root / ".venv" / "bin" / "python")}


def read_stamp(root: Path) -> dict[str, dict[str, str]]:
    """The stamp of a finished environment; empty when there is none or it cannot be read."""
    try:
        stamp = json.loads((root / ".venv" / STAMP).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def lock_hash(root: Path, name: str) -> str:
    """SHA-256 of a lock file."""
    return hashlib.sha256((root / name).read_bytes()).hexdigest()


def make(root: Path, *, dev: bool) -> None:
    """Make or bring up to date the environment; anything unfinished is made anew."""
    venv = root / ".venv"
    if not is_usable(root, read_stamp(root)):
        create(root, venv)
    old = read_stamp(root)
    (venv / STAMP).unlink(missing_ok=True)
    try:
        install(root, venv, LOCKS[1] if dev else LOCKS[0])
    except SystemExit:
        # pip fetches everything before it changes anything: what was whole is still whole
        if old:
            write_stamp(venv, old)
        raise
    library = next(venv.glob("lib/python3*/site-packages"))
    (library / "muang.pth").write_text(PATH_LINE, encoding="ascii")
    # The development lock holds everything of the other one, at the same versions.
    held = {name: lock_hash(root, name) for name in (LOCKS if dev else LOCKS[:1])}
    write_stamp(venv, {"place": place(root), "locks": held})


def write_stamp(venv: Path, stamp: dict[str, dict[str, str]]) -> None:
    """Declare the environment whole, in one step."""
    fresh = venv / f"{STAMP}.new"
    fresh.write_text(json.dumps(stamp), encoding="utf-8")
    fresh.replace(venv / STAMP)


def create(root: Path, venv: Path) -> None:
    """A new, empty environment in the place of whatever is there."""
    if ":" in str(root):
        fail(
            f"ชื่อโฟลเดอร์มีเครื่องหมาย : ซึ่ง Python ใช้ไม่ได้ ย้ายไปที่อื่น: {root}",
            f"The path holds a colon, which Python environments cannot have; move it: {root}",
        )
    need_ensurepip()
    if venv.is_symlink() or venv.is_file():
        venv.unlink()
    shutil.rmtree(venv, ignore_errors=True)
    with step("สร้างสภาพแวดล้อม Python", "Making the Python environment .venv"):
        done = subprocess.run(
            [sys.executable, "-m", "venv", str(venv)], capture_output=True, text=True, check=False
        )
        if done.returncode:
            fail(
                f"สร้าง .venv ไม่ได้: {last_line(done.stdout + done.stderr)}",
                f"Could not make .venv: {last_line(done.stdout + done.stderr)}",
            )


def need_ensurepip() -> None:
    """Debian and Ubuntu ship Python without it: install the package, or say how."""
    if all(importlib.util.find_spec(name) for name in ("venv", "ensurepip")):
        return
    package = f"python3.{sys.version_info.minor}-venv"
    command = ["apt-get", "install", "-y", "--no-install-recommends", package]
    prefix = [] if os.geteuid() == 0 else ["sudo"] if shutil.which("sudo") else None
    if shutil.which("apt-get") and prefix is not None:
        if prefix and not sys.stdin.isatty():
            prefix = ["sudo", "-n"]
        with step(f"ติดตั้ง {package}", f"Installing the system package {package}"):
            for words in (["apt-get", "update", "-q"], command):
                say("    " + " ".join([*prefix, *words]))
                subprocess.run(
                    [*prefix, *words],
                    stdout=subprocess.DEVNULL,
                    env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"},
                    check=False,
                )
        importlib.invalidate_caches()
    if not importlib.util.find_spec("ensurepip"):
        fail(
            f"Python เครื่องนี้ไม่มี venv ติดตั้งด้วย: sudo apt-get install {package} แล้วสั่งใหม่",
            f"This Python has no venv. Run: sudo apt-get install {package}  and try again.",
        )


def install(root: Path, venv: Path, name: str) -> None:
    """Install exactly the packages of a lock, checking every hash."""
    lock = root / name
    total = len(re.findall(r"(?m)^[A-Za-z0-9]", lock.read_text(encoding="utf-8")))
    command = [
        *(str(venv / "bin" / "python"), "-m", "pip", "install", "--require-hashes", "--no-deps"),
        *("--no-input", "--disable-pip-version-check", "--progress-bar", "off"),
        *("--only-binary", ":all:", "-r", str(lock)),
    ]
    env = {key: value for key, value in os.environ.items() if key not in LEAKS}
    env["PYTHONUNBUFFERED"] = "1"
    title = (f"ติดตั้งแพ็กเกจ Python {total} รายการ", f"Installing {total} Python packages ({name})")
    with step(*title) as note:
        tail: list[str] = []
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=env
        ) as pip:
            seen = 0
            for line in pip.stdout or ():
                tail = [*tail[-11:], line.rstrip()]
                if line.startswith(("Collecting ", "Requirement already")):
                    seen += 1
                    note(f"{seen}/{total} {line.split()[1 if line[0] == 'C' else 3]}")
                elif line.startswith("Installing"):
                    note("pip: unpacking")
    if pip.returncode:
        say("\n".join(tail))
        fail(
            "ติดตั้งแพ็กเกจ Python ไม่สำเร็จ ตรวจว่าเครื่องต่ออินเทอร์เน็ตหรือคลังแพ็กเกจของหน่วยงานได้ แล้วสั่งใหม่",
            "The Python packages could not be installed (see above). Check that this machine "
            "reaches the internet or your package mirror (pip config), then run it again.",
        )


@contextlib.contextmanager
def alone(root: Path) -> Iterator[None]:
    """Hold the checkout's install lock: two first starts at once must not mix."""
    folder = root / ".muang"
    try:
        folder.mkdir(mode=0o755, exist_ok=True)
        lock = (folder / "install.lock").open("w")
    except OSError as error:
        fail(
            f"เขียนลงโฟลเดอร์ {root} ไม่ได้: {error.strerror}",
            f"Cannot write into {root}: {error.strerror}. Use a folder of your own.",
        )
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            say("… รออีกคำสั่งที่กำลังติดตั้งอยู่ · waiting for another start that is installing")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def step(thai: str, english: str) -> "Iterator[Note]":
    """A titled piece of long work; its time is printed at the end."""
    started = time.monotonic()
    title = f"{thai} · {english}"
    say(f"… {title}")
    yield Note(started)
    say(f"✓ {title} ({time.monotonic() - started:.1f} s)")


class Note:
    """What is being done now: a redrawn line on a terminal, a plain line now and then otherwise."""

    def __init__(self, started: float) -> None:
        self.started = started
        self.last = started
        self.live = sys.stderr.isatty() and os.environ.get("TERM", "dumb") != "dumb"

    def __call__(self, text: str) -> None:
        """Show the text, if enough time has passed since the last one."""
        now = time.monotonic()
        if now - self.last < (0.1 if self.live else 10):
            return
        self.last = now
        end = "\x1b[K\r" if self.live else "\n"
        print(f"  … {now - self.started:.0f} s {text[:60]}", end=end, file=sys.stderr, flush=True)


def say(line: str) -> None:
    """One line on stderr."""
    print(line, file=sys.stderr, flush=True)


def last_line(text: str) -> str:
    """The last line that says something."""
    return next((line for line in reversed(text.splitlines()) if line.strip()), "?")


def fail(thai: str, english: str) -> NoReturn:
    """End with status 1 and a sentence in both languages."""
    say(thai)
    say(english)
    sys.exit(1)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
