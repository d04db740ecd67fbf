"""Tiles of a served town while it is edited, and while what tells of edits is ended.

Every request sent a second after a commit must show it, whatever happens to the listener, the
sequencer or the whole database meanwhile: that is what the server promises, so it is asked here
by the clock of the commit and never by how long anything took.
"""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.live_hub import SILENCE_SECONDS
from db.connect import Machine, connect_admin
from layers.catalog import LAYERS
from layers.model import Role
from layers.privacy import may_see
from tests.api.conftest import a_token
from tests.api.places import tile_at
from tests.api.running import server, stream
from tests.api.tile_storm import decoded, fresh, head, paths, storm, wait_for
from tests.conftest import TownHandle

PATH = f"/tiles/parcels/{tile_at(17, 50, 50)}.mvt"


class Served:
    """A tiny town of the test's own behind the real server."""

    def __init__(self, town: TownHandle, url: str, tokens: dict[Role, str]) -> None:
        self.town = town
        self.url = url
        self.tokens = tokens
        self.client = httpx.Client(base_url=url, trust_env=False, timeout=30)

    def get(
        self, path: str, role: Role = Role.STAFF, headers: dict[str, str] | None = None
    ) -> httpx.Response:
        told = {"Authorization": f"Bearer {self.tokens[role]}", **(headers or {})}
        reply = self.client.get(path, headers=told)
        assert reply.status_code in (200, 204, 304), reply.text
        return reply

    def numbers(self) -> dict[str, Any]:
        found: dict[str, Any] = self.client.get("/readyz").json()["tiles"]
        return found

    def use(self) -> str:
        """What the tile says of the parcel in the town's corner."""
        features = decoded(self.get(PATH).content)["parcels"]["features"]
        return next(one["properties"]["use"] for one in features if one["id"] == self.corner)

    @property
    def corner(self) -> int:
        with self.town.connect(Machine.LOADER) as conn:
            row = conn.execute("SELECT id FROM town.parcels WHERE code = '01A000'").fetchone()
        assert row is not None
        return int(str(row[0]))

    def edit(self, use: str) -> None:
        """Change the corner's parcel the way a clerk in psql would."""
        with self.town.connect(Machine.LOADER) as conn:
            conn.execute("UPDATE town.parcels SET use = %s WHERE code = '01A000'", [use])

    def is_kept(self) -> bool:
        """Whether the corner's tile comes out of the cache."""
        before = self.numbers()["hits"]
        self.get(PATH)
        return bool(self.numbers()["hits"] > before)

    def end_backends(self, name: str = "%") -> int:
        """End the town's connections to the database, or those of a name; tells how many."""
        statement = """
        SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid()
            AND application_name LIKE %s
        """
        with connect_admin(self.town.server_url, self.town.town_id) as conn:
            return len(conn.execute(statement, [name]).fetchall())

    def shows_for_a_while(self, use: str, committed: float, seconds: float = 3) -> None:
        """No request sent a second after the commit sees anything older."""
        while time.monotonic() < committed + seconds:
            sent = time.monotonic()
            try:
                seen = self.use()
            except (AssertionError, httpx.TransportError):
                continue  # 503 while the database is away is no stale tile
            assert seen == use or sent < committed + SILENCE_SECONDS


@pytest.fixture
def served(own_tiny_town: TownHandle, dashboard: Path) -> Iterator[Served]:
    with own_tiny_town.connect(Machine.SERVICE) as conn:
        tokens = {role: a_token(conn, role, f"fresh {role}") for role in Role}
    with server(own_tiny_town, dashboard) as running:
        made = Served(own_tiny_town, running.url, tokens)
        wait_for(made.is_kept)
        yield made
        made.client.close()


