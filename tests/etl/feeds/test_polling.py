"""Feeds asked for real: what is stored, what state it leaves, and that none stops another."""

import json
import logging
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from db import feeds as register
from db.connect import Machine, connect_admin
from etl.feeds.keys import HIDDEN, Hiding, Keys
from etl.feeds.parsed import Observation
from etl.feeds.spool import Batch
from etl.feeds.wall import Wall
from layers.series import Flag
from tests.etl.feeds.answers import at_thai, body, cell, flood_cells, level_row, thaiwater
from tests.etl.feeds.conftest import Bench
from tests.etl.feeds.source import Asked, Reply, source

NOW = datetime.now(UTC).replace(second=0, microsecond=0)
KEY = "K3y/of+the=town"


def level(minutes_ago: float, value: str, code: str = "M.7") -> dict[str, object]:
    return level_row(code, at_thai(NOW - timedelta(minutes=minutes_ago)), value)


def test_readings_are_stored_once_and_the_next_question_is_conditional(bench: Bench) -> None:
    one, two, three = (
        level(ago, value, code="M.1") for ago, value in ((20, "7.10"), (10, "7.20"), (0, "7.30"))
    )
    replies = (
        Reply(body=thaiwater(one, two, level(10, "9", code="X.1")), headers={"ETag": '"a"'}),
        Reply(304),
        Reply(body=thaiwater(two, three, second=True)),
    )
    with source(*replies) as river:
        bench.add("river", river.url())
        first = bench.once()["river"]
        assert (first.circuit, first.error, first.etag) == ("closed", None, '"a"')
        second = bench.once()["river"]
        assert river.asked[1].headers["if-none-match"] == '"a"'
        assert second.etag == '"a"'
        third = bench.once()["river"]
    assert [value for _, value, _, _ in bench.levels("M.1")] == [7.10, 7.20, 7.30]
    report = bench.states()["river"].report
    assert report is not None
    assert third.report == report
    assert (report["read"], report["kept"], report["new"], report["same"]) == (2, 2, 1, 1)
    assert third.newest_at == NOW
    assert third.etag is None, "what gives no mark is asked for whole"
    (kept,) = bench.rows("SELECT b.good, b.body FROM muang.feed_body AS b")
    assert kept[0] is True
    assert "7.30" in kept[1]


def test_one_that_hangs_fails_lies_or_is_misdeclared_stops_no_other(bench: Bench) -> None:
    good = Reply(body=thaiwater(level(7, "107.77", code="M.2")))
    with (
        source(Reply(hang=20)) as hangs,
        source(Reply(500, b"oops")) as fails,
        source(Reply(body=b"<html>all is well</html>")) as lies,
        source(good) as works,
    ):
        bench.add("a_hangs", hangs.url())
        bench.add("b_fails", fails.url())
        bench.add("c_lies", lies.url())
        bench.add("d_broken", works.url(), kind="mapper", mapping={"what": ["is", "this"]})
        bench.add("e_works", works.url())
        bench.until(
            bench.poller(),
            lambda: (
                len(works.asked) >= 2
                and all(state.tried_at is not None for state in bench.states().values())
            ),
        )
    states = bench.states()
    said = {name: state.error.en for name, state in states.items() if state.error}
    assert "timed out" in said["a_hangs"]
    assert "out of order (500)" in said["b_fails"]
    assert "web page" in said["c_lies"]
    assert "mapping is not right" in said["d_broken"]
    assert states["e_works"].error is None
    assert [value for _, value, _, _ in bench.levels("M.2")] == [107.77]
    bad = dict(bench.rows("SELECT b.feed, b.body FROM muang.feed_body AS b WHERE NOT b.good"))
    assert bad == {"b_fails": "oops", "c_lies": "<html>all is well</html>"}


def test_a_source_that_fails_is_left_in_peace_and_then_trusted_again(bench: Bench) -> None:
    with source(*(Reply(500) for _ in range(5)), Reply(body=thaiwater(level(3, "107")))) as river:
        bench.add("river", river.url())
        bench.rows("SELECT muang.number_changes()")
        pos = bench.rows("SELECT muang.current_pos()")[0][0]
        for _ in range(5):
            state = bench.once()["river"]
        assert (state.circuit, state.failures) == ("open", 5)
        assert state.next_try_at is not None
        assert state.tried_at is not None
        assert state.next_try_at - state.tried_at > timedelta(minutes=10)
        back = bench.once()["river"]
    assert (back.circuit, back.failures, back.error) == ("closed", 0, None)
    told = bench.rows(
        "SELECT c.op FROM muang.layer_change AS c WHERE c.layer = 'feeds' AND c.pos > %s", pos
    )
    assert len(told) == 3, "it fails, it is left in peace, it is back: and no word in between"


