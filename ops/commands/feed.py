"""`muang feed`: where readings are fetched from, how each feed is, and the process that polls."""

import getpass
import json
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from layers.errors import BadRequestError, ConflictError, RefusedError
from layers.text import Text
from ops.progress import Progress, both

if TYPE_CHECKING:
    from db.feeds import Feed, FeedState
    from layers.feed_health import Health

Town = Annotated[str | None, typer.Option(help="รหัสเมือง · town id")]
AsJson = Annotated[bool, typer.Option("--json", help="print one JSON object")]
Name = Annotated[str, typer.Argument(help="ชื่อฟีด · name of the feed")]


def register(app: typer.Typer) -> None:
    """Add the group `feed`."""
    group = typer.Typer(
        no_args_is_help=True,
        help="ฟีดค่าน้ำจากแหล่งอื่น · Feeds: readings fetched from other people's machines.",
    )
    for name, command in (
        *(("run", run), ("list", list_all), ("show", show), ("add", add), ("edit", edit)),
        *(("remove", remove), ("pause", pause), ("resume", resume), ("key", key)),
    ):
        group.command(name)(command)
    app.add_typer(group, name="feed")


def run(
    *,
    town: Town = None,
    once: Annotated[bool, typer.Option("--once", help="ask every feed once and say how")] = False,
    as_json: AsJson = False,
) -> None:
    """ถามทุกฟีดต่อเนื่อง (up เปิดให้เอง) · Poll every feed; `up` runs this by itself."""
    import asyncio

    from ops.feeds import poll_for_ever, poller_of, set_up_log
    from ops.session import choose_town, database

    progress = Progress()
    with database(progress) as server:
        town_id = choose_town(server, town)
        if not once:
            poll_for_ever(server, town_id)
            return
        set_up_log()
        poller = poller_of(server, town_id)
        states = asyncio.run(poller.once())
        if not poller.led:
            raise ConflictError(
                Text(
                    th="มีโปรเซสอื่นถามฟีดของเมืองนี้อยู่แล้ว (up เปิดให้) ดูด้วย ./muang feed list",
                    en="Another process polls this town (`up` runs it): see ./muang feed list.",
                )
            )
    if as_json:
        told = {name: _of_state(state) for name, state in states.items()}
        print(json.dumps({"town": town_id, "feeds": told}, ensure_ascii=False))
        return
    for name, state in states.items():
        print(
            f"{name}: {_counts(state)}" if state.error is None else f"{name}: {_both(state.error)}"
        )


def list_all(*, town: Town = None, as_json: AsJson = False) -> None:
    """แสดงฟีดและสภาพ · List the feeds and how each of them is."""
    from db import feeds
    from ops.commands.imports import loader

    with loader(town, Progress()) as (town_id, conn):
        there, states = feeds.feeds(conn), feeds.states(conn)
        polled = feeds.is_polled(conn)
    told = [(feed, states.get(feed.name, feeds.FeedState(feed.name))) for feed in there]
    if as_json:
        rows = [_of_feed(feed) | _health_of(feed, state) | _of_state(state) for feed, state in told]
        print(json.dumps({"town": town_id, "polled": polled, "feeds": rows}, ensure_ascii=False))
        return
    for feed, state in told:
        found, says = _health(feed, state)
        mark = " [ฝึกซ้อม · EXERCISE]" if feed.exercise else ""
        print(f"{feed.name:<20} {feed.kind:<10} {found.value:<8} {_both(says)}{mark}")
    if not there:
        print(both(Text(th="ยังไม่มีฟีด", en="There are no feeds yet.")))
    elif not polled:
        print(
            both(
                Text(
                    th="ไม่มีโปรเซสถามฟีดอยู่ เปิดด้วย ./muang up หรือ ./muang feed run",
                    en="No process polls them: ./muang up or ./muang feed run does.",
                )
            )
        )


def show(name: Name, *, town: Town = None, as_json: AsJson = False) -> None:
    """แสดงฟีดหนึ่งโดยละเอียด · One feed: setting, state, what was refused, the last answers."""
    from db import feeds
    from ops.commands.imports import loader

    with loader(town, Progress()) as (town_id, conn):
        feed = feeds.get(conn, name)
        state = feeds.states(conn).get(name, feeds.FeedState(name))
        bodies = feeds.bodies(conn, name)
    told = {
        "town": town_id,
        **_of_feed(feed),
        **_health_of(feed, state),
        **_of_state(state),
        "answers": [
            {"good": each.good, "at": each.at.isoformat(), "status": each.status, "body": each.body}
            for each in bodies
        ],
    }
    if as_json:
        print(json.dumps(told, ensure_ascii=False))
        return
    for each in bodies:
        each_told = told["answers"][bodies.index(each)]
        each_told["body"] = each.body[:1000]
    print(json.dumps(told, ensure_ascii=False, indent=2))


