"""The steps of `muang test` before pytest: each is a program that has to end with status 0."""

import sys
import sysconfig
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from layers.errors import MuangError
from layers.text import Text
from ops.checkout import Checkout
from ops.dashboard import need_dashboard, need_modules, npm
from ops.programs import run
from ops.progress import Progress

FOLDERS = ("api", "db", "etl", "exports", "flood", "layers", "maps", "ops", "tests")
SCANNED = ("api", "db", "etl", "exports", "flood", "layers", "maps", "ops", "notebooks")
"""What bandit reads; its exceptions are in pyproject.toml."""


@dataclass(frozen=True)
class Check:
    """One step: what it is called, and what runs it (raises MuangError with its output).

    A `quiet` one draws no line of its own while it runs: it runs beside others.
    """

    title: Text
    run: Callable[[], object]
    quiet: bool = False


def type_checks(checkout: Checkout) -> list[Check]:
    """Types of everything written in Python: the longest of the steps, so it runs beside all."""
    command = [sys.executable, "-P", "-m", "mypy"]
    return [
        Check(
            Text(th="ตรวจชนิดข้อมูล", en="mypy --strict"),
            lambda: run(command, cwd=checkout.root, keep_lines=200),
            quiet=True,
        )
    ]


def python_checks(checkout: Checkout) -> list[Check]:
    """Lint, format, weak spots, import contract and SQL style."""
    python = [sys.executable, "-P", "-m"]
    scripts = Path(sysconfig.get_path("scripts"))

    def checked(*command: str | Path) -> Callable[[], object]:
        return lambda: run(command, cwd=checkout.root, keep_lines=200)

    return [
        Check(Text(th="ตรวจรูปแบบโค้ด", en="ruff check"), checked(*python, "ruff", "check", ".")),
        Check(
            Text(th="ตรวจการจัดหน้า", en="ruff format --check"),
            checked(*python, "ruff", "format", "--check", "."),
        ),
        Check(
            Text(th="ตรวจจุดอ่อนด้านความปลอดภัย", en="bandit"),
            checked(*python, "bandit", "-q", "-r", "-c", "pyproject.toml", *SCANNED),
        ),
        Check(Text(th="ตรวจกติกาการ import", en="import-linter"), checked(scripts / "lint-imports")),
        Check(
            Text(th="ตรวจรูปแบบ SQL", en="sqlfluff"),
            checked(*python, "sqlfluff", "lint", "--disable-progress-bar", "db/sql"),
        ),
    ]


def dashboard_checks(checkout: Checkout, progress: Progress) -> list[Check]:
    """Lint, types, unit tests and build of the dashboard. Its packages come first."""
    need_modules(checkout, progress)
    scripts = {
        "lint": Text(th="ตรวจรูปแบบโค้ดหน้าจอ", en="dashboard: biome"),
        "check": Text(th="ตรวจชนิดข้อมูลหน้าจอ", en="dashboard: tsc"),
        "test": Text(th="ทดสอบหน้าจอ", en="dashboard: vitest"),
    }
    return [
        *(
            Check(title, partial(npm, checkout, None, "run", script))
            for script, title in scripts.items()
        ),
        Check(
            Text(th="หน้าจอ", en="dashboard: build"),
            lambda: need_dashboard(checkout, progress),
        ),
    ]


def run_checks(checks: list[Check], progress: Progress) -> list[Text]:
    """Run every check, also after a failed one; returns the titles of those that failed."""
    failed: list[Text] = []
    for check in checks:
        try:
            with progress.step(check.title, quiet=check.quiet):
                check.run()
        except MuangError as error:
            progress.say(error.detail.en)
            failed.append(check.title)
    return failed
