"""`GET /feeds`: how feeds are, in a sentence, with no address and no key."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from api.house import House
from db import feeds
from db.connect import Machine
from db.feeds import Feed, FeedState
from tests.api.caller import Caller
from tests.conftest import TownHandle


def _states(now: datetime) -> tuple[FeedState, FeedState, FeedState]:
    good = FeedState(
        "a_good", circuit="closed", tried_at=now, succeeded_at=now, next_try_at=now, newest_at=now
    )
    silent = replace(
        good,
        feed="b_silent",
        succeeded_at=now - timedelta(hours=6),
        failures=7,
        circuit="open",
        error_th="แหล่งข้อมูลขัดข้อง (500)",
        error_en="The source is out of order (500).",
    )
    odd = replace(good, feed="c_odd", doubt_th="เวลาล่วงหน้า", doubt_en="Times lie ahead.")
    return good, silent, odd


@pytest.fixture
def three(tiny_town: TownHandle) -> Iterator[datetime]:
    """A good feed, one that is silent, and one that lies; yields when they were asked."""
    # not when the module is read: a whole run may come here after what a feed may be silent
    now = datetime.now(UTC)
    with tiny_town.connect(Machine.LOADER) as conn:
        for state in _states(now):
            feeds.add(
                conn, Feed(state.feed, "thaiwater", "https://x.example/?k={key}", 600, "tests")
            )
            feeds.put_state(conn, state)
    yield now
    with tiny_town.connect(Machine.LOADER) as conn:
        conn.execute("DELETE FROM muang.feed")


@pytest.mark.usefixtures("three")
def test_the_state_of_each_feed_is_told(caller: Caller) -> None:
    reply = caller.get("/feeds")
    assert reply.status_code == 200
    good, silent, odd = reply.json()["feeds"]
    assert (good["name"], good["state"], good["error"]) == ("a_good", "good", None)
    assert (silent["state"], silent["failures"]) == ("stale", 7)
    assert "6 hours: The source is out of order" in silent["says"]["en"]
    assert "6 ชั่วโมง" in silent["says"]["th"]
    assert (odd["state"], odd["doubt"]["en"]) == ("suspect", "Times lie ahead.")
    assert "x.example" not in reply.text
    assert "added_by" not in reply.text


def test_screens_hear_of_a_feed_that_grows_stale_by_time_alone(
    caller: Caller, tiny_town: TownHandle, three: datetime
) -> None:
    house: House = caller.app.state.house

    def look(after: timedelta) -> bool:
        return bool(caller.run(house.feeds.look(three + after)))

    def told() -> int:
        with tiny_town.connect(Machine.SERVICE) as conn:
            row = conn.execute(
                "SELECT count(*) FROM muang.layer_change WHERE layer = 'feeds'"
            ).fetchone()
        return int(str(row and row[0]))

    assert look(timedelta(0)), "one of them was stale when the server began to look"
    before = told()
    assert not look(timedelta(minutes=29))
    assert told() == before
    assert look(timedelta(minutes=31)), "three intervals without a word"
    assert told() == before + 1
    assert not look(timedelta(minutes=32))
    assert look(timedelta(0)), "heard of again"
    assert told() == before + 2


def test_a_feed_that_is_changed_is_told_and_keeps_what_it_was(
    tiny_town: TownHandle, three: datetime
) -> None:
    good, _, _ = _states(three)
    with tiny_town.connect(Machine.LOADER) as conn:
        state = replace(good, etag='"1"', last_modified="Sat", failures=3, report={"new": 3})
        feeds.put_state(conn, state)
        conn.commit()

        def told() -> int:
            row = conn.execute(
                "SELECT count(*) FROM muang.layer_change WHERE layer = 'feeds'"
            ).fetchone()
            return int(str(row and row[0]))

        before, feed = told(), feeds.get(conn, "a_good")
        feeds.change(conn, replace(feed, title="แม่น้ำมูล", interval_s=900))
        now = feeds.states(conn)["a_good"]
        assert (now.etag, now.failures, told()) == ('"1"', 3, before + 1)
        feeds.change(conn, replace(feed, url="https://y.example/?k={key}"))
        now = feeds.states(conn)["a_good"]
        assert (now.etag, now.last_modified, now.failures, now.next_try_at) == (None, None, 0, None)
        assert (now.succeeded_at, now.newest_at) == (three, three)
        assert now.report == {"new": 3}
        assert feeds.get(conn, "a_good").added_at == feed.added_at