def test_a_source_that_asks_us_to_wait_is_not_asked_before(bench: Bench) -> None:
    with source(Reply(429, headers={"Retry-After": "1200"})) as river:
        bench.add("river", river.url())
        state = bench.once()["river"]
        assert state.next_try_at is not None
        assert state.tried_at is not None
        assert state.next_try_at - state.tried_at >= timedelta(seconds=1200)
        poller = bench.poller()
        bench.until(poller, lambda: poller.leads)
        assert len(river.asked) == 1, "a restart does not ask before its time"


def test_times_ahead_are_kept_flagged_and_make_the_feed_suspect(bench: Bench) -> None:
    ahead = NOW + timedelta(hours=6)
    told = thaiwater(level_row("M.7", at_thai(ahead), "107.55"))
    with source(Reply(body=told)) as river:
        bench.add("river", river.url())
        state = bench.once()["river"]
    assert state.doubt is not None
    assert "ahead" in state.doubt.en
    (flags,) = [flags for at, _, flags, _ in bench.levels() if at == ahead]
    assert flags & Flag.FUTURE


def test_a_dead_station_that_repeats_itself_brings_nothing_new_and_is_doubted(
    bench: Bench,
) -> None:
    told = thaiwater(level(60 * 30, "106.00"))
    with source(Reply(body=told)) as river:
        bench.add("river", river.url())
        bench.once()
        before = len(bench.levels())
        state = bench.once()["river"]
    assert len(bench.levels()) == before
    assert state.doubt is not None
    # NOW is when the module was read: in a whole run that may be an hour ago
    assert re.search(r"newest reading is 3[01] hours old", state.doubt.en)


def test_readings_wait_on_disk_while_the_database_is_away(bench: Bench) -> None:
    steps = [Reply(body=thaiwater(level(180 - n, f"10{n}.5"))) for n in range(4)]
    with source(*steps) as river:
        bench.add("river", river.url())
        poller = bench.poller()
        before = len(bench.levels())

        def lost_and_found() -> bool:
            if len(river.asked) == 1:
                bench.away = True
            if len(river.asked) == 4 and len(poller.kit.spool.waiting()) >= 2:
                bench.away = False
            return len(bench.levels()) - before == 4 and not poller.kit.spool.waiting()

        bench.until(poller, lost_and_found)


def test_sessions_the_database_ends_are_opened_again(bench: Bench) -> None:
    """As in a restart: also the session that holds the lead."""
    with source(Reply(body=thaiwater(level(500, "98.50")))) as river:
        bench.add("river", river.url())
        poller = bench.poller()
        ended = 0

        def ended_and_back() -> bool:
            nonlocal ended
            if poller.leads and len(river.asked) >= 2 and not ended:
                with connect_admin(bench.town.server_url) as admin:
                    ended = admin.execute(
                        "SELECT pg_terminate_backend(a.pid) FROM pg_stat_activity AS a"
                        " WHERE a.datname = %s AND a.usename LIKE '%%loader'",
                        [f"muang_{bench.town.town_id}"],
                    ).rowcount
                river.replies = [Reply(body=thaiwater(level(499, "98.51")))]
            return bool(ended) and poller.leads and 98.51 in {v for _, v, _, _ in bench.levels()}

        bench.until(poller, ended_and_back)
        assert bench.states()["river"].error is None


def test_a_damaged_file_on_disk_stops_nothing_and_what_is_whole_of_it_is_brought(
    bench: Bench,
) -> None:
    poller = bench.poller()
    read = tuple(Observation("M.7", NOW - timedelta(hours=n), 101.0 + n / 10) for n in (7, 8))
    path = poller.kit.spool.put(Batch("river", NOW, False, read))
    assert path is not None
    path.write_bytes(path.read_bytes()[:-20])
    (bench.folder / "noise-20260101-1-1.spool").write_bytes(b"\xff\x00" * 50)
    bench.until(poller, lambda: not poller.kit.spool.waiting())
    found = {value for _, value, _, _ in bench.levels()}
    assert 101.7 in found
    assert 101.8 not in found, "its line was damaged"
    assert len(list(bench.folder.glob("*.bad"))) == 2


def test_a_clock_that_jumps_makes_feeds_suspect_and_nothing_stops(bench: Bench) -> None:
    moved = timedelta(0)
    bench.wall = Wall(now=lambda: datetime.now(UTC) + moved)
    with source(Reply(body=thaiwater(level(1, "107.01")))) as river:
        bench.add("river", river.url())
        poller = bench.poller()

        def jumped() -> bool:
            nonlocal moved
            if len(river.asked) == 2:
                moved = timedelta(hours=6)
            doubt = bench.states()["river"].doubt
            return doubt is not None and "clock" in doubt.en

        bench.until(poller, jumped)
        assert bench.states()["river"].error is None


