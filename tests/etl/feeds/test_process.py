"""The process that polls, killed in the middle of it; and the commands people set feeds up with."""

import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from db import feeds as register
from db.connect import Machine
from layers.errors import BadRequestError, ConflictError, NotFoundError
from layers.feed_health import Health, health
from ops.checkout import Checkout
from ops.commands import feed
from ops.feed_keeper import FeedKeeper
from ops.feeds import keys_now
from ops.session import Server
from tests.etl.feeds.answers import at_thai, level_row, thaiwater
from tests.etl.feeds.conftest import PATIENCE_S, Bench
from tests.etl.feeds.source import Asked, Reply, source

ROOT = Path(__file__).resolve().parents[3]
NOW = datetime.now(UTC).replace(second=0, microsecond=0)


@pytest.fixture
def settings(bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What the commands and the process find the town, its keys and its spool by."""
    told = {
        "MUANG_DATABASE_URL": bench.town.server_url,
        "MUANG_SECRET": bench.town.secret,
        "MUANG_FEED_SPOOL": str(tmp_path / "spool"),
        "MUANG_FEED_KEYS_FILE": str(tmp_path / "keys"),
        # this checkout's code, wherever the environment's own path leads
        "PYTHONPATH": str(ROOT),
    }
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    return told


@contextmanager
def polling(bench: Bench, settings: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """The process of `feed run`; killed at the end, if it still runs."""
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "ops", "feed", "run", "--town", bench.town.town_id],
        cwd=ROOT,
        env=os.environ | settings,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        print(process.communicate()[0].decode(errors="replace"))  # shown where the test fails


def until(done: Callable[[], object]) -> None:
    """Wait for something to be so."""
    end = time.monotonic() + PATIENCE_S
    while not done():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.05)


def test_killed_in_the_middle_it_loses_no_reading(bench: Bench, settings: dict[str, str]) -> None:
    """As sources do, this one tells a reading several times: what a kill cut off comes again."""
    told: list[float] = []

    def next_one(_: Asked) -> Reply:
        told.append(90 + len(told) / 100)
        rows = [
            level_row("M.7", at_thai(NOW - timedelta(minutes=600 - place)), f"{told[place]:.2f}")
            for place in range(max(0, len(told) - 4), len(told))
        ]
        return Reply(body=thaiwater(*rows))

    with source(next_one) as river:
        bench.add("river", river.url())
        with polling(bench, settings) as process:
            until(lambda: told)
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
        with bench.town.connect(Machine.LOADER) as conn:
            facts = register.facts(register.get(conn, "river"), bench.states()["river"])
        later = datetime.now(UTC) + timedelta(minutes=5)
        assert health(facts, later)[0] is Health.STALE, "nobody has to be alive to say so"
        with polling(bench, settings) as process:
            last = len(told)
            until(lambda: len(told) > last + 1)
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0, "told to end, it ends calmly"
    stored = {round(value, 2) for _, value, _, _ in bench.levels()}
    assert [value for value in told[:-1] if round(value, 2) not in stored] == []


def test_the_keeper_starts_it_where_there_is_a_feed_and_again_when_it_dies(
    bench: Bench, settings: dict[str, str], tmp_path: Path
) -> None:
    server = Server(bench.town.server_url, bench.town.secret, None, private=False)
    checkout = Checkout(tmp_path)
    (tmp_path / "ops").symlink_to(ROOT / "ops")
    keeper = FeedKeeper(Checkout(ROOT), server, bench.town.town_id)
    object.__setattr__(keeper, "_checkout", _Logging(checkout))
    try:
        keeper.look()
        assert keeper.pid is None, "without a feed there is no process"
        with source(Reply(body=thaiwater(level_row("M.7", at_thai(NOW), "91.92")))) as river:
            bench.add("river", river.url())
            keeper._next = 0.0
            keeper.look()
            first = keeper.pid
            assert first is not None
            until(lambda: len(river.asked) > 0)
            os.kill(first, signal.SIGKILL)
            until(lambda: keeper.pid is None)

            def again() -> bool:
                keeper.look()
                return keeper.pid not in (None, first)

            until(again)
    finally:
        keeper.stop()
    assert keeper.pid is None


class _Logging:
    """This checkout's code, with its log elsewhere."""

    def __init__(self, elsewhere: Checkout) -> None:
        self.root = ROOT
        self.log_dir = elsewhere.log_dir


def told(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """The JSON object a command printed."""
    made: dict[str, Any] = json.loads(capsys.readouterr().out)
    return made


def test_a_feed_is_added_listed_paused_and_removed(
    bench: Bench, settings: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    town = bench.town.town_id
    feed.add(
        "loggers",
        "https://loggers.example.org/all.csv?token={key}",
        kind="mapper",
        key_="LOGGERS",
        title="เครื่องวัดของเทศบาล",
        mapping='{"format": "csv", "station": "id", "at": "t", "value": "cm", "unit": "cm"}',
        town=town,
    )
    with pytest.raises(ConflictError):
        feed.add("loggers", "https://x.example/", town=town)
    with pytest.raises(BadRequestError, match="feed key"):
        feed.add("other", "https://x.example/?api_key=abcdef", town=town)
    with pytest.raises(BadRequestError, match="Too often"):
        feed.add("other", "https://x.example/", every=1, town=town)
    with pytest.raises(BadRequestError, match="kinds are"):
        feed.add("other", "https://x.example/", kind="carrier-pigeon", town=town)
    capsys.readouterr()
    feed.pause("loggers", town=town)
    capsys.readouterr()
    feed.list_all(town=town, as_json=True)
    listed = told(capsys)
    (one,) = listed["feeds"]
    assert (one["name"], one["state"], one["key"]) == ("loggers", "paused", "LOGGERS")
    assert one["url"] == "https://loggers.example.org/all.csv?token={key}"
    assert listed["polled"] is False
    feed.resume("loggers", town=town)
    feed.list_all(town=town)
    assert "loggers" in capsys.readouterr().out
    feed.show("loggers", town=town, as_json=True)
    assert told(capsys)["mapping"]["unit"] == "cm"
    feed.run(town=town, once=True, as_json=True)
    asked = told(capsys)["feeds"]["loggers"]
    assert "no key LOGGERS" in asked["error"]["en"]
    feed.edit("loggers", every=900, title="", town=town)
    capsys.readouterr()
    feed.show("loggers", town=town, as_json=True)
    shown = told(capsys)
    assert (shown["interval_s"], shown["title"], shown["key"]) == (900, None, "LOGGERS")
    assert "no key LOGGERS" in shown["error"]["en"], "how it is stays on record"
    feed.edit("loggers", mapping='{"station": "id", "at": "t", "value": "m"}', town=town)
    feed.edit("loggers", url="https://loggers.example.org/open.csv", key_="", town=town)
    capsys.readouterr()
    feed.show("loggers", town=town, as_json=True)
    shown = told(capsys)
    assert shown["mapping"] == {"station": "id", "at": "t", "value": "m"}
    assert (shown["key"], shown["error"], shown["state"]) == (None, None, "waiting")
    for wrong, said in (
        ({}, "Say what"),
        ({"every": 5}, "Too often"),
        ({"url": "https://x.example/?api_key=abcdef"}, "feed key"),
        ({"url": "https://x.example/{key}"}, "does not name the key"),
        ({"mapping": '{"station": "id"}'}, "value or discharge"),
        ({"kind": "pigeon"}, "kinds are"),
        ({"key_": "lower case"}, None),
    ):
        with pytest.raises(BadRequestError, match=said):
            feed.edit("loggers", town=town, **wrong)  # type: ignore[arg-type]
    with pytest.raises(NotFoundError):
        feed.edit("nobody", every=900, town=town)
    feed.remove("loggers", town=town)
    with pytest.raises(NotFoundError):
        feed.remove("loggers", town=town)


def test_a_key_is_set_from_standard_input_and_only_its_owner_reads_it(
    settings: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for value in ("first-key", "second-key"):
        monkeypatch.setattr(sys, "stdin", io.StringIO(f"{value}\n"))
        feed.key("GISTDA")
    assert keys_now().get("GISTDA") == "second-key"
    shown = capsys.readouterr().out
    assert "first-key" not in shown
    assert "second-key" not in shown
    assert Path(settings["MUANG_FEED_KEYS_FILE"]).stat().st_mode & 0o077 == 0
    with pytest.raises(BadRequestError):
        feed.key("lower")
