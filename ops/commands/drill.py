"""`muang drill`: an invented flood on the town's own gauges, marked EXERCISE on every screen."""

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from layers.errors import RefusedError
from layers.text import Text
from ops.progress import Progress, both

if TYPE_CHECKING:
    from db.derived import AnyConnection
    from db.exercise import Exercise
    from etl.feeds.drill.calling import ConnectAs

Town = Annotated[str | None, typer.Option(help="รหัสเมือง · town id")]
AsJson = Annotated[bool, typer.Option("--json", help="print one JSON object")]
ScenarioName = Annotated[str, typer.Option("--scenario", help="river, flash or quiet")]
Speed = Annotated[float, typer.Option(min=1, max=3600, help="times as fast as the real clock")]
Seed = Annotated[int, typer.Option(min=0, max=2_000_000_000, help="same seed, same event")]
Title = Annotated[str | None, typer.Option("--name", help="ชื่อการฝึก · what people will read")]


def register(app: typer.Typer) -> None:
    """Add the group `drill`; without a command it starts one."""
    group = typer.Typer(
        invoke_without_command=True,
        help="ฝึกซ้อมด้วยเหตุการณ์จำลอง · An exercise: an invented flood through the same feeds.",
    )

    @group.callback()
    def _start(
        context: typer.Context,
        *,
        scenario: ScenarioName = "river",
        speed: Speed = 60.0,
        seed: Seed = 1,
        name: Title = None,
        town: Town = None,
        as_json: AsJson = False,
    ) -> None:
        if context.invoked_subcommand is None:
            start(scenario=scenario, speed=speed, seed=seed, name=name, town=town, as_json=as_json)

    group.command("start")(start)
    group.command("stop")(stop)
    group.command("status")(status)
    group.command("script")(script)
    app.add_typer(group, name="drill")


def start(
    *,
    scenario: ScenarioName = "river",
    speed: Speed = 60.0,
    seed: Seed = 1,
    name: Title = None,
    town: Town = None,
    as_json: AsJson = False,
) -> None:
    """เริ่มฝึกซ้อม · Start: every screen says EXERCISE until `drill stop`."""
    from db import exercise, feeds
    from db.changes import number_changes
    from etl.feeds.drill.replay import NO_STATIONS, drill_feeds
    from etl.feeds.drill.scenarios import scenario_of
    from ops.commands.imports import actor, loader

    play = scenario_of(scenario)
    with loader(town, Progress()) as (town_id, conn):
        kinds = {kind for _, kind, _, _ in exercise.gauges(conn)}
        made = drill_feeds(kinds, speed, actor())
        if not made:
            raise RefusedError(NO_STATIONS)
        with conn.transaction():
            begun = exercise.begin(
                conn,
                name=name or play.title.th,
                scenario=play.id,
                seed=seed,
                speed=speed,
                actor=actor(),
            )
            there = {feed.name for feed in feeds.feeds(conn)}
            for feed in made:
                if feed.name in there:
                    feeds.remove(conn, feed.name)
                feeds.add(conn, feed)
        number_changes(conn)
        told = _told(conn, begun)
    _say({"town": town_id, **told}, as_json=as_json)


def stop(*, town: Town = None, as_json: AsJson = False) -> None:
    """จบการฝึกซ้อม · End it: nothing is deleted, and real readings are shown again."""
    import asyncio

    from db.exercise import none_open
    from db.exercise_end import end_on
    from db.steps import Actor
    from ops.commands.imports import actor
    from ops.feeds import logins_of
    from ops.session import choose_town, database

    async def end(connect_as: "ConnectAs") -> "Exercise | None":
        async with connect_as(False) as conn:
            return (await end_on(conn, Actor(actor(), "ฝึกซ้อม · EXERCISE"))).exercise

    with database(Progress()) as server:
        town_id = choose_town(server, town)
        ended = asyncio.run(end(logins_of(server, town_id)))
    if ended is None:
        raise none_open()
    if as_json:
        print(json.dumps({"town": town_id, "open": False, "name": ended.name}, ensure_ascii=False))
        return
    print(
        both(
            Text(
                th=f"จบการฝึกซ้อม “{ended.name}” แล้ว หน้าจอกลับไปแสดงค่าจริง ค่าจากการฝึกยังเก็บไว้",
                en=f"The exercise “{ended.name}” is over. Screens show real readings again; those "
                "of the exercise are kept, marked as such.",
            )
        )
    )


