"""Caches and streams: nothing remembered is given to somebody else, or to the same one later."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import httpx
import pytest

from api.verification import STALE_SECONDS
from db.connect import Machine
from db.tokens import NewToken, TokenInfo, make_token, revoke_token
from layers.catalog import get
from layers.model import Role
from tests.matrix.asking import Asker, Client
from tests.matrix.conftest import Scene
from tests.matrix.drawing import tiles_of
from tests.matrix.seeds import Row, plain
from tests.matrix.views import PEOPLE, Person

Somebody = Callable[[str], Asker]
CARE = "care_locations"
PRIVATE = "private, no-store"


def tile_paths(scene: Scene) -> list[str]:
    """Tiles of layers everybody sees, over a home of each kind and over the parcel."""
    rows = [scene.seeds.row(name) for name in ("home_c1", "home_c2", "facility", "parcels")]
    places = sorted(tiles_of(rows, 13))
    return [
        f"/tiles/{layers}/13/{x}/{y}.mvt" for layers in (CARE, f"parcels,{CARE}") for x, y in places
    ]


def test_no_tag_of_another_confirms_what_differs(scene: Scene) -> None:
    """304 only where the very same bytes would have come; in and out of an event, all pairs."""
    paths = tile_paths(scene)
    known: dict[str, list[tuple[str, bytes]]] = {path: [] for path in paths}
    own: dict[tuple[str, str], tuple[str, bytes]] = {}
    for person in PEOPLE:
        asker = scene.asker(person)
        for path in paths:
            reply = asker.get(path, (200, 204))
            own[person.name, path] = (reply.headers["etag"], reply.content)
            known[path].append(own[person.name, path])
    assert len({tag for tag, _ in known[paths[0]]}) > 3, "the tags must differ at all"
    # backwards: the event of the last ones is still the same one
    for person in reversed(PEOPLE):
        asker = scene.asker(person)
        for path in paths:
            tag, content = own[person.name, path]
            assert asker.get(path, 304, headers={"If-None-Match": tag}).content == b""
            others = [other for other, told in known[path] if told != content]
            assert tag not in others, (person.name, path)
            listed = ", ".join(others) or '"none"'
            again = asker.get(path, (200, 204), headers={"If-None-Match": listed})
            assert again.content == content, (person.name, path)


@pytest.mark.parametrize("person", PEOPLE, ids=lambda person: person.name)
def test_what_is_beyond_public_is_kept_nowhere(scene: Scene, person: Person) -> None:
    """An answer that differs from everybody's is not to be stored; everybody's may be."""
    nobody = scene.asker(PEOPLE[0])
    asker = scene.asker(person)
    for layer in asker.view.layers():
        path = f"/ogc/collections/{layer.id}/items"
        told = asker.get(path, params={"limit": "100"})
        public = nobody.client.send("GET", path, params={"limit": "100"})
        same = public.status_code == 200 and _rows(public) == _rows(told)
        assert same or told.headers["cache-control"] == PRIVATE, layer.id
        assert "Authorization" in told.headers["vary"]
        assert "Cookie" in told.headers["vary"]
    if person.homes:
        for path in tile_paths(scene):
            assert asker.get(path, (200, 204)).headers["cache-control"] == PRIVATE


def _rows(reply: httpx.Response) -> Any:
    return reply.json()["features"]


@pytest.mark.parametrize("path", ["/ogc/collections/parcels/items", "/tiles/parcels/{}.mvt"])
@pytest.mark.parametrize("form", ["filter", "equality"])
def test_asking_by_a_hidden_field_is_kept_nowhere(
    scene: Scene, somebody: Somebody, path: str, form: str
) -> None:
    """Which parcels somebody owns is told by the codes alone, when the owner was asked for."""
    staff = somebody("staff")
    row = scene.seeds.row("parcels")
    (place,) = tiles_of([row], 16)
    owner = row.values["owner_name"]
    quoted = owner.replace("'", "''")
    params = {"filter": f"owner_name = '{quoted}'"}
    if "items" in path:
        params = params if form == "filter" else {"owner_name": owner}
        params["properties"] = "code"
    reply = staff.get(path.format(f"16/{place[0]}/{place[1]}"), params=params)
    assert reply.headers["cache-control"] == PRIVATE


def test_stored_answers_stay_with_whoever_may_still_have_them(
    scene: Scene, somebody: Somebody
) -> None:
    """Another scope, another crew, an event that is over: the answer is none."""
    pairs = (
        ("care", ("care_c1", "care_c2", "care_nowhere")),
        ("care_c1", ("care", "care_c2", "care_nowhere")),
        ("team_sent", ("team_idle",)),
        ("coordinator_event", ("coordinator",)),
        ("coordinator", ("coordinator_event",)),
    )
    asked = {"flood": {"zone_ids": "all"}, "layers": [CARE]}
    for giver, takers in pairs:
        path = "/queries/answers/" + _ask(somebody(giver), asked)
        somebody(giver).client.send("GET", path, headers=somebody(giver).headers)
        for taker in takers:
            asker = somebody(taker)
            reply = asker.client.send("GET", path, headers=asker.headers)
            assert reply.status_code == 404, (giver, taker)


def _ask(asker: Asker, asked: dict[str, Any]) -> str:
    reply = asker.client.send("POST", "/queries/impact", headers=asker.headers, json=asked)
    assert reply.status_code == 200
    return str(reply.json()["id"])


def new_token(scene: Scene, **more: Any) -> tuple[TokenInfo, str]:
    """A care token of the test's own."""
    with scene.town.connect(Machine.SERVICE) as conn:
        return make_token(conn, NewToken(Role.CARE, "of one test", 1, **more))


