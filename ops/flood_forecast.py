"""`muang flood forecast` and `muang flood links estimate`."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from layers.errors import NotFoundError
from layers.text import Text
from ops.progress import Progress, both

if TYPE_CHECKING:
    from db.derived import AnyConnection
    from db.forecasts import Told
    from ops.forecasting.travelling import Reach

TownOption = Annotated[str | None, typer.Option(help="รหัสเมือง · town id")]
AsJson = Annotated[bool, typer.Option("--json", help="print one JSON object")]


def forecast(
    *,
    gauge: Annotated[str | None, typer.Option(help="รหัสสถานี · code of one gauge")] = None,
    watch: Annotated[
        bool, typer.Option("--watch", help="ทำต่อเมื่อมีค่าใหม่ · go on as readings come")
    ] = False,
    town: TownOption = None,
    as_json: AsJson = False,
) -> None:
    """คาดการณ์น้ำมาถึง · Forecast the gauges' levels from what was measured, and keep it."""
    from ops.commands.imports import loader
    from ops.forecasting.forecaster import Forecaster

    if watch:
        from ops.forecasting import watching

        watching.watch(lambda: _opened(town))
    with loader(town, Progress()) as (town_id, conn):
        told = Forecaster().run(conn, only=gauge, always=True)
        _number(conn)
    if gauge is not None and not told:
        raise NotFoundError(
            Text(
                th=f"ไม่มีสถานี {gauge} หรือยังไม่มีค่าที่วัดได้",
                en=f"There is no gauge {gauge}, or nothing has been measured there yet.",
            )
        )
    if as_json:
        made = [asdict(one) for one in told]
        print(json.dumps({"town": town_id, "forecasts": made}, ensure_ascii=False, default=str))
        return
    for one in told:
        print("\n".join(lines(one)))


@contextmanager
def _opened(town: str | None) -> "Iterator[AnyConnection]":
    from ops.commands.imports import loader

    with loader(town, Progress()) as (_, conn):
        yield conn


def _number(conn: "AnyConnection") -> None:
    """Give the change its position; where a server runs, it does so itself."""
    from db.changes import number_changes

    number_changes(conn)


def lines(told: "Told") -> list[str]:
    """A forecast for a person at a terminal."""
    head = f"{told.gauge}  {told.origin:%Y-%m-%d %H:%M} UTC  {told.level_m:.2f} m MSL"
    rows = [
        f"  +{point['lead_h']:>4g} h  {point['level_m']:8.2f}"
        f"  {point['low_m']:8.2f} .. {point['high_m']:.2f}  {point['model']}"
        for point in told.points
    ]
    crossings = [
        f"  {one['threshold']} ({one['level_m']:.2f}): {100 * one['probability']:.0f} %"
        f"  {one['earliest'] or '-'} / {one['likely'] or '-'} / {one['latest'] or '-'}"
        for one in told.crossings
    ]
    return [head, *rows, *crossings, *(f"  ! {both(Text(**one))}" for one in told.caveats)]


def estimate(
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="store nothing")] = False,
    town: TownOption = None,
    as_json: AsJson = False,
) -> None:
    """ประเมินเวลาเดินทางของน้ำ · Estimate travel times between gauges from their readings."""
    from ops.commands.imports import actor, loader
    from ops.forecasting.travelling import estimate as work

    with loader(town, Progress()) as (town_id, conn):
        found = work(conn, now=datetime.now(UTC), actor=actor(), store=not dry_run)
        _number(conn)
    if as_json:
        made = [asdict(one) for one in found]
        print(json.dumps({"town": town_id, "reaches": made}, ensure_ascii=False))
        return
    for one in found:
        print("\n".join(_reach(one)))


def _reach(reach: "Reach") -> list[str]:
    staff = "-" if reach.staff_h is None else f"{reach.staff_h[0]:g}-{reach.staff_h[1]:g} h"
    head = both(
        Text(
            th=f"{reach.upstream} ไป {reach.downstream} เจ้าหน้าที่กรอก: {staff}",
            en=f"{reach.upstream} to {reach.downstream}; by staff: {staff}",
        )
    )
    rows = [
        f"  {one.stage_class:6} {one.likely_h:6.1f} h  ({one.low_h:.1f} .. {one.high_h:.1f})"
        f"  r {one.correlation:.2f}  n {one.pairs}"
        for one in reach.found
    ]
    none = both(Text(th="  ข้อมูลยังไม่พอ", en="  too little to go by"))
    return [head, *(rows or [none])]
