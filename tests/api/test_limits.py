"""How often one may ask: a bucket each, tiles cheap, and when to come back."""

import time
from pathlib import Path

import pytest

from api import limits
from api.app import create_app
from api.limits import BURST_SECONDS, Limits
from layers.errors import TooManyRequestsError
from layers.model import Role
from tests.api.caller import NOBODY, Caller
from tests.api.conftest import settings_for
from tests.conftest import TownHandle


def test_a_bucket_empties_and_fills(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    bucket = Limits(10)
    for _ in range(int(10 * BURST_SECONDS)):
        bucket.take("a", 1)
    with pytest.raises(TooManyRequestsError) as refused:
        bucket.take("a", 25)
    assert refused.value.facts["seconds"] == 3
    bucket.take("b", 25)
    now += 2.5
    bucket.take("a", 25)
    with pytest.raises(TooManyRequestsError):
        bucket.take("a", 1)
    now += 3600
    with pytest.raises(TooManyRequestsError):
        bucket.take("a", int(10 * BURST_SECONDS) + 1)


def test_no_limit_when_the_rate_is_zero() -> None:
    for _ in range(1000):
        Limits(0).take("a", 1_000_000)


def test_buckets_do_not_pile_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "_MOST", 10)
    now = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    bucket = Limits(10)
    for number in range(100):
        now += 10
        bucket.take(f"address:{number}", 1)
    assert len(bucket._buckets) <= 11


def test_many_callers_at_once_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """When nobody's bucket is full, those who lack the least are forgotten, once a second."""
    monkeypatch.setattr(limits, "_MOST", 10)
    now = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    bucket = Limits(10)
    bucket.take("greedy", 40)
    for number in range(250):
        now += 0.01
        bucket.take(f"address:{number}", 1)
    assert len(bucket._buckets) < 10 + 101
    with pytest.raises(TooManyRequestsError):
        bucket.take("greedy", 45)


def test_what_is_given_back_was_never_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "monotonic", lambda: 100.0)
    bucket = Limits(10)
    for _ in range(100):
        bucket.take("a", 50)
        bucket.give_back("a", 50)
    bucket.give_back("a", 50)
    bucket.take("a", 50)
    with pytest.raises(TooManyRequestsError):
        bucket.take("a", 1)


def test_each_caller_has_their_own_bucket(
    tiny_town: TownHandle, dashboard: Path, tokens: dict[Role, str]
) -> None:
    # 20 units a second: a page of features costs 10, so the eleventh at once is too many
    with Caller(create_app(settings_for(tiny_town, dashboard, rate_per_second=20))) as caller:

        def ask(token: str) -> int:
            return caller.get("/ogc/collections/permits/items", token).status_code

        statuses = [ask(tokens[Role.STAFF]) for _ in range(30)]
        assert 429 in statuses
        refused = caller.get("/ogc/collections/permits/items?lang=en", tokens[Role.STAFF])
        assert refused.status_code == 429
        assert int(refused.headers["retry-after"]) >= 1
        assert refused.json()["type"] == "urn:muang:problem:too-many-requests"
        assert ask(tokens[Role.CARE]) == 200
        assert ask(NOBODY) == 200
        guesses = [ask(f"muang_{n}") for n in range(30)]
        assert set(guesses) == {401, 429}, "guessing tokens is counted by address"
        assert caller.get("/healthz", NOBODY).status_code == 200