def test_nothing_cached_outlives_a_token(scene: Scene, somebody: Somebody) -> None:
    """Revoked: refused within a second on every path, with a tag that was good, too."""
    assert STALE_SECONDS < 1
    info, token = new_token(scene)
    client, headers = scene.client, {"Authorization": f"Bearer {token}"}
    answer = client.send(
        "POST", "/queries/impact", headers=headers, json={"flood": {"zone_ids": "all"}}
    )
    paths = [
        *tile_paths(scene),
        *(f"/queries/answers/{answer.json()['id']}", "/me", "/styles/town.json"),
        *(f"/tiles/{CARE}.json", f"/ogc/collections/{CARE}/items", "/ogc/collections"),
        *(f"/ogc/collections/{CARE}", f"/ogc/collections/{CARE}/schema"),
        *(f"/ogc/collections/{CARE}/items/{scene.seeds.row('home_c1').id}", "/ogc/"),
    ]
    tags = {}
    for path in paths:
        reply = client.send("GET", path, headers=headers)
        assert reply.status_code in (200, 204), path
        tags[path] = reply.headers.get("etag", "*")
    with scene.town.connect(Machine.SERVICE) as conn:
        revoke_token(conn, info.id)
    client.caller.run(asyncio.sleep(STALE_SECONDS))
    for path in paths:
        reply = client.send("GET", path, headers={**headers, "If-None-Match": tags[path]})
        assert reply.status_code == 401, path
        assert reply.headers["cache-control"] == "no-store"
    refused = client.send("POST", "/queries/impact", headers=headers, json={"flood": {}})
    assert refused.status_code == 401


STATEMENTS = {
    "revoked": "UPDATE muang.api_token SET revoked_at = now() WHERE id = %s",
    "expired": "UPDATE muang.api_token SET expires_at = now() WHERE id = %s",
    "narrowed": "UPDATE muang.api_token SET communities = '{C2}' WHERE id = %s",
    "demoted": "UPDATE muang.api_token SET role = 'analyst' WHERE id = %s",
}


@pytest.mark.parametrize("change", STATEMENTS)
def test_an_open_stream_ends_with_the_right_to_it(scene: Scene, change: str) -> None:
    info, token = new_token(scene)
    said, ended = scene.client.caller.run(
        _stream_until_the_end(scene, token, lambda: scene.run(STATEMENTS[change], [info.id]))
    )
    assert ended, "the stream went on"
    assert said.count(b"event: refused\n") == 1
    assert said.endswith(b"\n\n")


async def _stream_until_the_end(
    scene: Scene, token: str, change: Callable[[], None]
) -> tuple[bytes, bool]:
    said, begun = bytearray(), asyncio.Event()

    async def send(message: Any) -> None:
        said.extend(message.get("body", b""))
        if b"event: hello" in said:
            begun.set()

    given = iter([{"type": "http.request", "body": b"", "more_body": False}])

    async def receive() -> Any:
        return next(given, None) or await asyncio.Event().wait()

    client: Client = scene.client
    scope = _scope({"Authorization": f"Bearer {token}"})
    task = asyncio.create_task(client.caller.app(scope, receive, send))
    await asyncio.wait_for(begun.wait(), 10)
    await asyncio.to_thread(change)
    done, _ = await asyncio.wait([task], timeout=5)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    return bytes(said), bool(done)


def _scope(shown: dict[str, str]) -> dict[str, Any]:
    headers = {"host": "127.0.0.1", **shown}
    return {
        "type": "http",
        "method": "GET",
        "path": "/live",
        "raw_path": b"/live",
        "query_string": b"",
        "headers": [(k.lower().encode(), v.encode()) for k, v in headers.items()],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 8000),
        "scheme": "http",
    }


