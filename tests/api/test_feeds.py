"""`GET /feeds`: how feeds are, in a sentence, with no address and no key."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from db import feeds
from db.connect import Machine
from db.feeds import Feed, FeedState
from tests.api.caller import Caller
from tests.conftest import TownHandle

NOW = datetime.now(UTC)
GOOD = FeedState(
    "a_good", circuit="closed", tried_at=NOW, succeeded_at=NOW, next_try_at=NOW, newest_at=NOW
)
SILENT = replace(
    GOOD,
    feed="b_silent",
    succeeded_at=NOW - timedelta(hours=6),
    failures=7,
    circuit="open",
    error_th="แหล่งข้อมูลขัดข้อง (500)",
    error_en="The source is out of order (500).",
)
ODD = replace(GOOD, feed="c_odd", doubt_th="เวลาล่วงหน้า", doubt_en="Times lie ahead.")


@pytest.fixture
def three(tiny_town: TownHandle) -> Iterator[None]:
    """A good feed, one that is silent, and one that lies."""
    with tiny_town.connect(Machine.LOADER) as conn:
        for state in (GOOD, SILENT, ODD):
            feeds.add(
                conn, Feed(state.feed, "thaiwater", "https://x.example/?k={key}", 600, "tests")
            )
            feeds.put_state(conn, state)
    yield
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
