"""Circuits, keys, the spool, the wall clock and the sentence about a feed: each by itself."""

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.feeds import FeedState
from etl.feeds.circuit import (
    FAILURES_TO_OPEN,
    LONGEST_ASKED_S,
    LONGEST_S,
    Circuit,
    State,
    pause_s,
)
from etl.feeds.keys import HIDDEN, PREFIX, Keys, check_address, keys_from
from etl.feeds.parsed import Observation, Series
from etl.feeds.polling import first_pause_s
from etl.feeds.spool import Batch, Spool
from etl.feeds.wall import Wall
from layers.errors import BadRequestError, UnavailableError
from layers.feed_health import Facts, Health, health
from layers.text import Text

NOW = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
RNG = random.Random(1)  # noqa: S311 - a test's own


def test_a_circuit_opens_tries_once_and_closes() -> None:
    circuit = Circuit()
    for _ in range(FAILURES_TO_OPEN - 1):
        circuit = circuit.trying().failed()
        assert circuit.state is State.CLOSED
    circuit = circuit.trying().failed()
    assert circuit.state is State.OPEN
    assert circuit.trying().state is State.HALF_OPEN
    assert circuit.trying().failed().state is State.OPEN
    assert circuit.trying().succeeded() == Circuit(State.CLOSED, 0)


@given(st.integers(0, 60), st.floats(1, 86_400), st.none() | st.floats(0, 1e9), st.integers())
def test_a_pause_is_never_nothing_nor_for_ever(
    failures: int, interval: float, asked: float | None, seed: int
) -> None:
    state = State.OPEN if failures >= FAILURES_TO_OPEN else State.CLOSED
    rng = random.Random(seed)  # noqa: S311 - a test's own
    pause = pause_s(Circuit(state, failures), interval, asked_s=asked, rng=rng)
    assert pause > 0.2
    assert pause <= max(LONGEST_S * 1.25, interval * 1.25, LONGEST_ASKED_S * 1.05)
    if asked is not None:
        assert pause >= min(asked, LONGEST_ASKED_S)


def test_pauses_differ_so_that_feeds_do_not_ask_in_step() -> None:
    failed = Circuit(State.CLOSED, 3)
    assert len({round(pause_s(failed, 600, rng=RNG), 3) for _ in range(20)}) == 20


def test_a_start_keeps_the_pause_and_a_clock_put_back_does_not_lengthen_it() -> None:
    state = FeedState("f", tried_at=NOW, next_try_at=NOW + timedelta(seconds=600))
    assert first_pause_s(state, 600, NOW + timedelta(seconds=200)) == 400
    assert first_pause_s(state, 600, NOW + timedelta(hours=6)) == 0
    assert first_pause_s(state, 600, NOW - timedelta(hours=6)) == 0
    assert first_pause_s(FeedState("f"), 600, NOW) == 0


KEY = "s3cr/et+k=y"


