"""`muang test`: the whole check, from lint to the browser."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated

import typer

from layers.errors import UnavailableError
from layers.text import Text
from ops.checkout import Checkout
from ops.progress import Progress, both

_FAST = "not slow and not e2e and not notebook"

_MOST_WORKERS = 4
"""More would wait for the one database server, and for each other's browsers."""


def register(app: typer.Typer) -> None:
    """Add `test`."""
    app.command("test")(check_all)


def check_all(
    *,
    fast: Annotated[
        bool, typer.Option("--fast", help="leave out browser, notebooks and slow tests")
    ] = False,
    arguments: Annotated[
        list[str] | None,
        typer.Argument(help="only these tests, and no other check; after -- any pytest argument"),
    ] = None,
) -> None:
    """ตรวจทั้งหมด · Lint, types, import contract, unit, database, API, notebooks, browser."""
    from ops.check_steps import dashboard_checks, python_checks, run_checks, type_checks
    from ops.cluster import Cluster
    from ops.dashboard import need_dashboard, node_bin
    from ops.packages import need_browser

    checkout = Checkout.here()
    progress = Progress()
    # the Node that Playwright brings along wants libatomic, which a bare machine does not have
    settings = {"PLAYWRIGHT_NODEJS_PATH": str(node_bin() / "node")}
    # hundreds of children of tests import the project: what one has compiled, the next reads
    settings["PYTHONDONTWRITEBYTECODE"] = ""
    if not fast:
        settings["MUANG_CHROMIUM"] = str(need_browser(checkout, progress))
    failed: list[Text] = []
    # types need a minute or two of one core, and nobody waits for them
    with ThreadPoolExecutor(1) as beside:
        types = beside.submit(run_checks, [] if arguments else type_checks(checkout), progress)
        if arguments:
            need_dashboard(checkout, progress)
        else:
            failed += run_checks(python_checks(checkout), progress)
            failed += run_checks(dashboard_checks(checkout, progress), progress)
        # chosen tests run in one process, where -x, -s and a debugger work as everybody knows them
        chosen = [*(["-m", _FAST] if fast else []), *(arguments or _side_by_side())]
        if os.environ.get("MUANG_DATABASE_URL"):
            closing, passed = _pytest(checkout, progress, chosen, settings)
        else:
            with Cluster(checkout, "test", throwaway=True).use(progress) as url:
                settings["MUANG_DATABASE_URL"] = url
                closing, passed = _pytest(checkout, progress, chosen, settings)
        failed += types.result()
    progress.summary()
    for title in failed:
        progress.say(Text(th=f"ไม่ผ่าน: {title.th}", en=f"FAILED: {title.en}"))
    print(closing, flush=True)
    if failed or not passed:
        raise UnavailableError(Text(th="การตรวจไม่ผ่าน ดูด้านบน", en="The check failed; see above."))


def _side_by_side() -> list[str]:
    """Arguments that share the test files out to a process for each core.

    One process more was tried: three browsers that draw in software on two cores made every
    browser test 1.6 to 1.8 times as long.

    A file stays whole and files keep their order (`tests/conftest.py`: the longest folders and
    files first), so processes work in the same folder and each makes its towns and servers once.
    """
    cores = os.cpu_count() or 1
    if cores < 2:  # noqa: PLR2004 - one process is no company
        return []
    workers = min(cores, _MOST_WORKERS)
    return ["--numprocesses", str(workers), "--dist", "loadfile", "--no-loadscope-reorder"]


def _pytest(
    checkout: Checkout, progress: Progress, arguments: list[str], settings: dict[str, str]
) -> tuple[str, bool]:
    """Run pytest with its output on the screen; returns its closing line and whether all passed."""
    last = ""
    title = Text(th="ทดสอบทั้งระบบ", en="pytest")
    with progress.step(title, quiet=True) as step:
        with subprocess.Popen(
            [sys.executable, "-P", "-m", "pytest", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            cwd=checkout.root,
            env=os.environ | settings | {"PYTHONUNBUFFERED": "1"},
        ) as process:
            for line in process.stdout or ():
                print(line, end="", flush=True)
                last = line.strip() or last
        step.note(last)
    return f"pytest: {last.strip('= ')}" if last else both(title), process.returncode == 0
