"""Real changes at a steady pace: incidents and their steps, readings, edits, stays, a clerk's SQL.

A turn of ten: four steps of incidents, three readings, an edit of a record over HTTP, one of a
parcel in SQL, a household counted in or out. As many incidents and stays stay open as there were
at the beginning, so that what grows on a screen is not the list itself.
"""

import asyncio
import itertools
import math
import random
import secrets
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
import psycopg

from db.connect import Machine, connect
from db.readings import Reading, add

TURN = (
    *("incident", "reading", "incident", "edit", "incident"),
    *("reading", "parcel", "incident", "reading", "stay"),
)
OPEN_INCIDENTS = 24
OPEN_STAYS = 30
_WORKERS = 6
_STEPS = {
    "raised": "acknowledge",
    "acknowledged": "assign",
    "assigned": "on_scene",
    "on_scene": "resolve",
    "resolved": "all_clear",
}
_SEVERITIES = ("low", "moderate", "high", "critical")
_USES = ("commercial", "vacant", "public", "residential")
_WORDS = ("น้ำเข้าบ้าน", "ต้นไม้ขวางทาง", "ขอเรือรับผู้ป่วย", "เสาไฟเอียง", "ต้องการน้ำดื่ม")
_REFUSED = 400


@dataclass(frozen=True)
class Place:
    """The town that is changed: where it is served and kept, and a desk's token."""

    url: str
    server_url: str
    secret: str = field(repr=False)
    town: str
    token: str = field(repr=False)


@dataclass
class Done:
    """What was asked for, made and refused, by kind; the first refusals in words."""

    asked: int = 0
    made: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    words: list[str] = field(default_factory=list)

    def refuse(self, kind: str, why: str) -> None:
        """Count one, and keep its words when it is among the first."""
        self.refused[kind] += 1
        if len(self.words) < 12:
            self.words.append(f"{kind}: {why[:200]}")


