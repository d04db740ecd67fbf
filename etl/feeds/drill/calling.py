"""What people call in during an exercise, raised as incidents that are marked as its own."""

import logging
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import psycopg

from db import exercise, incidents
from db.exercise import Exercise
from db.incidents import NewIncident
from db.queries import war_room
from db.steps import Actor, begin
from etl.feeds.drill.scenarios import Report, scenario_of
from etl.feeds.keeping import Connect
from layers.model import Role
from layers.war_defaults import LOCAL, within

log = logging.getLogger("muang.drill")

AsyncConnection = psycopg.AsyncConnection[tuple[object, ...]]
ConnectAs = Callable[[bool], AbstractAsyncContextManager[AsyncConnection]]
"""Opens a connection as `service`, or (True) as the administrators' own login, who reads rules."""

_ACTOR = Actor("drill", "ฝึกซ้อม · EXERCISE")


@dataclass
class Calls:
    """Raises each scripted report once, whatever process calls it in."""

    connect: Connect
    connect_as: ConnectAs
    _done: set[str] = field(default_factory=set)

    async def call(self, open_one: Exercise, now: datetime) -> int:
        """Raise what is due at `now`; how many were raised."""
        hours = (open_one.clock(now) - open_one.started_at) / timedelta(hours=1)
        reports = scenario_of(open_one.scenario).reports
        due = {
            _mark(open_one, number): report
            for number, report in enumerate(reports)
            if report.at_h <= hours
        }
        if set(due) <= self._done:
            return 0
        with self.connect() as conn:
            places = exercise.places(conn)
        raised = await self._raise(open_one, due, places, now) if places else 0
        self._done |= set(due)
        return raised

    async def _raise(
        self,
        open_one: Exercise,
        due: dict[str, Report],
        places: list[tuple[str, float, float]],
        now: datetime,
    ) -> int:
        async with self.connect_as(True) as conn:
            rules = await war_room.rules(conn, Role.ADMIN)
        raised = 0
        async with self.connect_as(False) as conn:
            async with conn.transaction():
                await begin(conn, _ACTOR)
                cursor = await conn.execute(
                    "SELECT i.source FROM town.incidents AS i WHERE i.source = any(%s)", [list(due)]
                )
                there = {str(source) for (source,) in await cursor.fetchall()}
                for number, (mark, report) in enumerate(due.items()):
                    if mark in there:
                        continue
                    name, lon, lat = places[(open_one.seed + number) % len(places)]
                    new = NewIncident(
                        *(report.kind, report.severity, report.says, (lon, lat)),
                        description="ฝึกซ้อม · EXERCISE",
                        place=name or None,
                        exercise=True,
                        source=mark,
                    )
                    soon = within(rules, report.severity, now.astimezone(LOCAL).time())
                    await incidents.raise_one(conn, new, _ACTOR, soon, now)
                    raised += 1
            if raised:
                await conn.execute("SELECT muang.number_changes()")
        return raised


def _mark(open_one: Exercise, number: int) -> str:
    """What an incident bears that was called in by a line of an exercise's script."""
    return f"ฝึกซ้อม · EXERCISE {open_one.id}.{number + 1}"