def test_flooded_cells_become_observed_zones_through_the_loader(bench: Bench) -> None:
    lon, lat = bench.rows(
        "SELECT ST_X(c.p), ST_Y(c.p) FROM (SELECT ST_Transform(ST_Centroid(t.geom), 4326) AS p"
        " FROM town.town_boundary AS t) AS c"
    )[0]
    told = flood_cells(
        cell(lon, lat, seen="2026-11-20T22:45:00Z"),
        cell(lon + 0.001, lat, seen="2026-11-20T22:45:00Z"),
        cell(lon + 5, lat, seen="2026-11-20T22:45:00Z"),
        key=KEY,
    )
    with source(Reply(body=told)) as satellite:
        bench.add("gistda", satellite.url(), kind="gistda", mapping={"seen_at": "seen"})
        bench.once()
        bench.once()
    zones = bench.rows(
        "SELECT z.code, z.kind, z.means, z.source, z.confidence, ST_NumGeometries(z.geom)"
        " FROM town.flood_zones AS z"
    )
    assert len(zones) == 1
    code, kind, means, said_source, confidence, parts = zones[0]
    assert (code, kind, means) == ("gistda-20261120T2245Z-341901", "observed", "satellite")
    assert (said_source, parts) == ("gistda", 1)
    assert "not dry" in confidence


def echo(asked: Asked) -> Reply:
    """A service that tells the key in all it says."""
    told = {"error": "bad", "links": [{"href": asked.path}], "you": asked.headers.get("x-key")}
    return Reply(401, body(told), headers={"ETag": f'"{KEY}"', "WWW-Authenticate": KEY})


def test_a_key_is_in_nothing_that_is_stored_logged_or_said(
    bench: Bench, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    # on this machine there is no TLS: the address's check has its own tests
    monkeypatch.setattr("etl.feeds.asking.check_address", lambda *_, **__: None)
    bench.keys = {"ONE": KEY}
    lon, lat = 105.22, 15.24
    answers = flood_cells(cell(lon, lat), key=KEY)
    logging.getLogger().addFilter(Hiding(lambda: Keys(bench.keys)))
    caplog.handler.addFilter(Hiding(lambda: Keys(bench.keys)))
    with (
        caplog.at_level(logging.DEBUG),
        source(echo) as rude,
        source(Reply(302, headers={"Location": f"http://x.example/?k={KEY}"})) as moved,
        source(Reply(body=answers, headers={"ETag": f'"{KEY}"'})) as echoes,
        source(Reply(body=b'{"waterlevel_data": "' + KEY.encode() + b'"}')) as odd,
    ):
        with_key = {"secret": "ONE", "headers": {"X-Key": "{key}"}}
        for name, at, kind in (
            ("rude", rude, "thaiwater"),
            ("moved", moved, "thaiwater"),
            ("echoes", echoes, "gistda"),
            ("odd", odd, "thaiwater"),
        ):
            bench.add(name, at.url("/?api_key={key}"), kind=kind, **with_key)
        bench.once()
        assert rude.asked[0].headers["x-key"] == KEY, "it was asked with the key"
    tables = [
        f"{schema}.{name}"
        for schema, name in bench.rows(
            "SELECT t.schemaname, t.tablename FROM pg_tables AS t"
            " WHERE t.schemaname IN ('muang', 'town', 'history', 'series')"
            " AND has_table_privilege(t.schemaname || '.' || t.tablename, 'SELECT')"
        )
    ]
    assert "muang.feed_body" in tables
    with bench.town.connect(Machine.LOADER) as conn:
        kept = [
            str(row)
            for table in tables
            for row in conn.execute(f"SELECT to_jsonb(t.*)::text FROM {table} AS t".encode())  # noqa: S608
        ]
    spellings = {KEY, KEY.replace("/", "\\/"), "K3y%2Fof%2Bthe%3Dtown"}
    for said in (*kept, caplog.text, *(record.getMessage() for record in caplog.records)):
        for spelling in spellings:
            assert spelling not in said
    assert any(HIDDEN in row for row in kept), "the bodies were kept, with the key hidden"
    files = [path.read_bytes() for path in bench.folder.rglob("*") if path.is_file()]
    assert not any(spelling.encode() in held for held in files for spelling in spellings)


def test_only_one_process_polls_a_town(bench: Bench) -> None:
    with source(Reply(body=thaiwater(level(2, "107.02")))) as river:
        bench.add("river", river.url())
        with bench.town.connect(Machine.LOADER) as first:
            assert register.lead(first)
            assert register.is_polled(first)
            assert bench.once() == {}
            assert river.asked == []
        assert set(bench.once()) == {"river"}


def test_feeds_come_and_go_while_it_polls(bench: Bench, tmp_path: Path) -> None:
    with source(Reply(body=thaiwater(level(2, "107.02")))) as river:
        poller = bench.poller()
        stage = iter(("add", "pause", "remove"))

        def played() -> bool:
            states = bench.states()
            if not states and not river.asked:
                assert next(stage) == "add"
                bench.add("river", river.url())
            elif river.asked and states:
                with bench.town.connect(Machine.LOADER) as conn:
                    register.remove(conn, "river")
            return bool(river.asked) and not states

        bench.until(poller, played)
        asked = len(river.asked)
        bench.until(poller, lambda: poller.leads)
        assert len(river.asked) <= asked + 1
    assert json.dumps(sorted(bench.states())) == "[]"