def test_keys_come_from_the_environment_and_a_file_only_its_owner_reads(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text(f"# ours\nGISTDA={KEY}\nOTHER = from file\nbad line\nlower=x\n")
    with pytest.raises(UnavailableError, match="chmod 600"):
        keys_from({}, file)
    file.chmod(0o600)
    keys = keys_from({f"{PREFIX}OTHER": "from env", f"{PREFIX}x": "no"}, file)
    assert keys.names == ("GISTDA", "OTHER")
    assert keys.get("GISTDA") == KEY
    assert keys.get("OTHER") == "from env"
    assert KEY not in repr(keys)
    with pytest.raises(UnavailableError, match="feed key NONE"):
        keys.get("NONE")
    assert keys_from({}, tmp_path / "absent").names == ()
    file.write_bytes(b"\xff\xfe\x00" * 1000)
    assert keys_from({}, file).names == (), "a damaged file holds no key, and stops nothing"


@pytest.mark.parametrize(
    "text",
    [
        f"https://a.example/x?api_key={KEY}&b=1",
        f"https://a.example/x?api_key={quote(KEY, safe='')}",
        '{"links": [{"href": "…' + KEY.replace("/", "\\/") + '"}]}',
        f"asked with {KEY}.",
    ],
)
def test_a_key_is_hidden_in_every_spelling(text: str) -> None:
    hidden = Keys({"A": KEY}).hide(text)
    assert HIDDEN in hidden
    for spelling in (KEY, quote(KEY, safe=""), KEY.replace("/", "\\/")):
        assert spelling not in hidden


def test_what_looks_like_a_key_is_hidden_even_when_it_is_not_ours() -> None:
    assert "abcdef" not in Keys({}).hide("error at https://x/?token=abcdef&page=2")


@pytest.mark.parametrize(
    ("url", "headers", "secret"),
    [
        ("https://x.example/?api_key=abc", {}, False),
        ("https://user:pw@x.example/", {}, False),
        ("https://x.example/", {"Authorization": "Bearer abc"}, False),
        ("https://x.example/?api_key={key}", {}, False),
        ("https://x.example/", {}, True),
        ("http://x.example/?api_key={key}", {}, True),
        ("file:///etc/passwd", {}, False),
        ("x.example", {}, False),
    ],
)
def test_an_address_that_tells_a_key_is_refused(
    url: str, headers: dict[str, str], secret: bool
) -> None:
    with pytest.raises(BadRequestError):
        check_address(url, headers, secret=secret)


def test_an_address_with_the_place_of_a_key_is_good() -> None:
    check_address("https://x.example/?api_key={key}", {}, secret=True)
    check_address("https://x.example/", {"API-Key": "{key}"}, secret=True)
    check_address("http://x.example/levels?days=2", {}, secret=False)


BATCH = Batch(
    "river",
    NOW,
    False,
    (
        Observation("M.7", NOW, 112.59),
        Observation("ฝน 1", NOW, 12.5, series=Series.RAIN),
        Observation("M.4", NOW, None, 3.5),
    ),
)


def test_a_batch_on_disk_comes_back_as_it_was(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "town")
    path = spool.put(BATCH)
    assert path is not None
    assert Spool(tmp_path / "town").waiting() == [path]
    found = spool.read(path)
    assert (found.batch, found.damaged) == (BATCH, 0)
    spool.done(found)
    assert spool.waiting() == []


def test_a_damaged_file_gives_what_is_whole_and_is_put_aside(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    path = spool.put(BATCH)
    assert path is not None
    whole = path.read_bytes()
    for place in range(0, len(whole), 7):
        path.write_bytes(whole[:place] + b"\xff\n\x00" + whole[place + 2 :])
        found = spool.read(path)
        assert found.damaged >= 1
        if found.batch is not None:
            assert set(found.batch.observations) < set(BATCH.observations)
    path.write_bytes(whole[: len(whole) // 2])
    found = spool.read(path)
    assert found.batch is not None
    assert len(found.batch.observations) == 1
    spool.done(found)
    assert spool.waiting() == []
    assert list(tmp_path.glob("*.bad"))


def test_where_nothing_can_be_written_nothing_breaks(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    spool = Spool(tmp_path / "file" / "town")
    assert spool.put(BATCH) is None
    assert spool.waiting() == []
    assert spool.read(tmp_path / "none.spool").batch is None


class Hands:
    """Two clocks a test turns by hand."""

    def __init__(self) -> None:
        self.steady = 1000.0
        self.now = NOW

    def wall(self) -> Wall:
        return Wall(now=lambda: self.now, steady=lambda: self.steady)

    def pass_by(self, seconds: float, *, moved: float = 0.0) -> None:
        self.steady += seconds
        self.now += timedelta(seconds=seconds + moved)


@pytest.mark.parametrize(("moved", "way"), [(21_600, "forward by 6 hours"), (-21_600, "back by")])
def test_a_clock_that_is_set_is_noticed_and_doubted_for_an_hour(moved: float, way: str) -> None:
    hands = Hands()
    wall = hands.wall()
    assert wall.look() == 0
    hands.pass_by(100)
    assert wall.look() == 0
    assert wall.doubt is None
    hands.pass_by(2, moved=moved)
    assert wall.look() == pytest.approx(moved)
    assert wall.doubt is not None
    assert way in wall.doubt.en
    hands.pass_by(3700)
    assert wall.look() == 0
    assert wall.doubt is None


ERROR = Text(th="ขัดข้อง", en="Out of order.")
DOUBT = Text(th="น่าสงสัย", en="Odd.")


@pytest.mark.parametrize(
    ("facts", "expected", "said"),
    [
        ({}, Health.GOOD, "In order"),
        ({"enabled": False}, Health.PAUSED, "Paused"),
        ({"succeeded_at": None}, Health.WAITING, "first time"),
        ({"error": ERROR}, Health.FAILING, "Out of order"),
        ({"doubt": DOUBT}, Health.SUSPECT, "Odd"),
        ({"succeeded_at": NOW - timedelta(hours=6)}, Health.STALE, "6 hours: Nobody asks"),
        (
            {"succeeded_at": NOW - timedelta(days=3), "error": ERROR},
            Health.STALE,
            "3 days: Out of order",
        ),
        ({"succeeded_at": NOW + timedelta(hours=6)}, Health.SUSPECT, "clock"),
    ],
)
def test_what_is_said_of_a_feed(facts: dict[str, object], expected: Health, said: str) -> None:
    usual: dict[str, object] = {
        "enabled": True,
        "interval_s": 600,
        "added_at": NOW,
        "succeeded_at": NOW,
        "newest_at": NOW,
        "error": None,
        "doubt": None,
    }
    state, sentence = health(Facts(**(usual | facts)), NOW)  # type: ignore[arg-type]
    assert state is expected
    assert said in sentence.en
    assert sentence.th != sentence.en