def add(  # noqa: PLR0917  Typer maps each to an option
    name: Name,
    url: Annotated[str, typer.Option(help="address, with {key} where a key belongs")],
    kind: Annotated[str, typer.Option(help="thaiwater, usgs, mapper or gistda")] = "thaiwater",
    every: Annotated[int, typer.Option(help="seconds between two questions")] = 600,
    title: Annotated[str | None, typer.Option(help="ชื่อที่แสดง · what people call it")] = None,
    key_: Annotated[str | None, typer.Option("--key", help="NAME of the key to use")] = None,
    header: Annotated[list[str] | None, typer.Option(help="Name: value, with {key}")] = None,
    mapping: Annotated[
        str | None, typer.Option("--map", help="JSON, or a file of it: see docs/feeds.md")
    ] = None,
    *,
    private: Annotated[
        bool, typer.Option("--private", help="it is in our own network: allow its address")
    ] = False,
    town: Town = None,
) -> None:
    """เพิ่มฟีด · Add a feed; no key is ever part of it, only the name of one."""
    from db import feeds
    from ops.commands.imports import actor, loader

    with loader(town, Progress()) as (_, conn):
        told = feeds.Feed(
            *(name, kind, url, every, actor()),
            title=title,
            headers=dict(map(_header, header or [])),
            mapping=_json(mapping),
            secret=key_ or None,
            private=private,
        )
        feeds.add(conn, _checked(told))
        _number(conn)
    print(
        both(
            Text(
                th=f"เพิ่มฟีด {name} แล้ว ลองถามด้วย ./muang feed run --once",
                en=f"The feed {name} is added. Try it: ./muang feed run --once.",
            )
        )
    )


def edit(  # noqa: PLR0917  Typer maps each to an option
    name: Name,
    url: Annotated[str | None, typer.Option(help="address, with {key} where a key belongs")] = None,
    kind: Annotated[str | None, typer.Option(help="thaiwater, usgs, mapper or gistda")] = None,
    every: Annotated[int | None, typer.Option(help="seconds between two questions")] = None,
    title: Annotated[str | None, typer.Option(help="ชื่อที่แสดง · what people call it")] = None,
    key_: Annotated[
        str | None, typer.Option("--key", help='NAME of the key to use; "" for none')
    ] = None,
    header: Annotated[
        list[str] | None, typer.Option(help='Name: value, in place of all there were; "" for none')
    ] = None,
    mapping: Annotated[
        str | None, typer.Option("--map", help="JSON, or a file of it, in place of the one it has")
    ] = None,
    *,
    private: Annotated[
        bool | None, typer.Option("--private/--public", help="whether it is in our own network")
    ] = None,
    town: Town = None,
) -> None:
    """แก้ไขฟีดโดยไม่เสียค่าที่ได้มา · Change a feed: its readings and its state stay."""
    from db import feeds
    from ops.commands.imports import loader

    said: dict[str, Any] = {
        "url": url,
        "kind": kind,
        "interval_s": every,
        "title": title,
        "secret": key_,
        "headers": None if header is None else dict(map(_header, filter(None, header))),
        "mapping": None if mapping is None else _json(mapping),
        "private": private,
    }
    said = {field: value for field, value in said.items() if value is not None}
    if not said:
        raise BadRequestError(
            Text(th="บอกสิ่งที่จะแก้ เช่น --every 900", en="Say what to change, such as --every 900.")
        )
    with loader(town, Progress()) as (_, conn):
        before = feeds.get(conn, name)
        if before.exercise:
            raise RefusedError(
                Text(
                    th=f"{name} เป็นของการฝึกซ้อม แก้ไม่ได้ จบการฝึกด้วย ./muang drill stop",
                    en=f"{name} belongs to an exercise and is not edited: ./muang drill stop.",
                )
            )
        # an empty text takes away what may be absent
        said |= {each: said[each] or None for each in ("title", "secret") if each in said}
        feeds.change(conn, _checked(replace(before, **said)))
        _number(conn)
    print(
        both(
            Text(
                th=f"แก้ฟีด {name} แล้ว ค่าและประวัติเดิมยังอยู่",
                en=f"The feed {name} is changed; what it brought stays.",
            )
        )
    )


def remove(name: Name, *, town: Town = None) -> None:
    """ลบฟีด (ค่าที่ได้มาแล้วยังอยู่) · Remove a feed; what it brought stays."""
    from db import feeds
    from ops.commands.imports import loader

    with loader(town, Progress()) as (_, conn):
        feeds.remove(conn, name)
        _number(conn)
    print(both(Text(th=f"ลบฟีด {name} แล้ว", en=f"The feed {name} is removed.")))


def pause(name: Name, *, town: Town = None) -> None:
    """หยุดถามฟีดไว้ก่อน · Ask a feed no more until `resume`."""
    _enable(name, town, enabled=False)
    print(both(Text(th=f"หยุดถาม {name} ไว้", en=f"{name} is paused.")))


