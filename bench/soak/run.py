"""A soak from beginning to end: a town that is served, changed, watched, cut off, and judged."""

import asyncio
import json
import os
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any

import httpx
import psycopg

from api.live import told
from bench.figures import Figure, load_now
from bench.soak.changes import OPEN_INCIDENTS, Changes, Done
from bench.soak.pages import Pages, Watched, opened
from bench.soak.serving import Served, people_for, token_for
from bench.soak.streams import RETRY_S, Client, arrived
from bench.soak.verdict import load_figures, stream_figures
from db.changes import Change, changes_since
from db.connect import Machine
from layers.model import Role

_BATCH = 1000
_STREAMS_EACH = 10
_NOBODY_SHARE = 0.2
_DESKS = (Role.COORDINATOR, Role.STAFF, Role.COORDINATOR, Role.ADMIN)
_DOWN_S = 5.0
_CATCH_UP_S = 30.0
_SAMPLES = 60
_LEAST_S = 5.0

Say = Callable[[str], None]


@dataclass(frozen=True)
class Plan:
    """How long, how hard, and how many look on; `storm_s` of changes around each lost line."""

    seconds: float = 1800.0
    rate: float = 10.0
    pages: int = 3
    clients: int = 200
    storm_s: float = 15.0

    @property
    def every_s(self) -> float:
        """Seconds between two looks at the pages."""
        return max(_LEAST_S, self.seconds / _SAMPLES)