def test_a_scope_takes_effect_on_a_known_token(scene: Scene) -> None:
    """Narrowed to a community: the other homes are gone from tiles and items within a second."""
    info, token = new_token(scene)
    headers = {"Authorization": f"Bearer {token}"}
    path = f"/ogc/collections/{CARE}/items"
    codes = {name: plain(scene.seeds.row(name).values["code"]) for name in ("home_c1", "home_c2")}

    def seen() -> set[str]:
        told = scene.client.send("GET", path, headers=headers).json()["features"]
        found = {feature["properties"]["code"] for feature in told}
        return {name for name, code in codes.items() if code in found}

    assert seen() == {"home_c1", "home_c2"}
    scene.run(STATEMENTS["narrowed"], [info.id])
    scene.client.caller.run(asyncio.sleep(STALE_SECONDS))
    assert seen() == {"home_c2"}
    assert get(CARE).row_rules


def test_open_streams_hear_of_a_home_no_more_than_they_may(
    scene: Scene, somebody: Somebody
) -> None:
    """A change while streams are open: who sees every row learns where, the others only that."""
    row = scene.seeds.row("home_c2")
    names = ("nobody", "staff", "care_c1", "care", "team_idle", "coordinator", "admin_session")
    askers = [somebody(name) for name in names]
    said = scene.client.caller.run(_hear(scene, askers, lambda: _touch(scene, row)))
    for asker, heard in zip(askers, said, strict=True):
        asker.inspect(heard)
        assert '"layer":"care_locations"' in heard.text, asker.view.person.name
        whole = asker.view.role is Role.ADMIN
        assert ('"bbox":null' not in heard.text) == whole, asker.view.person.name


def _touch(scene: Scene, row: Row) -> None:
    """Write the row's own values again, as whoever wrote them first."""
    with scene.town.connect(Machine.LOADER) as conn:
        actor = f"เจ้าหน้าที่ {row.tokens['updated_by']}"
        conn.execute("SELECT set_config('muang.actor', %s, true)", [actor])
        conn.execute("UPDATE town.care_locations SET kind = kind WHERE id = %s", [row.id])


async def _hear(
    scene: Scene, askers: list[Asker], change: Callable[[], None]
) -> list[httpx.Response]:
    """What open streams say of a change."""
    texts = [bytearray() for _ in askers]
    heads: dict[int, Any] = {}
    begun = [asyncio.Event() for _ in askers]
    told = [asyncio.Event() for _ in askers]

    async def listen(place: int, headers: dict[str, str]) -> None:
        async def send(message: Any) -> None:
            if message["type"] == "http.response.start":
                heads[place] = message["headers"]
            texts[place].extend(message.get("body", b""))
            if b"event: hello" in texts[place]:
                begun[place].set()
            if b"event: change" in texts[place] and texts[place].endswith(b"\n\n"):
                told[place].set()

        given = iter([{"type": "http.request", "body": b"", "more_body": False}])

        async def receive() -> Any:
            return next(given, None) or await asyncio.Event().wait()

        await scene.client.caller.app(_scope(headers), receive, send)

    tasks = [asyncio.create_task(listen(n, asker.headers)) for n, asker in enumerate(askers)]
    await asyncio.wait_for(asyncio.gather(*(each.wait() for each in begun)), 20)
    await asyncio.to_thread(change)
    await asyncio.wait_for(asyncio.gather(*(each.wait() for each in told)), 20)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    request = httpx.Request("GET", "http://127.0.0.1:8000/live")
    return [
        httpx.Response(200, headers=heads[place], content=bytes(text), request=request)
        for place, text in enumerate(texts)
    ]


def test_an_answer_tells_nothing_of_the_moment_a_home_changed(
    scene: Scene, somebody: Somebody
) -> None:
    """The same answer, but for its number and hours, before and after a change one may not see."""
    asked = {"flood": {"zone_ids": "all"}, "layers": [CARE]}
    for name in ("nobody", "staff", "care_c1", "team_idle", "coordinator"):
        asker = somebody(name)
        before, after = (_answer(scene, asker, asked, change) for change in (False, True))
        assert before == after, name


def _answer(scene: Scene, asker: Asker, asked: dict[str, Any], change: bool) -> dict[str, Any]:
    if change:
        _touch(scene, scene.seeds.row("home_c2"))
        with scene.town.connect(Machine.SERVICE) as conn:
            conn.execute("SELECT muang.number_changes()")
    told: dict[str, Any] = asker.ask("POST", "/queries/impact", json=asked).json()
    itself = ("id", "computed_at", "computing_ms")
    return {name: value for name, value in told.items() if name not in itself}