class Changes:
    """Makes changes; `done` counts them, `turn` says of which kinds."""

    def __init__(self, place: Place, turn: Sequence[str] = TURN, seed: int = 1) -> None:
        self._place = place
        self._chance = random.Random(seed)  # noqa: S311 - nothing to guess
        headers = {"Authorization": f"Bearer {place.token}"}
        self._http = httpx.AsyncClient(
            base_url=place.url, headers=headers, timeout=60, trust_env=False
        )
        self._incidents: dict[int, dict[str, Any]] = {}
        self._stays: dict[int, dict[str, Any]] = {}
        self._busy: set[int] = set()
        self._loader = asyncio.Lock()
        self._conn: psycopg.Connection[tuple[object, ...]] | None = None
        self._bounds = (0.0, 0.0, 0.0, 0.0)
        self._households: list[str] = []
        self._shelters: list[str] = []
        self._records: list[tuple[str, int]] = []
        self._gauges: list[tuple[str, float]] = []
        self._parcels: list[str] = []
        self._turns = itertools.cycle(turn)
        self._gauge = itertools.count()
        self.done = Done()

    async def begin(self) -> None:
        """Learn what there is to change, open an event, and raise what stays open throughout."""
        me = await self._json("GET", "/me")
        self._bounds = me["town"]["bounds"]
        self._households = await self._codes("households", 300)
        self._shelters = await self._codes("shelters", 100)
        for layer in ("closures", "shelters", "resources"):
            found = await self._json("GET", f"/ogc/collections/{layer}/items?limit=20")
            self._records += [(layer, one["id"]) for one in found["features"]]
        await asyncio.to_thread(self._learn)
        event = {"name": "ทดสอบความทนทาน", "kind": "flood", "signer": "soak", "exercise": False}
        await self._json("POST", "/events", event)
        for _ in range(OPEN_INCIDENTS):
            await self._raise()
        for _ in range(OPEN_STAYS):
            await self._come_in()

    def _learn(self) -> None:
        place = self._place
        self._conn = connect(place.server_url, place.secret, place.town, Machine.LOADER)
        self._conn.autocommit = True
        self._gauges = [
            (str(code), float(str(level)))
            for code, level in self._conn.execute(
                "SELECT g.code, coalesce(g.bank_left_m, 10.0) - 1.5 FROM town.gauges AS g"
                " WHERE g.kind = 'river' ORDER BY g.code"
            ).fetchall()
        ]
        found = self._conn.execute("SELECT code FROM town.parcels ORDER BY id LIMIT 400").fetchall()
        self._parcels = [str(code) for (code,) in found]

    async def run(self, rate: float, seconds: float) -> None:
        """Make `rate` changes a second for so long; those there was no time for are not made."""
        due: asyncio.Queue[str] = asyncio.Queue(maxsize=int(max(20, rate * 3)))
        workers = [asyncio.create_task(self._work(due)) for _ in range(_WORKERS)]
        began = time.monotonic()
        for number in range(math.ceil(rate * seconds)):
            await asyncio.sleep(began + number / rate - time.monotonic())
            self.done.asked += 1
            kind = next(self._turns)
            if not due.full():
                due.put_nowait(kind)
        await due.join()
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)

    async def in_the_dark(self, count: int) -> None:
        """Change the town while nobody serves it: a clerk in SQL, and a feed."""
        for number in range(count):
            await (self._parcel() if number % 2 else self._reading())

    async def end(self) -> None:
        """Close connections."""
        await self._http.aclose()
        if self._conn:
            self._conn.close()

    async def _work(self, due: asyncio.Queue[str]) -> None:
        acts: dict[str, Callable[[], Awaitable[None]]] = {
            "incident": self._incident,
            "reading": self._reading,
            "edit": self._edit,
            "parcel": self._parcel,
            "stay": self._stay,
        }
        while True:
            kind = await due.get()
            try:
                await acts[kind]()
                self.done.made[kind] += 1
            except (httpx.HTTPError, psycopg.Error, Refused) as error:
                self.done.refuse(kind, f"{type(error).__name__} {error}")
            finally:
                due.task_done()

    async def _incident(self) -> None:
        free = [one for number, one in self._incidents.items() if number not in self._busy]
        if len(self._incidents) < OPEN_INCIDENTS or not free:
            return await self._raise()
        one = self._chance.choice(free)
        number = int(one["id"])
        self._busy.add(number)
        try:
            action = _STEPS[one["status"]]
            body = {"unit": "เรือ 1"} if action == "assign" else {}
            headers = {"If-Match": f'"{one["version"]}"'}
            found = await self._json("POST", f"/incidents/{number}/{action}", body, headers)
            if found["status"] in _STEPS:
                self._incidents[number] = found
            else:
                del self._incidents[number]
        except Refused:
            # a rule or its clock was first: what it is now is asked for
            self._incidents[number] = await self._json("GET", f"/incidents/{number}")
            raise
        finally:
            self._busy.discard(number)

    async def _raise(self) -> None:
        west, south, east, north = self._bounds
        at = [
            self._chance.uniform(west + (east - west) * 0.35, east - (east - west) * 0.35),
            self._chance.uniform(south + (north - south) * 0.35, north - (north - south) * 0.35),
        ]
        severity, title = self._chance.choice(_SEVERITIES), self._chance.choice(_WORDS)
        body = {"kind": "rescue", "severity": severity, "title": title, "at": at}
        made = await self._json("POST", "/incidents", body)
        self._incidents[int(made["id"])] = made

    async def _reading(self) -> None:
        station, level = self._gauges[next(self._gauge) % len(self._gauges)]
        wave = 0.3 * math.sin(time.time() / 600) + self._chance.uniform(-0.004, 0.004)
        reading = Reading(station, datetime.now(UTC), round(level + wave, 3), source="soak")
        await self._in_sql(lambda conn: add(conn, "gauge_readings", [reading], actor="soak"))

    async def _parcel(self) -> None:
        use, code = self._chance.choice(_USES), self._chance.choice(self._parcels)
        query = "UPDATE town.parcels SET use = %s WHERE code = %s"
        await self._in_sql(lambda conn: conn.execute(query, [use, code]))

    async def _in_sql(self, act: Callable[[psycopg.Connection[Any]], object]) -> None:
        async with self._loader:
            if self._conn:
                await asyncio.to_thread(act, self._conn)

    async def _edit(self) -> None:
        layer, number = self._chance.choice(self._records)
        if layer == "closures":
            values: dict[str, Any] = {"status": self._chance.choice(("closed", "lifted"))}
        elif layer == "shelters":
            values = {"phone": f"045-{self._chance.randrange(100000, 999999)}"}
        else:
            values = {"note": f"soak {self._chance.randrange(1000)}"}
        await self._json(
            "PATCH", f"/ogc/collections/{layer}/items/{number}", {"properties": values}
        )

    async def _stay(self) -> None:
        free = [number for number in self._stays if number not in self._busy]
        if len(self._stays) < OPEN_STAYS or not free:
            return await self._come_in()
        number = free[0]
        self._busy.add(number)
        try:
            await self._json("POST", f"/shelter-stays/{number}/check_out", {})
            self._households.append(self._stays.pop(number)["household"])
        finally:
            self._busy.discard(number)

    async def _come_in(self) -> None:
        household = self._households.pop(0)
        body = {
            "household": household,
            "people": self._chance.randrange(1, 6),
            "place": "shelter",
            "shelter": self._chance.choice(self._shelters),
        }
        made = await self._json("POST", "/shelter-stays", body)
        self._stays[int(made["id"])] = {"household": household}

    async def _codes(self, layer: str, count: int) -> list[str]:
        found = await self._json("GET", f"/ogc/collections/{layer}/items?limit={count}")
        return [one["properties"]["code"] for one in found["features"]]

    async def _json(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> Any:
        more = {"Idempotency-Key": secrets.token_hex(8)} if method == "POST" else {}
        answer = await self._http.request(
            method, path, json=body, headers={**(headers or {}), **more}
        )
        if answer.status_code >= _REFUSED:
            raise Refused(f"{method} {path} {answer.status_code} {answer.text}")
        return answer.json() if answer.content else None


class Refused(Exception):  # noqa: N818 - it is what the server did
    """The server said no; its answer in words."""
