"""What the drill needs: the exercise's clock and feeds, the script as it is played, raw counts."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

import httpx
import psycopg
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page

from db.connect import Machine
from layers.model import Role
from ops.commands import drill
from ops.feeds import poller_of
from ops.session import Server
from tests.e2e.conftest import Served

T = TypeVar("T")
BEGAN_H = 3.0
"""The exercise began so long ago, so that its speed, from 1 on, is what turns its clock."""
PATIENCE_S = 120.0

FIGURES = """() => Object.fromEntries([...document.querySelectorAll('[data-kpi-card]')].map(
    (card) => [card.dataset.kpiCard, Number(card.querySelector('data').value)]))"""

COUNTS = {
    # the newest reading of the exercise
    "river": """
        SELECT r.value FROM gauge_readings AS r WHERE r.exercise AND r.station = 'DEMO.1'
        ORDER BY r.at DESC, r.id DESC LIMIT 1""",
    # who sleeps, or is registered, in the houses within the flood asked about
    "people": """
        SELECT sum(coalesce(h.sleeping_0_5, h.registered_0_5)
            + coalesce(h.sleeping_6_17, h.registered_6_17)
            + coalesce(h.sleeping_18_59, h.registered_18_59)
            + coalesce(h.sleeping_60_up, h.registered_60_up))
        FROM town.households AS h INNER JOIN town.houses AS o ON o.house_code = h.house_code
        WHERE EXISTS (SELECT FROM town.flood_zones AS z
            WHERE z.code = 'Z100' AND gis.ST_Intersects(z.geom, o.geom))""",
    "care": """
        SELECT count(*) FROM town.care_locations AS c
        WHERE c.kind = 'home' AND c.band = 'bedridden' AND EXISTS (
            SELECT FROM town.flood_zones AS z
            WHERE z.code = 'Z100' AND gis.ST_Intersects(z.geom, c.geom))""",
    # how many shelters are open, as long as nobody was counted in any
    "shelters": """
        SELECT coalesce(sum(s.occupancy), count(*)) FROM town.shelters AS s WHERE s.open""",
    "incidents": """
        SELECT count(*) FROM town.incidents AS i WHERE i.status <> 'all_clear'
            AND i.merged_into IS NULL AND i.shelved_until IS NULL""",
    "roads": """
        SELECT count(*) FROM town.closures AS c WHERE c.status = 'closed'""",
}
"""The figures of the desk, counted from the raw tables."""


def apart(work: Callable[[], T]) -> T:
    """Do something that runs an event loop of its own: the browser's driver has this thread's."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(work).result()


