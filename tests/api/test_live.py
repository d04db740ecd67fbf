"""`/live` on a real server: hello, changes as they commit, no gap or repeat, roles, the end."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from api import live, live_hub
from api.house import House
from api.live import told
from api.live_hub import LiveHub, Subscription
from api.viewer import Viewer
from db.changes import Change
from db.connect import Machine
from db.tokens import new_token, revoke_token
from db.towns import drop_town
from layers.errors import TooManyRequestsError, UnavailableError
from layers.model import Role
from tests.api.caller import NOBODY, Caller
from tests.api.running import parsed, server, stream, until
from tests.conftest import TownHandle, make_tiny_town
from tests.tiny import load_rows, point, square


def edit(town: TownHandle, code: str, use: str) -> None:
    """Change one parcel the way a clerk in psql would."""
    with town.connect(Machine.LOADER) as conn:
        conn.execute("UPDATE town.parcels SET use = %s WHERE code = %s", [use, code])


def head(town: TownHandle) -> int:
    """The last position, once everything committed has one."""
    with town.connect(Machine.SERVICE) as conn:
        conn.execute("SELECT muang.number_changes()")
        conn.commit()
        row = conn.execute("SELECT muang.current_pos()").fetchone()
    assert row is not None
    return int(str(row[0]))


@pytest.fixture(scope="module")
def live_town(server_url: str, secret: str) -> Iterator[TownHandle]:
    town = make_tiny_town(server_url, secret)
    yield town
    drop_town(server_url, town.town_id)


@pytest.fixture(scope="module")
def url(live_town: TownHandle, dashboard: Path) -> Iterator[str]:
    with server(live_town, dashboard) as running:
        yield running.url


def test_hello_then_each_change_as_it_commits(url: str, live_town: TownHandle) -> None:
    before = head(live_town)
    with stream(url) as events:
        hello = next(events)
        assert hello["event"] == "hello"
        assert hello["data"]["pos"] == before
        edit(live_town, "01A000", "vacant")
        change = next(events)
    assert change["event"] == "change"
    assert int(change["id"]) == change["data"]["pos"] == before + 1
    assert change["data"]["layer"] == "parcels"
    assert change["data"]["op"] == "update"
    assert change["data"]["n"] == 1
    west, south, east, north = change["data"]["bbox"]
    assert 105.22 < west < east < 105.24
    assert 15.23 < south < north < 15.26
    assert change["data"]["at"]


def test_resuming_gives_exactly_what_was_missed(url: str, live_town: TownHandle) -> None:
    start = head(live_town)
    with stream(url) as events:
        next(events)
        edit(live_town, "01A001", "vacant")
        seen = [int(event["id"]) for event in until(events, start + 1)]
    for number in range(2, 8):
        edit(live_town, f"01A00{number}", "vacant")
    end = head(live_town)
    with stream(url, since=seen[-1]) as events:
        hello = next(events)
        assert hello["data"]["pos"] == seen[-1]
        seen += [int(event["id"]) for event in until(events, end)]
        edit(live_town, "01A009", "vacant")
        seen += [int(event["id"]) for event in until(events, end + 1)]
    assert seen == list(range(start + 1, end + 2))


def test_changes_while_resuming_come_once_and_in_order(url: str, live_town: TownHandle) -> None:
    start = head(live_town)
    rows = [{"code": f"X{n}", "geom": square(3000 * n, 0, 10, 10)} for n in range(1500)]
    with live_town.connect(Machine.LOADER) as conn:
        load_rows(conn, "communities", rows)
    middle = head(live_town)
    assert middle - start >= 1400, "the load must be more than one batch of changes"
    with stream(url, since=start) as events:
        edit(live_town, "01A010", "vacant")
        edit(live_town, "01A011", "vacant")
        next(events)
        positions = [int(event["id"]) for event in until(events, middle + 2)]
    assert positions == list(range(start + 1, middle + 3))


def test_a_position_of_another_database_says_reset(url: str, live_town: TownHandle) -> None:
    with stream(url, since=head(live_town) + 1000) as events:
        first = next(events)
        assert first["event"] == "reset"
        assert first["data"]["pos"] == head(live_town)


@pytest.mark.parametrize("wrong", ["x", "-5", "1.5", "9" * 30])
def test_a_position_that_is_none(caller: Caller, wrong: str) -> None:
    assert caller.get("/live", headers={"Last-Event-ID": wrong}).status_code == 400
    assert caller.get("/live", params={"since": wrong}).status_code == 400


def test_a_page_that_opens_a_new_stream_goes_on_too(url: str, live_town: TownHandle) -> None:
    start = head(live_town)
    edit(live_town, "01A011", "vacant")
    edit(live_town, "01A012", "vacant")
    with httpx.stream("GET", f"{url}/live?since={start}", timeout=30, trust_env=False) as answer:
        events = parsed(answer.iter_lines())
        assert int(next(events)["id"]) == start
        assert [int(event["id"]) for event in until(events, start + 2)] == [start + 1, start + 2]
    # a browser that comes back asks the same address, and knows more than it says
    headers = {"Last-Event-ID": str(start + 1)}
    with httpx.stream(
        "GET", f"{url}/live?since={start}", headers=headers, timeout=30, trust_env=False
    ) as answer:
        assert int(next(parsed(answer.iter_lines()))["id"]) == start + 1


def test_a_role_hears_only_of_its_layers(url: str, live_town: TownHandle) -> None:
    with live_town.connect(Machine.SERVICE) as conn:
        public = new_token(conn, Role.PUBLIC, "page", 1)[1]
        carer = new_token(conn, Role.CARE, "carer", 1)[1]
        admin = new_token(conn, Role.ADMIN, "admin", 1)[1]
    start = head(live_town)
    with live_town.connect(Machine.LOADER) as conn:
        load_rows(conn, "houses", [{"house_code": "34010009999", "geom": point(5, 5)}])
        home = {"code": "K99", "kind": "home", "geom": point(5, 5)}
        load_rows(conn, "care_locations", [home])
    edit(live_town, "01A012", "vacant")
    end = head(live_town)
    with stream(url, since=start, token=public) as events:
        heard = [event["data"] for event in until(events, end)][1:]
    assert [event["layer"] for event in heard] == ["care_locations", "parcels"]
    assert heard[0]["bbox"] is None
    assert heard[0]["n"] is None
    for token, hears in ((carer, False), (admin, True)):
        with stream(url, since=start, token=token) as events:
            heard = [event["data"] for event in until(events, end)][1:]
        assert [event["layer"] for event in heard] == ["houses", "care_locations", "parcels"]
        # a caregiver may be limited to communities, so none hears where a home changed
        assert (heard[1]["bbox"] is not None) is hears
        assert (heard[1]["n"] is not None) is hears


def test_a_stream_ends_within_a_second_of_its_token(url: str, live_town: TownHandle) -> None:
    with live_town.connect(Machine.SERVICE) as conn:
        info, token = new_token(conn, Role.STAFF, "soon gone", 1)
    start = head(live_town)
    with stream(url, token=token) as events:
        assert next(events)["event"] == "hello"
        edit(live_town, "01A013", "vacant")
        assert next(events)["data"]["layer"] == "parcels"
        with live_town.connect(Machine.SERVICE) as conn:
            revoke_token(conn, info.id)
        time.sleep(1)
        edit(live_town, "01A014", "vacant")
        left = list(events)
    assert [event["event"] for event in left] == ["refused"]
    assert int(left[0]["id"]) == start + 1, "where to go on from after signing in again"


def test_a_stream_ends_when_what_is_open_changes(url: str, live_town: TownHandle) -> None:
    with live_town.connect(Machine.SERVICE) as conn:
        token = new_token(conn, Role.COORDINATOR, "desk", 1)[1]
    with stream(url, token=token) as events:
        next(events)
        with live_town.connect(Machine.SERVICE) as conn:
            conn.execute(
                "INSERT INTO muang.opening (kind, reason, opened_by) VALUES ('event', 'r', 't')"
            )
        assert [event["event"] for event in events] == ["refused"]


def change(pos: int, layer: str = "parcels") -> Change:
    return Change(pos, layer, "insert", 1, None, datetime.now(UTC))


def test_unknown_layers_are_passed_over() -> None:
    assert told(change(1, "layer_of_yesterday"), Role.ADMIN) == b""
    assert b"id: 1\n" in told(change(1), Role.ADMIN)


def test_a_stream_too_slow_to_follow_is_ended(caller: Caller) -> None:
    slow = Subscription(backlog=3)
    slow.put([change(1), change(2)])
    assert not slow.lost
    slow.put([change(3), change(4)])
    assert slow.lost
    assert caller.run(slow.take(0.01)) == []


def test_a_closed_hub_takes_no_new_streams() -> None:
    hub = LiveHub("postgresql://nowhere")
    with hub.subscribe("a") as early:
        hub.close()
        with hub.subscribe("a") as late:
            assert early.lost
            assert late.lost
            assert hub.streams == 2
    assert hub.streams == 0


def test_a_caller_holds_so_many_streams_and_all_callers_so_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(live_hub, "MOST_STREAMS", 5)
    hub = LiveHub("postgresql://nowhere")
    with ExitStack() as one, ExitStack() as other:
        for _ in range(2):
            one.enter_context(hub.subscribe("account:1", most=2))
        with pytest.raises(TooManyRequestsError) as refused, hub.subscribe("account:1", most=2):
            pass
        assert refused.value.facts["seconds"] == live_hub.COME_BACK_SECONDS
        for n in range(3):
            other.enter_context(hub.subscribe(f"address:{n}", most=2))
        with pytest.raises(UnavailableError), hub.subscribe("account:2", most=2):
            pass
        one.close()
        with hub.subscribe("account:1", most=2):
            assert hub.streams == 4
    assert hub.streams == 0
    assert not hub._of, "callers who went are forgotten"


@pytest.mark.parametrize(
    "case",
    [
        ("MOST_OF_A_PERSON", Role.STAFF, 429),
        ("MOST_OF_AN_ADDRESS", None, 429),
        ("MOST_STREAMS", Role.STAFF, 503),
    ],
)
def test_one_stream_too_many_is_refused_with_a_sentence(
    caller: Caller, tokens: dict[Role, str], case: tuple[str, Role | None, int]
) -> None:
    most, role, status = case
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(live_hub if most == "MOST_STREAMS" else live, most, 0)
        answer = caller.get("/live?lang=en", tokens[role] if role else NOBODY)
    assert answer.status_code == status
    assert answer.headers["retry-after"] == "30"
    assert answer.headers["content-type"] == "application/problem+json"
    assert "live" in answer.json()["detail"]
    house: House = caller.app.state.house
    assert house.hub.streams == 0


def test_a_stream_gives_its_place_back(url: str, live_town: TownHandle) -> None:
    """More streams one after the other than one may hold at once."""
    with live_town.connect(Machine.SERVICE) as conn:
        token = new_token(conn, Role.STAFF, "many", 1)[1]
    with ExitStack() as held:
        # kept: a stream whose generator is forgotten is closed
        streams = [
            held.enter_context(stream(url, token=token)) for _ in range(live_hub.MOST_OF_A_PERSON)
        ]
        assert {next(events)["event"] for events in streams} == {"hello"}
        refused = httpx.get(
            f"{url}/live", headers={"Authorization": f"Bearer {token}"}, trust_env=False
        )
        assert refused.status_code == 429
        assert int(refused.headers["retry-after"]) > 0
        with stream(url) as somebody_else:
            assert next(somebody_else)["event"] == "hello"
    until_free = time.monotonic() + 20
    while time.monotonic() < until_free:
        headers = {"Authorization": f"Bearer {token}"}
        with httpx.stream("GET", f"{url}/live", headers=headers, trust_env=False) as again:
            if again.status_code == 200:
                break
        time.sleep(0.2)
    assert again.status_code == 200


def test_a_replay_ends_with_the_right_to_hear_it(
    caller: Caller, tiny_town: TownHandle, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between two batches of what was missed the caller is looked at again."""
    monkeypatch.setattr(live, "BATCH", 1)
    house: House = caller.app.state.house
    standings = iter([live.Standing.GOOD, live.Standing.REFUSED])

    class Revoked(live._Listener):
        async def standing(self) -> live.Standing:
            return next(standings)

    listener = Revoked(house, Viewer(Role.PUBLIC, "public", "address:x"), None)

    async def replay() -> list[bytes]:
        with house.hub.subscribe("address:x") as stream:
            now = head(tiny_town)
            return [e async for e in live._events(house, stream, listener, now - 3, now)]

    hello, first, last = caller.run(replay())
    assert b"event: hello" in hello
    assert b"event: refused" not in first
    assert last.startswith(b"event: refused")


