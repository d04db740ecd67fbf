"""How long until a second browser shows an acknowledgement, and where the time goes.

Two dashboards in Chromium, changes going on at a given rate. One clicks "acknowledge"; on the other
every step is timed by the page itself, so that nothing the driver does is counted.

    MUANG_DATABASE_URL=… python -m bench.acknowledged [--rounds 15] [--rate 10]
"""

import argparse
import asyncio
import tempfile
from pathlib import Path
from typing import Any

import httpx
from playwright.async_api import Page

from bench.figures import Figure, Report
from bench.soak.changes import Changes
from bench.soak.pages import Who, opened
from bench.soak.serving import Served, session_for, token_for
from bench.soak.town import thrown_away
from layers.model import Role
from ops.checkout import Checkout
from ops.packages import find_chromium
from ops.progress import Progress

WITHIN_S = 2.0
_WARM_S = 20.0
_TURN = ("reading", "edit", "parcel", "stay", "reading")
"""No other incident's steps: what arrives is the acknowledgement."""
_CLOCKS = """(incident) => {
    const marks = { id: incident };
    window.muangMarks = marks;
    const { app } = document.querySelector('muang-app');
    if (!window.muangClocks) {
        window.muangClocks = true;
        const told = app.table.onChanges.bind(app.table);
        app.table.onChanges = (changes) => {
            const mine = changes.some(({ layer }) => layer === 'incidents');
            if (mine && window.muangMarks.heard) window.muangMarks.told ??= Date.now();
            told(changes);
        };
        const fetched = window.fetch.bind(window);
        window.fetch = async (...asked) => {
            const { muangMarks: now } = window;
            const list = String(asked[0]).includes('/incidents?active');
            if (list && now.heard) now.asked ??= Date.now();
            const answer = await fetched(...asked);
            if (list && now.asked) now.answered ??= Date.now();
            return answer;
        };
        new MutationObserver(() => {
            const { muangMarks: now } = window;
            const row = document.querySelector(`[data-incident="${now.id}"]`);
            // the list shows the first of need: one that is acknowledged may leave it
            if (!row || row.dataset.status === 'acknowledged') now.shown ??= Date.now();
        }).observe(document.body, { subtree: true, attributes: true, childList: true });
    }
}"""
_HEARD = """(() => {
    window.EventSource = class extends EventSource {
        constructor(url, options) {
            super(url, options);
            this.addEventListener('change', ({ data }) => {
                const { muangMarks: now } = window;
                if (!now || JSON.parse(data).layer !== 'incidents') return;
                now.heard ??= Date.now();
            });
        }
    };
})()"""
_CLICK = """async () => {
    const began = Date.now();
    document.querySelector('[data-action="acknowledge"]').click();
    return began;
}"""


async def measure(
    served: Served, chromium: Path, report: Report, *, rounds: int, rate: float
) -> None:
    """Acknowledge `rounds` incidents on one page while another looks on."""
    changes = Changes(served.place(token_for(served, Role.ADMIN)), _TURN)
    await changes.begin()
    people = [
        Who(name, name, link, await session_for(served, Role(name), number))
        for number, (name, link) in enumerate((("coordinator", "#lang=th"), ("admin", "#lang=en")))
    ]
    work = None
    found: list[dict[str, float]] = []
    try:
        async with opened(served.url, people, chromium, _HEARD) as pages:
            first, second = (one.page for one in pages.watched)
            if rate:
                work = asyncio.create_task(changes.run(rate, 3600))
                await asyncio.sleep(_WARM_S)
            found += [await _round(served, first, second) for _ in range(rounds)]
    finally:
        if work:
            work.cancel()
        await changes.end()
    part = f"acknowledged at {rate:g} changes/s"
    for name in dict.fromkeys(stage for one in found for stage in one):
        # a list read for another change a moment before has no question of its own
        values = [round(one[name] / 1000, 3) for one in found if name in one]
        whole = name == "in all"
        report.add(
            Figure(
                *(part, name, values),
                target=WITHIN_S if whole else None,
                unit=" s",
                at_most=True,
            )
        )


async def _round(served: Served, first: Page, second: Page) -> dict[str, float]:
    made = await _raised(served)
    row = f'[data-incident="{made}"][data-status="raised"]'
    await first.evaluate(f"document.querySelector('muang-app').app.desk.incidents.open({made})")
    # a list shows the first of need: critical ones are on top
    await second.locator(row).wait_for()
    await first.locator('[data-action="acknowledge"]').wait_for()
    await asyncio.sleep(1)
    await second.evaluate(_CLOCKS, made)
    began = await first.evaluate(_CLICK)
    await second.wait_for_function("() => window.muangMarks.shown !== undefined", polling=50)
    marks: dict[str, Any] = await second.evaluate("window.muangMarks")
    await first.evaluate("document.querySelector('muang-app').app.desk.incidents.close()")
    return {"in all": marks["shown"] - began, **_stages(marks, began)}


def _stages(marks: dict[str, Any], began: float) -> dict[str, float]:
    """Time of each stage."""
    stages = {}
    before = began
    for name in ("heard", "told", "asked", "answered", "shown"):
        at = marks.get(name)
        if at is not None:
            stages[f"until {name}"] = at - before
            before = at
    return stages


async def _raised(served: Served) -> int:
    headers = {"Authorization": f"Bearer {token_for(served, Role.ADMIN)}"}
    async with httpx.AsyncClient(base_url=served.url, trust_env=False, timeout=60) as client:
        me = (await client.get("/me", headers=headers)).json()["town"]["bounds"]
        body = {
            "kind": "rescue",
            "severity": "critical",
            "title": "คนติดบนหลังคา",
            "at": [(me[0] + me[2]) / 2, (me[1] + me[3]) / 2],
        }
        answer = await client.post("/incidents", headers=headers, json=body)
    return int(answer.json()["id"])


def main() -> None:
    """Make a town, measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--rate", type=float, default=10.0)
    options = parser.parse_args()
    chromium = find_chromium()
    if chromium is None:
        raise SystemExit("There is no Chromium: ./muang test installs it.")
    report = Report(0)
    with (
        tempfile.TemporaryDirectory() as logs,
        thrown_away(Checkout.here(), Progress(), Path(logs)) as served,
    ):
        asyncio.run(measure(served, chromium, report, rounds=options.rounds, rate=options.rate))
    report.write(Path("build/bench/acknowledged.json"))
    print(f"load {' … '.join(report.loads)}")


if __name__ == "__main__":
    main()