@dataclass
class Drill:
    """An exercise that is played: what was done, to be compared with what the log says."""

    served: Served
    server: Server
    event: int = 0
    script: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    screens: dict[str, Page] = field(default_factory=dict)
    moments: list[dict[str, float]] = field(default_factory=list)
    took: list[float] = field(default_factory=list)
    apart: dict[Any, Any] = field(default_factory=dict)
    _raw: psycopg.Connection[tuple[object, ...]] | None = None
    _calls: int = 0
    _crossed: set[str] = field(default_factory=set)

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Rows of a question of the loader, who reads the raw tables."""
        if self._raw is None:
            self._raw = self.served.town.connect(Machine.LOADER)
            self._raw.autocommit = True
        return self._raw.execute(query.encode(), values or None).fetchall()

    def close(self) -> None:
        """Leave the town, so that it can be dropped."""
        if self._raw is not None:
            self._raw.close()

    def begin(self) -> None:
        """`./muang drill`, as somebody would type it, three hours ago."""
        drill.start(speed=1, name="ซ้อมแผนน้ำหลาก", town=self.served.town.town_id, as_json=True)
        with self.served.town.connect(Machine.LOADER) as conn:
            conn.execute(
                "UPDATE muang.exercise SET started_at = started_at - make_interval(hours => %s)",
                [int(BEGAN_H)],
            )

    def turn(self, hour: float, *, poll: bool = True) -> None:
        """Let its clock run to an hour; its sources are asked, and what is due is called in."""
        with self.served.town.connect(Machine.LOADER) as conn:
            conn.execute("UPDATE muang.exercise SET speed = %s", [hour / BEGAN_H])
        if not poll:
            return
        poller = poller_of(self.server, self.served.town.town_id)
        try:
            states = apart(lambda: asyncio.run(poller.once()))
        finally:
            if poller.replayer is not None:
                poller.replayer.stop()
        assert {name: state.error_en for name, state in states.items()} == {
            "drill_levels": None,
            "drill_rain": None,
        }
        self._called()
        self._levels()

    def end(self) -> None:
        """`./muang drill stop`."""
        apart(lambda: drill.stop(town=self.served.town.town_id, as_json=True))

    def _called(self) -> None:
        """What the script has people call in by then is on record, once."""
        found = self.rows(
            "SELECT i.code FROM town.incidents AS i WHERE i.source LIKE 'ฝึกซ้อม%%' ORDER BY i.id"
        )
        for (code,) in found[self._calls :]:
            self.did("incident", "raise", code)
        self._calls = len(found)

    def _levels(self) -> None:
        """Levels that are reached by the newest reading: rules raise each of them once."""
        (level,) = self.rows(COUNTS["river"])[0]
        limits = self.rows(
            "SELECT t.name, t.level_m FROM town.gauge_thresholds AS t WHERE t.gauge = 'DEMO.1'"
            " UNION ALL SELECT 'ตลิ่ง', least(g.bank_left_m, g.bank_right_m)"
            " FROM town.gauges AS g WHERE g.code = 'DEMO.1'"
        )
        for name, limit in limits:
            if level >= limit and name not in self._crossed:
                self._crossed.add(name)
                self.raised_by("threshold", "DEMO.1")

    def did(self, kind: str, action: str, code: str) -> None:
        """Note a step of the script."""
        self.script[kind, action, code] += 1

    def raised_by(self, rule: str, about: str) -> str:
        """Wait for the incident a rule is to raise about something; its code."""
        known = {
            code for kind, action, code in self.script if (kind, action) == ("incident", "raise")
        }

        def new() -> str | None:
            found = self.rows(
                "SELECT i.code FROM town.incidents AS i WHERE i.rule = %s AND i.about_code = %s"
                " ORDER BY i.id",
                *(rule, about),
            )
            return next((code for (code,) in found if code not in known), None)

        code = until(new, f"{rule} {about}")
        self.did("incident", "raise", code)
        return code

    def ended(self, code: str) -> None:
        """Wait until the log says that what a rule found has ended."""
        said = "SELECT FROM town.event_log AS l WHERE l.code = %s AND l.action = 'condition_ended'"
        until(lambda: self.rows(said, code), f"the end of {code}")
        self.did("incident", "condition_ended", code)

    def post(self, path: str, role: Role = Role.ADMIN, **body: Any) -> dict[str, Any]:
        """POST as a program; an answer that is no success fails the test."""
        made: dict[str, Any] = _json(self.served.post(path, body, role))
        return made

    def act(self, code: str, action: str, **body: Any) -> None:
        """Do something to an incident."""
        self.post(f"/incidents/{code[1:]}/{action}", **body)
        self.did("incident", action, code)

    def report(self, title: str, at: tuple[float, float], **more: Any) -> str:
        """Raise an incident; its code."""
        asked = {"kind": "rescue", "severity": "high", "title": title, "at": at, **more}
        made = self.post("/incidents", Role.STAFF, **asked)
        assert made["exercise"] is True
        self.did("incident", "raise", made["code"])
        return str(made["code"])

    def announce(self, line: str, value: str) -> int:
        """An authority's word; the id of its step."""
        said = {"line": line, "value": value, "signer": "นายกสมมติ", "document_no": "พบ 1/2569"}
        self.post(f"/events/{self.event}/announce", Role.COORDINATOR, **said)
        self.did("event", line, f"E{self.event}")
        (step,) = self.rows("SELECT max(l.id) FROM town.event_log AS l WHERE l.action = %s", line)
        return int(step[0])

    def edit(
        self, layer: str, code: str, kind: str, action: str = "changed", **values: Any
    ) -> None:
        """Change a board's record as the dashboard does."""
        base = f"/ogc/collections/{layer}/items"
        found = _json(self.served.get(base, params={"limit": 1000}))["features"]
        (item,) = [one["id"] for one in found if one["properties"]["code"] == code]
        reply = self.served.patch(f"{base}/{item}", {"properties": values})
        assert reply.is_success, reply.text
        if kind:
            self.did(kind, action, code)

    def agree(self) -> None:
        """A moment: wait until every screen shows what the raw tables hold, and keep it."""

        def same() -> dict[str, float] | None:
            (row,) = self.rows(f"SELECT {', '.join(f'({query})' for query in COUNTS.values())}")
            counted = dict(zip(COUNTS, map(float, row), strict=True))
            shown = {name: _figures(page) for name, page in self.screens.items()}
            self.apart = {
                (name, key): (told.get(key), count)
                for name, told in shown.items()
                for key, count in counted.items()
                if told.get(key) is None or abs(told[key] - count) > 1e-6
            }
            return None if self.apart else counted

        try:
            self.moments.append(until(same, "the figures"))
        except AssertionError as error:
            raise AssertionError(f"shown and counted: {self.apart}") from error

    def acknowledge(self, on: str, code: str) -> None:
        """Press the button on one screen, and wait until the other shows it."""
        other = next(page for name, page in self.screens.items() if name != on)
        row = f'[data-incident="{code[1:]}"]'
        other.locator(f'{row}[data-status="raised"]').wait_for()
        button = self.screens[on].locator(f"{row} .need-acts .primary")
        button.wait_for()
        began = time.monotonic()
        button.click()
        other.locator(f'{row}[data-status="acknowledged"]').wait_for()
        self.took.append(time.monotonic() - began)
        self.did("incident", "acknowledge", code)


def _figures(page: Page) -> dict[str, float]:
    try:
        return dict(page.evaluate(FIGURES))
    except PlaywrightError as error:
        # an event that opens or closes gives new rights: the page begins anew
        if "Execution context was destroyed" not in error.message:
            raise
        return {}


def _json(answer: httpx.Response) -> Any:
    assert answer.is_success, answer.text
    return answer.json()


def until(found: Callable[[], T | None], what: str) -> T:
    """Look again and again until there is something."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        there = found()
        if there:
            return there
        time.sleep(0.25)
    raise AssertionError(f"{what}: not within {PATIENCE_S:.0f} s")