def test_head_of_the_stream_is_refused(caller: Caller) -> None:
    assert caller.ask("HEAD", "/live").status_code == 405


def test_heartbeats_stop_while_the_database_is_away(
    caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Silence must never look like calm: no heartbeat unless the database was just heard."""
    monkeypatch.setattr(live, "HEARTBEAT_SECONDS", 0.02)
    house: House = caller.app.state.house
    nobody = live._Listener(house, Viewer(Role.PUBLIC, "public", "address:x"), None)

    async def frames(count: int) -> list[bytes]:
        with house.hub.subscribe("address:x") as stream:
            events = live._events(house, stream, nobody, None, 10_000_000)
            try:
                return [await anext(events) for _ in range(count)]
            finally:
                await events.aclose()

    hello, beat, again = caller.run(frames(3))
    assert b"event: hello\nid: 10000000\n" in hello
    assert beat.startswith(b"event: heartbeat\nid: 10000000\n")
    assert again.startswith(b"event: heartbeat\n")
    monkeypatch.setattr(live, "_STALE_SECONDS", -1.0)
    _, quiet = caller.run(frames(2))
    assert quiet.startswith(b": waiting for the database")


def test_sigterm_ends_with_streams_open(own_tiny_town: TownHandle, dashboard: Path) -> None:
    """The hub closes its streams by itself: nothing has to be killed and nothing is left."""
    with server(own_tiny_town, dashboard) as running, stream(running.url) as events:
        next(events)
        running.process.send_signal(signal.SIGTERM)
        assert list(events) == []
        assert running.process.wait(timeout=20) == 0
        assert "graceful shutdown exceeded" not in running.log()
        assert "GET /live 200" in running.log()
        with pytest.raises(ProcessLookupError):
            os.killpg(running.process.pid, 0)