def test_one_edit_is_one_event_one_changed_tile_and_a_neighbour_still_304(served: Served) -> None:
    near = PATH
    far = f"/tiles/parcels/{tile_at(17, 950, 950)}.mvt"
    tags = {path: served.get(path).headers["etag"] for path in (near, far)}
    assert decoded(served.get(far).content)["parcels"]["features"]
    before = decoded(served.get(near).content)
    start = head(served.town)
    with stream(served.url, token=served.tokens[Role.STAFF]) as events:
        assert next(events)["event"] == "hello"
        served.edit("vacant")
        change = next(events)
        # whoever hears of a change gets the new tile at once, by whatever tag they hold
        again = served.get(near, headers={"If-None-Match": tags[near]})
        assert again.status_code == 200
        same = served.get(far, headers={"If-None-Match": tags[far]})
        assert same.status_code == 304
        assert same.content == b""
    assert (change["data"]["layer"], change["data"]["pos"]) == ("parcels", start + 1)
    assert head(served.town) == start + 1
    after = decoded(again.content)
    corner = served.corner
    changed = [
        new["id"]
        for old, new in zip(
            before["parcels"]["features"], after["parcels"]["features"], strict=True
        )
        if old != new
    ]
    assert changed == [corner]
    assert after == fresh(served.town, Role.STAFF, near)


def test_a_label_in_another_tile_changes_with_its_area(served: Served) -> None:
    """The name of a community stands in one tile; the edit touches only its row."""
    z = 17
    tiles = sorted({tile_at(z, x, y) for x in range(0, 500, 50) for y in range(0, 1000, 50)})
    all_paths = [f"/tiles/communities/{tile}.mvt" for tile in tiles]

    def named() -> dict[str, str]:
        return {
            path: feature["properties"]["name"]
            for path in all_paths
            for feature in decoded(served.get(path).content).get(
                "communities_label", {"features": []}
            )["features"]
        }

    (place,) = (path for path, name in named().items() if name == "ชุมชนแก่งสะพือ")
    with stream(served.url, token=served.tokens[Role.STAFF]) as events:
        next(events)
        with served.town.connect(Machine.LOADER) as conn:
            conn.execute("UPDATE town.communities SET name = 'ใหม่' WHERE code = 'C1'")
        next(events)
        assert named()[place] == "ใหม่"


def test_a_tile_kept_for_one_role_is_given_to_no_other(served: Served) -> None:
    """Every layer, every role, asked in both orders: just what is drawn for that role alone."""
    z = 14
    tags: dict[tuple[Role, str], str] = {}
    asked = [layer for layer in LAYERS if layer.geometry is not None]
    for roles in (list(Role), list(reversed(Role))):
        for layer in asked:
            for names in (layer.id, f"parcels,{layer.id}"):
                path = f"/tiles/{names}/{tile_at(z)}.mvt"
                for role in roles:
                    if not may_see(layer, role) or not layer.zooms.min <= z <= layer.zooms.max:
                        continue
                    reply = served.get(path, role)
                    assert decoded(reply.content) == fresh(served.town, role, path), (path, role)
                    tags[role, path] = reply.headers["etag"]
    for path in {path for _, path in tags}:
        own = [tag for (_, of), tag in tags.items() if of == path]
        assert len(set(own)) == len(own), "no role's tag confirms another's tile"
    assert served.numbers()["hits"] > len(tags) // 2


def test_a_killed_listener_leaves_no_stale_tile(served: Served) -> None:
    for use in ("vacant", "commercial"):
        assert served.end_backends("muang listener") == 1
        served.edit(use)
        served.shows_for_a_while(use, time.monotonic())
        wait_for(served.is_kept)
        assert served.use() == use


def test_a_listener_that_stands_still_leaves_no_stale_tile(served: Served) -> None:
    """Its look at the changes waits for a lock that somebody gets as soon as the edit is in."""
    with (
        served.town.connect(Machine.LOADER) as clerk,
        connect_admin(served.town.server_url, served.town.town_id, autocommit=False) as lock,
        ThreadPoolExecutor(1) as pool,
    ):
        clerk.execute("UPDATE town.parcels SET use = 'vacant' WHERE code = '01A000'")
        locked = pool.submit(lock.execute, "LOCK TABLE muang.layer_change IN ACCESS EXCLUSIVE MODE")
        wait_for(lambda: not served.numbers()["fresh"])
        clerk.commit()
        committed = time.monotonic()
        locked.result(30)
        served.shows_for_a_while("vacant", committed)
        lock.rollback()
    wait_for(served.is_kept)
    assert served.use() == "vacant"


