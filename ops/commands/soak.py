"""`muang soak`: half an hour of changes under open pages, and a crowd that reconnects at once."""

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from layers.errors import RefusedError
from layers.text import Text
from ops.checkout import Checkout
from ops.progress import Progress

_DEMO = "phibun"


def register(app: typer.Typer) -> None:
    """Add `soak`."""
    app.command("soak")(soak)


def soak(
    *,
    minutes: Annotated[float, typer.Option(min=0.1, help="how long changes are made")] = 30.0,
    rate: Annotated[float, typer.Option(min=0.1, max=100, help="changes a second")] = 10.0,
    pages: Annotated[
        int, typer.Option(min=0, max=12, help="dashboards kept open; 0: without a browser")
    ] = 3,
    clients: Annotated[
        int, typer.Option(min=0, max=400, help="streams that lose their line at once")
    ] = 200,
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
) -> None:
    """ทดสอบความทนทาน · Soak a throw-away town: leaks, missed changes, reconnecting."""
    from bench.soak.run import Plan
    from bench.soak.run import soak as run
    from bench.soak.town import thrown_away

    checkout, progress = Checkout.here(), Progress()
    folder = checkout.root / "build" / "soak" / datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    plan = Plan(minutes * 60, rate, pages, clients)
    chromium = _browser(checkout, progress) if pages else None
    with thrown_away(checkout, progress, folder) as served:
        title = Text(th="ทดสอบความทนทาน", en="Soaking")
        with progress.step(title) as step:

            def say(words: str) -> None:
                step.note(words)

            report = asyncio.run(run(served, plan, chromium, say))
    report.write(folder / "report.json")
    print(json.dumps(report.told(), ensure_ascii=False) if as_json else report.words())
    progress.say(Text(th=f"รายงาน {folder}", en=f"The report is in {folder}"))
    if report.broken:
        raise RefusedError(
            Text(
                th=f"ไม่ผ่าน {len(report.broken)} ข้อ",
                en=f"{len(report.broken)} of {len(report.figures)} bounds do not hold.",
            )
        )


def _browser(checkout: Checkout, progress: Progress) -> Path:
    """Chromium, and the dashboard as its sources are now."""
    from ops.dashboard import need_dashboard
    from ops.packages import need_browser

    need_dashboard(checkout, progress)
    return need_browser(checkout, progress)