def resume(name: Name, *, town: Town = None) -> None:
    """ถามฟีดต่อ · Ask a paused feed again."""
    _enable(name, town, enabled=True)
    print(both(Text(th=f"ถาม {name} ต่อ", en=f"{name} is asked again.")))


def key(
    name: Annotated[str, typer.Argument(help="NAME of the key, as in --key")],
) -> None:
    """ตั้งกุญแจของฟีด · Set a key: asked for without an echo, or read from standard input."""
    from etl.feeds.keys import check_name
    from ops.feeds import put_key

    check_name(name)
    asked = f"กุญแจ · key {name}: "
    value = getpass.getpass(asked) if sys.stdin.isatty() else sys.stdin.readline()
    if len(value.strip()) < _SHORTEST_KEY or "\n" in value.strip():
        raise BadRequestError(
            Text(
                th=f"กุญแจต้องยาวอย่างน้อย {_SHORTEST_KEY} ตัวอักษร",
                en=f"A key has at least {_SHORTEST_KEY} characters.",
            )
        )
    file = put_key(name, value.strip())
    print(both(Text(th=f"เก็บกุญแจ {name} ใน {file}", en=f"The key {name} is in {file}.")))


_LEAST_S = 30
_SHORTEST_KEY = 4


def _checked(feed: "Feed") -> "Feed":
    """The feed as it may be kept; BadRequestError says what is wrong with what was told of it."""
    from etl.feeds.keys import check_address, check_name
    from etl.feeds.mapping import read_mapping

    if feed.interval_s < _LEAST_S:
        raise BadRequestError(
            Text(
                th=f"ถามถี่เกินไป: อย่างน้อยทุก {_LEAST_S} วินาที",
                en=f"Too often: every {_LEAST_S} seconds at least.",
            )
        )
    secret = check_name(feed.secret) if feed.secret else None
    check_address(feed.url, feed.headers, secret=secret is not None)
    mapping = read_mapping(dict(feed.mapping), feed.kind)
    made = mapping.model_dump(mode="json", exclude_defaults=True)
    return replace(feed, mapping=made, secret=secret)


def _enable(name: str, town: str | None, *, enabled: bool) -> None:
    from db import feeds
    from ops.commands.imports import loader

    with loader(town, Progress()) as (_, conn):
        feeds.enable(conn, name, enabled=enabled)
        _number(conn)


def _number(conn: Any) -> None:
    from db.changes import number_changes

    conn.commit()
    number_changes(conn)


def _header(told: str) -> tuple[str, str]:
    name, sign, value = told.partition(":")
    if not sign or not name.strip().replace("-", "").isalnum():
        raise BadRequestError(
            Text(
                th=f"ส่วนหัว “{name}” ต้องเขียนว่า ชื่อ: ค่า",
                en=f"Write a header as Name: value (“{name}”).",
            )
        )
    return name.strip(), value.strip()


def _json(told: str | None) -> Any:
    if told is None:
        return {}
    try:
        text = told if told.lstrip().startswith("{") else Path(told).read_text(encoding="utf-8")
        return json.loads(text)
    except (OSError, ValueError) as error:
        raise BadRequestError(
            Text(th=f"อ่าน --map ไม่ได้: {error}", en=f"--map cannot be read: {error}")
        ) from None


def _health(feed: "Feed", state: "FeedState") -> tuple["Health", Text]:
    from db.feeds import facts
    from layers.feed_health import health

    return health(facts(feed, state), datetime.now(UTC))


def _health_of(feed: "Feed", state: "FeedState") -> dict[str, Any]:
    found, says = _health(feed, state)
    return {"state": found.value, "says": says.model_dump()}


def _of_feed(feed: "Feed") -> dict[str, Any]:
    return {
        "name": feed.name,
        "title": feed.title,
        "kind": feed.kind,
        "url": feed.url,
        "key": feed.secret,
        "interval_s": feed.interval_s,
        "enabled": feed.enabled,
        "mapping": dict(feed.mapping),
        "exercise": feed.exercise,
        "private": feed.private,
    }


def _of_state(state: "FeedState") -> dict[str, Any]:
    moments = ("tried_at", "succeeded_at", "newest_at", "next_try_at")
    times = {name: getattr(state, name) for name in moments}
    return {
        "circuit": state.circuit,
        "failures": state.failures,
        **{name: at and at.isoformat() for name, at in times.items()},
        "error": state.error and state.error.model_dump(),
        "doubt": state.doubt and state.doubt.model_dump(),
        "report": state.report,
    }


def _counts(state: "FeedState") -> str:
    told = state.report or {}
    names = ("read", "kept", "new", "same", "revised", "flagged")
    said = ", ".join(f"{name} {told[name]:,}" for name in names if name in told)
    return f"{said}  {_both(state.doubt)}" if state.doubt else said


def _both(text: Text) -> str:
    return both(text).replace("\n", " · ")