def status(*, town: Town = None, as_json: AsJson = False) -> None:
    """สถานะการฝึกซ้อม · The open exercise: its clock, whether it is polled, what was called in."""
    from db import exercise
    from ops.commands.imports import loader

    with loader(town, Progress()) as (town_id, conn):
        found = exercise.current(conn)
        told = {"open": False} if found is None else _told(conn, found)
    if found is None and not as_json:
        print(both(Text(th="ไม่มีการฝึกซ้อม", en="No exercise is open.")))
        return
    _say({"town": town_id, **told}, as_json=as_json)


def script(*, scenario: ScenarioName = "river", as_json: AsJson = False) -> None:
    """ใบของผู้ควบคุมการฝึก · The leader's sheet: what is called in at which hour, without starting."""
    from etl.feeds.drill.scenarios import scenario_of

    play = scenario_of(scenario)
    calls = [
        {
            "hour": report.at_h,
            "kind": report.kind,
            "severity": report.severity,
            **report.says.model_dump(),
        }
        for report in play.reports
    ]
    if as_json:
        told = {"scenario": play.id, "title": play.title.model_dump(), "hours": play.hours}
        print(json.dumps({**told, "reports": calls}, ensure_ascii=False))
        return
    print(f"{play.title.th} · {play.title.en}, {play.hours:g} h")
    for call in calls:
        print(f"  {call['hour']:>6.1f} h  [{call['severity']}] {call['th']} · {call['en']}")


def _told(conn: "AnyConnection", found: "Exercise") -> dict[str, Any]:
    """All there is to say of an open exercise."""
    from db import feeds
    from etl.feeds.drill.scenarios import scenario_of

    now = datetime.now(UTC)
    play, clock = scenario_of(found.scenario), found.clock(now)
    hours = (clock - found.started_at) / timedelta(hours=1)
    states = feeds.states(conn)
    answered = [
        state.succeeded_at
        for feed in feeds.feeds(conn)
        if feed.exercise and (state := states.get(feed.name)) and state.succeeded_at
    ]
    polled = feeds.is_polled(conn)
    silent_s = (now - max(answered, default=found.started_at)).total_seconds()
    return {
        "open": True,
        "name": found.name,
        "scenario": play.id,
        "speed": found.speed,
        "seed": found.seed,
        "started_at": found.started_at.isoformat(),
        "clock": clock.isoformat(),
        "hour": round(hours, 2),
        "hours": play.hours,
        "over": hours > play.hours,
        "polled": polled,
        "last_reading_s_ago": round(silent_s, 1) if answered else None,
        "reports": [
            {"hour": report.at_h, **report.says.model_dump()}
            for report in play.reports
            if report.at_h <= hours
        ],
    }


def _say(told: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(told, ensure_ascii=False))
        return
    day, hour = divmod(told["hour"], 24)
    print(
        both(
            Text(
                th=f"ฝึกซ้อม “{told['name']}” ({told['scenario']}, เร็ว {told['speed']:g} เท่า) "
                f"เวลาในการฝึก: วันที่ {int(day) + 1} ชั่วโมงที่ {hour:.1f} จาก {told['hours']:g} ชั่วโมง",
                en=f"EXERCISE “{told['name']}” ({told['scenario']}, {told['speed']:g} times as "
                f"fast). Its time: day {int(day) + 1}, hour {hour:.1f}, of {told['hours']:g} h.",
            )
        )
    )
    for report in told["reports"]:
        print(f"  {report['hour']:>6.1f} h  {report['th']} · {report['en']}")
    if told["over"]:
        print(
            both(
                Text(
                    th="เหตุการณ์จบแล้ว จบการฝึกด้วย ./muang drill stop",
                    en="The event is over: ./muang drill stop ends the exercise.",
                )
            )
        )
    if not told["polled"]:
        print(
            both(
                Text(
                    th="⚠ ไม่มีโปรเซสส่งค่าของการฝึก เปิดด้วย ./muang up หรือจบด้วย ./muang drill stop",
                    en="⚠ No process brings its readings: start ./muang up, or end it with "
                    "./muang drill stop.",
                )
            )
        )