def test_a_killed_sequencer_leaves_no_stale_tile(served: Served) -> None:
    for use in ("vacant", "commercial"):
        assert served.end_backends("muang sequencer") == 1
        served.edit(use)
        served.shows_for_a_while(use, time.monotonic())
        wait_for(served.is_kept)
        assert served.use() == use


def test_committed_changes_nobody_numbers_are_seen_all_the_same(served: Served) -> None:
    """The lock of whoever numbers is taken: nothing is told, and so nothing kept is given."""
    start = head(served.town)
    before = served.numbers()["bypasses"]
    with served.town.connect(Machine.SERVICE) as conn:
        conn.execute("SELECT pg_advisory_xact_lock(7214001)")
        served.edit("vacant")
        served.shows_for_a_while("vacant", time.monotonic())
        assert not served.numbers()["fresh"]
        assert served.numbers()["bypasses"] > before
        row = conn.execute("SELECT muang.current_pos()").fetchone()
        assert row == (start,)
        conn.rollback()
    wait_for(served.is_kept)
    assert served.use() == "vacant"
    assert head(served.town) == start + 1


def test_a_database_that_drops_everybody_leaves_no_stale_tile(served: Served) -> None:
    for use in ("vacant", "commercial"):
        assert served.end_backends() > 1
        served.edit(use)
        committed = time.monotonic()
        served.end_backends()
        served.shows_for_a_while(use, committed)
        wait_for(lambda: bool(served.numbers()["fresh"]))
        wait_for(served.is_kept)
        assert served.use() == use


@contextmanager
def as_admin(town: TownHandle) -> Iterator[Any]:
    with connect_admin(town.server_url, town.town_id) as conn:
        yield conn


def test_a_view_made_anew_drops_what_was_read_through_it(served: Served) -> None:
    """The role's rows shrink by a statement nobody logs: the kept tile goes within a second."""
    corner = served.corner
    with as_admin(served.town) as conn:
        views = conn.execute(
            "SELECT c.oid::regclass::text, pg_get_viewdef(c.oid) FROM pg_class AS c"
            " WHERE c.relnamespace = 'as_staff'::regnamespace AND c.relname LIKE 'parcels%'"
        ).fetchall()
        for name, text in views:
            shrunk = f"CREATE OR REPLACE VIEW {name} AS {text.rstrip().rstrip(';')} WHERE false"
            conn.execute(shrunk.encode())
    time.sleep(SILENCE_SECONDS)
    assert served.get(PATH).status_code == 204
    assert corner in {
        one["id"] for one in decoded(served.get(PATH, Role.PUBLIC).content)["parcels"]["features"]
    }


def test_what_is_granted_no_more_is_not_kept_either(served: Served) -> None:
    with as_admin(served.town) as conn:
        login = f'"muang_{served.town.town_id}_staff"'
        conn.execute(f"REVOKE ALL ON ALL TABLES IN SCHEMA as_staff FROM {login}".encode())
    time.sleep(SILENCE_SECONDS)
    told = {"Authorization": f"Bearer {served.tokens[Role.STAFF]}"}
    assert served.client.get(PATH, headers=told).status_code in (403, 404, 500, 503)


@pytest.mark.slow
def test_writers_and_readers_at_once(served: Served) -> None:
    """8 writers, 20 readers: then every tile is as drawn afresh, and the stream told it all."""
    found = storm(served.town, served.url, served.tokens, lambda count: count >= 40)
    assert found.edits == 8 * 40
    assert found.heard == list(range(found.began_at + 1, found.ended_at + 1))
    wait_for(lambda: bool(served.numbers()["fresh"]))
    kept = served.numbers()["hits"]
    for role in (Role.PUBLIC, Role.STAFF):
        for path in paths():
            assert decoded(served.get(path, role).content) == fresh(served.town, role, path), path
    assert served.numbers()["hits"] > kept
    assert served.numbers()["dropped"] > 100