@dataclass
class Report:
    """Everything a soak found."""

    plan: Plan
    figures: list[Figure] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    loads: list[str] = field(default_factory=lambda: [load_now()])
    began: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))

    @property
    def broken(self) -> list[Figure]:
        """Bounds that do not hold."""
        return [figure for figure in self.figures if figure.met is False]

    def told(self) -> dict[str, Any]:
        """One JSON object."""
        return {
            "began": self.began,
            "ended": datetime.now(UTC).isoformat(timespec="seconds"),
            "plan": asdict(self.plan),
            "loads": self.loads,
            "held": not self.broken,
            "figures": [figure.facts() for figure in self.figures],
            **self.facts,
        }

    def words(self) -> str:
        """A line for each bound, and the loads."""
        lines = [f"load {' … '.join(self.loads)}"]
        for figure in self.figures:
            mark = {True: "held  ", False: "BROKEN", None: "      "}[figure.met]
            bound = "" if figure.target is None else f" ({_sign(figure)} {figure.target:g})"
            note = f"; {figure.note}" if figure.note else ""
            value = f"{figure.median:.2f}".rstrip("0").rstrip(".")
            lines.append(f"{mark} {figure.part}, {figure.name}: {value}{figure.unit}{bound}{note}")
        return "\n".join(lines)

    def write(self, path: Path) -> None:
        """The whole as JSON."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(self.told(), ensure_ascii=False, indent=1), encoding="utf-8")


def _sign(figure: Figure) -> str:
    return "at most" if figure.at_most else "at least"


async def soak(served: Served, plan: Plan, chromium: Path | None, say: Say) -> Report:
    """Change a served town as planned, watch it, cut everybody off, and judge."""
    report = Report(plan)
    changes = Changes(served.place(token_for(served, Role.COORDINATOR)))
    memory: list[float] = []
    async with AsyncExitStack() as stack:
        stack.push_async_callback(changes.end)
        say(f"opening an event with {OPEN_INCIDENTS} incidents")
        await changes.begin()
        pages: Pages | None = None
        if plan.pages and chromium:
            say(f"opening {plan.pages} pages")
            people = await people_for(served, plan.pages)
            pages = await stack.enter_async_context(opened(served.url, people, chromium))
        await _stretch(served, plan, changes, say, pages=pages, memory=memory)
        report.loads.append(load_now())
        load = load_figures(
            *(changes.done.asked, changes.done.made.total(), changes.done.refused.total()),
            *(memory, plan.seconds),
        )
        await _compare(served, pages, say)
        clients = await _storms(served, plan, changes, say)
        await _told_to_all(served, pages, clients, say)
        await _compare(served, pages, say)
        records = [client.record for client in clients]
        watched = pages.watched if pages else []
        report.figures = [*load, *(f for one in watched for f in one.record.figures())]
        report.figures += stream_figures(records) if records else []
        report.facts = {
            "changes": _changes(changes.done),
            "server_bytes": memory,
            "browser_bytes": pages.memory if pages else [],
            "pages": [one.record.facts() for one in watched],
        }
    report.loads.append(load_now())
    return report


async def _stretch(
    served: Served,
    plan: Plan,
    changes: Changes,
    say: Say,
    *,
    pages: Pages | None,
    memory: list[float],
) -> None:
    """The long stretch of changes, with a look now and then."""
    began = monotonic()
    work = asyncio.create_task(changes.run(plan.rate, plan.seconds))
    while not work.done():
        next_look = monotonic() + plan.every_s
        memory.append(served.memory())
        if pages:
            await pages.look(began)
        say(_line(monotonic() - began, plan, changes.done, memory[-1], pages))
        await asyncio.wait([work], timeout=max(0.0, next_look - monotonic()))
    await work


def _line(at: float, plan: Plan, done: Done, memory: float, pages: Pages | None) -> str:
    heaps = [one.record.samples[-1] for one in pages.watched] if pages else []
    told = ", ".join(f"{look.heap / 1e6:.1f} MB {look.nodes:,.0f} nodes" for look in heaps)
    return (
        f"{at / 60:.1f} of {plan.seconds / 60:.1f} min: {done.made.total():,} changes"
        f" ({done.refused.total()} refused); server {memory / 1e6:.0f} MB"
        + (f"; pages {told}" if told else "")
        + f"; load {os.getloadavg()[0]:.1f}"
    )


async def _storms(served: Served, plan: Plan, changes: Changes, say: Say) -> list[Client]:
    """Everybody loses the line at once and comes back at once, then the server itself goes."""
    if not plan.clients:
        return []
    say(f"opening {plan.clients} streams")
    clients = _clients(served, plan.clients)
    readers = [asyncio.create_task(client.run()) for client in clients]
    try:
        await arrived(clients)
        work = asyncio.create_task(changes.run(plan.rate, plan.storm_s * 2))
        for wait in (0.0, RETRY_S):
            await asyncio.sleep(plan.storm_s / 2)
            say(f"all {plan.clients} lose their connection; back after {wait:g} s")
            for client in clients:
                client.lose(wait)
            await arrived(clients)
            await asyncio.sleep(plan.storm_s / 2)
        await work
        say("the server is killed")
        await asyncio.to_thread(served.kill)
        await changes.in_the_dark(20)
        await asyncio.sleep(_DOWN_S)
        await asyncio.to_thread(served.start)
        await arrived(clients)
        await changes.run(plan.rate, plan.storm_s)
        await _caught_up(served, clients)
    finally:
        for client in clients:
            client.close()
        for reader in readers:
            reader.cancel()
        await asyncio.gather(*readers, return_exceptions=True)
    return clients


def _clients(served: Served, count: int) -> list[Client]:
    """A fifth of them nobody in particular, the others desks, ten streams a sign-in."""
    nobody = int(count * _NOBODY_SHARE)
    made = [Client(served.url, str(Role.PUBLIC), None) for _ in range(nobody)]
    turn = 0
    while len(made) < count:
        role = _DESKS[turn % len(_DESKS)]
        token = token_for(served, role, f"soak {turn}")
        wanted = min(_STREAMS_EACH, count - len(made))
        made += [Client(served.url, str(role), token) for _ in range(wanted)]
        turn += 1
    return made


async def _caught_up(served: Served, clients: Sequence[Client]) -> None:
    """Wait until everybody has heard what they are to hear, at most a minute."""
    happened = await _happened(served)
    last = {client.record.role: 0 for client in clients}
    for role in last:
        last[role] = max((c.pos for c in happened if told(c, Role(role))), default=0)
    end = monotonic() + _CATCH_UP_S
    for client in clients:
        with suppress(TimeoutError):
            await client.heard_of(last[client.record.role], end - monotonic())


async def _told_to_all(
    served: Served, pages: Pages | None, clients: Sequence[Client], say: Say
) -> None:
    """What each was to hear, from the log itself."""
    say("comparing with the log")
    happened = await _happened(served)
    for record in [client.record for client in clients]:
        record.expected = _heard_by(happened, record.role, record.base)
    for one in pages.watched if pages else []:
        page = one.record
        page.expected = _heard_by(happened, page.role, page.base)
        await one.settled(max(page.expected, default=0), _CATCH_UP_S)


def _heard_by(happened: Sequence[Change], role: str, base: int) -> list[int]:
    return [change.pos for change in happened if change.pos > base and told(change, Role(role))]


async def _happened(served: Served) -> list[Change]:
    """Every numbered change, once all that is committed has its number."""
    found: list[Change] = []
    url = served.address_of(Machine.SERVICE)
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as conn:
        await conn.execute("SELECT muang.number_changes()")
        while batch := await changes_since(conn, found[-1].pos if found else 0, _BATCH):
            found += batch
    return found


async def _compare(served: Served, pages: Pages | None, say: Say) -> None:
    """Whether the screens show the incidents the server has."""
    for one in pages.watched if pages else []:
        if one.record.role == Role.PUBLIC:
            continue
        say(f"comparing the screen of {one.record.name} with the server")
        await _like_the_server(served, one)


async def _like_the_server(served: Served, one: Watched) -> None:
    headers = {"Authorization": f"Bearer {token_for(served, Role(one.record.role))}"}
    wrong = ["never looked"]
    async with httpx.AsyncClient(base_url=served.url, headers=headers, trust_env=False) as asked:
        for _ in range(30):
            answer = await asked.get("/incidents?active=true&limit=500", timeout=60)
            there = {each["id"]: each["status"] for each in answer.json()["incidents"]}
            shown = await one.state()
            here = dict(shown["incidents"])
            wrong = [f"I{number}" for number in there.keys() ^ here.keys()]
            wrong += [f"I{n} {here[n]}" for n in there.keys() & here.keys() if there[n] != here[n]]
            wrong += [f"row I{n} {status}" for n, status in shown["rows"] if there.get(n) != status]
            if not wrong:
                return
            await asyncio.sleep(0.5)
    one.record.wrong += wrong


def _changes(done: Done) -> dict[str, Any]:
    return {
        "asked": done.asked,
        "made": dict(done.made),
        "refused": dict(done.refused),
        "refusals": done.words,
    }
