"""The tile cache by itself: what it keeps, what it drops, and what it must never give."""

import asyncio
import math
from collections.abc import Coroutine
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api import tile_cache
from api.tile_address import Tile, TileAddress
from api.tile_cache import Begun, Drawn, Keys, TileCache
from api.tile_forms import Form, best_form, packed, unpacked
from api.tile_plan import TilePlan, given_in, plan
from api.tile_reach import place_of
from db.changes import Box, Change
from layers.catalog import LAYERS
from layers.model import Role
from layers.privacy import may_see, scope_of

EVERYWHERE: Box = (-180.0, -90.0, 180.0, 90.0)
Z14 = Tile(14, 12985, 7540)
BIG = b"abcdefgh" * 200


def asked(
    names: str = "parcels", tile: Tile = Z14, role: Role = Role.PUBLIC, query: str = ""
) -> TilePlan:
    return plan(TileAddress(tuple(names.split(",")), tile), given_in(query.encode()), role)


def box_of(tile: Tile, *, share: float = 0.25) -> Box:
    """A small box in the middle of a tile."""
    side = 1 << tile.z

    def lat(down: float) -> float:
        return math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * down / side))))

    west, east = ((tile.x + 0.5 + way * share) / side * 360 - 180 for way in (-1, 1))
    north, south = (lat(tile.y + 0.5 + way * share) for way in (-1, 1))
    return west, south, east, north


def change(*boxes: Box, layer: str = "parcels", pos: int = 1) -> Change:
    return Change(pos, layer, "update", 1, boxes[0] if boxes else None, datetime.now(UTC), boxes)


class Town:
    """A town whose tiles say its version, drawn when the test lets them be."""

    def __init__(self, most: int = 10_000_000) -> None:
        self.version = 1
        self.drawn: list[TilePlan] = []
        self.fresh = True
        self.now = 1000.0
        self.gate: asyncio.Event | None = None
        self.before: asyncio.Event | None = None
        self.fault: Exception | None = None
        self.cache = TileCache(most, self.draw, lambda: self.fresh, lambda: self.now)

    async def draw(self, wanted: TilePlan, begun: Begun, _keys: Keys) -> bytes:
        if self.before is not None:
            await self.before.wait()
        begun()
        seen = b"%d" % self.version  # the statement's snapshot
        self.drawn.append(wanted)
        if self.gate is not None:
            await self.gate.wait()
        if self.fault is not None:
            raise self.fault
        return seen + BIG

    async def ask(self, wanted: TilePlan) -> Drawn:
        kept = self.cache.kept(wanted.key) if wanted.key else None
        return kept or await self.cache.get(wanted)

    async def says(self, wanted: TilePlan) -> int:
        """The version of the tile somebody gets who asks now."""
        _, body = await self.cache.form(await self.ask(wanted), Form.PLAIN)
        return int(body.removesuffix(BIG))

    def edit(self, *boxes: Box, layer: str = "parcels") -> None:
        """A change, heard at once."""
        self.version += 1
        self.cache.heard([change(*boxes, layer=layer)])


def run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(work, 20))


async def turns(count: int = 10) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


def test_a_tile_is_drawn_once() -> None:
    async def work() -> None:
        town = Town()
        assert [await town.says(asked()) for _ in range(3)] == [1, 1, 1]
        assert len(town.drawn) == 1
        assert (town.cache.numbers.hits, town.cache.numbers.misses) == (2, 1)

    run(work())


def test_who_asks_at_once_shares_one_drawing() -> None:
    async def work() -> None:
        town = Town()
        town.gate = asyncio.Event()
        asking = [asyncio.create_task(town.says(asked())) for _ in range(20)]
        await turns()
        asking[0].cancel()  # who goes away takes nothing from the others
        town.gate.set()
        said = await asyncio.gather(*asking, return_exceptions=True)
        assert said[1:] == [1] * 19
        assert len(town.drawn) == 1
        assert town.cache.numbers.joined == 19

    run(work())


def test_a_fault_reaches_all_and_is_not_kept() -> None:
    async def work() -> None:
        town = Town()
        town.fault = RuntimeError("no")
        said = await asyncio.gather(*(town.says(asked()) for _ in range(3)), return_exceptions=True)
        assert [type(one) for one in said] == [RuntimeError] * 3
        assert len(town.drawn) == 1
        town.fault = None
        assert await town.says(asked()) == 1

    run(work())


def test_a_change_drops_what_it_touches_and_nothing_else() -> None:
    async def work() -> None:
        town = Town()
        inside = [Tile(14, 12985, 7540), Tile(13, 6492, 3770), Tile(15, 25971, 15081)]
        outside = [Tile(14, 12986, 7540), Tile(13, 6493, 3770), Tile(15, 25973, 15081)]
        for tile in inside + outside:
            await town.says(asked(tile=tile))
        await town.says(asked("roads"))
        await town.says(asked("roads,parcels"))
        # the quarter of the tile to the south east of its middle
        west, south, east, north = box_of(Z14)
        town.edit(((west + east) / 2, south, east, (south + north) / 2))
        assert [await town.says(asked(tile=tile)) for tile in inside] == [2, 2, 2]
        assert [await town.says(asked(tile=tile)) for tile in outside] == [1, 1, 1]
        assert await town.says(asked("roads")) == 1
        assert await town.says(asked("roads,parcels")) == 2

    run(work())


def test_old_and_new_place_are_dropped_and_not_what_lies_between() -> None:
    async def work() -> None:
        town = Town()
        row = [Tile(14, 12985 + step, 7540) for step in range(5)]
        for tile in row:
            await town.says(asked(tile=tile))
        town.edit(box_of(row[0]), box_of(row[4]))
        assert [await town.says(asked(tile=tile)) for tile in row] == [2, 1, 1, 1, 2]

    run(work())


def test_a_change_without_a_place_drops_its_layer() -> None:
    async def work() -> None:
        town = Town()
        far = Tile(14, 1, 1)
        for tile in (Z14, far):
            await town.says(asked(tile=tile))
            await town.says(asked("roads", tile))
        town.edit()
        assert [await town.says(asked(tile=tile)) for tile in (Z14, far)] == [2, 2]
        assert [await town.says(asked("roads", tile)) for tile in (Z14, far)] == [1, 1]

    run(work())


@given(
    z=st.integers(0, 18),
    lon=st.floats(-179.9, 179.9),
    lat=st.floats(-84, 84),
    wide=st.floats(0, 0.1),
)
def test_every_tile_that_draws_a_place_is_found(
    z: int, lon: float, lat: float, wide: float
) -> None:
    """Against the definition: tiles whose envelope with 64 of 4096 units around meets the box."""
    side = 1 << z
    found = place_of((lon, lat, lon + wide, lat + wide)).tiles(z)
    across = (lon + 180) / 360 * side, (min(lon + wide, 180) + 180) / 360 * side
    down = [
        (1 - math.log(math.tan(math.pi / 4 + math.radians(at) / 2)) / math.pi) / 2 * side
        for at in (lat + wide, lat)
    ]
    margin = 64 / 4096
    for x in range(found.west - 1, found.east + 2):
        for y in range(found.north - 1, found.south + 2):
            meets = (
                x - margin <= across[1]
                and x + 1 + margin >= across[0]
                and y - margin <= down[1]
                and y + 1 + margin >= down[0]
            )
            listed = found.west <= x <= found.east and found.north <= y <= found.south
            if meets and 0 <= x < side and 0 <= y < side:
                assert listed, (x, y, found)


def test_a_drawing_a_change_touches_is_neither_kept_nor_given_to_later_ones() -> None:
    async def work() -> None:
        town = Town()
        town.gate = asyncio.Event()
        early = asyncio.create_task(town.says(asked()))
        await turns()
        town.edit(box_of(Z14))
        late = asyncio.create_task(town.says(asked()))
        await turns()
        town.gate.set()
        assert (await early, await late) == (1, 2)
        assert await town.says(asked()) == 2
        assert len(town.drawn) == 2
        assert town.cache.numbers.outdated == 1

    run(work())


def test_the_outdated_drawing_that_ends_last_does_not_win() -> None:
    async def work() -> None:
        town = Town()
        slow = town.gate = asyncio.Event()
        early = asyncio.create_task(town.says(asked()))
        await turns()
        town.edit(box_of(Z14))
        town.gate = None
        assert await town.says(asked()) == 2
        slow.set()
        assert await early == 1
        assert await town.says(asked()) == 2

    run(work())


def test_a_drawing_that_waits_for_its_turn_may_be_shared_across_a_change() -> None:
    """Its statement begins after the change was heard, so it sees it."""

    async def work() -> None:
        town = Town()
        town.before = asyncio.Event()
        early = asyncio.create_task(town.says(asked()))
        await turns()
        town.edit(box_of(Z14))
        late = asyncio.create_task(town.says(asked()))
        await turns()
        town.before.set()
        assert (await early, await late, await town.says(asked())) == (2, 2, 2)
        assert len(town.drawn) == 1

    run(work())


def test_while_nothing_is_heard_nothing_kept_is_given_and_nothing_is_kept() -> None:
    async def work() -> None:
        town = Town()
        assert await town.says(asked()) == 1
        town.fresh = False
        town.version = 2  # committed, and nobody says so
        assert [await town.says(asked()) for _ in range(2)] == [2, 2]
        assert town.cache.numbers.bypasses == 2
        town.version = 3
        town.cache.heard([change(box_of(Z14))])
        town.fresh = True
        assert await town.says(asked()) == 3
        assert town.cache.entries == 1

    run(work())


def test_while_nothing_is_heard_only_what_has_not_begun_is_shared() -> None:
    async def work() -> None:
        town = Town()
        town.fresh = False
        first_gate = town.gate = asyncio.Event()
        early = asyncio.create_task(town.says(asked()))
        await turns()
        town.version, town.gate, town.before = 2, None, asyncio.Event()
        late = [asyncio.create_task(town.says(asked())) for _ in range(5)]
        await turns()
        town.before.set()
        assert await asyncio.gather(*late) == [2] * 5
        first_gate.set()
        assert await early == 1
        assert len(town.drawn) == 2

    run(work())


def test_what_was_being_drawn_while_nothing_was_heard_is_outdated_by_what_is_heard_then() -> None:
    async def work() -> None:
        town = Town()
        town.fresh = False
        town.gate = asyncio.Event()
        early = asyncio.create_task(town.says(asked()))
        await turns()
        town.edit(box_of(Z14))
        town.fresh = True
        late = asyncio.create_task(town.says(asked()))
        await turns()
        town.gate.set()
        assert (await early, await late, await town.says(asked())) == (1, 2, 2)

    run(work())


def test_forgetting_outdates_what_is_being_drawn() -> None:
    async def work() -> None:
        town = Town()
        await town.says(asked("roads"))
        town.gate = asyncio.Event()
        early = asyncio.create_task(town.says(asked()))
        await turns()
        town.version = 2
        town.cache.forget()
        assert town.cache.entries == 0
        town.gate.set()
        assert await early == 1
        assert await town.says(asked()) == 2
        assert await town.says(asked("roads")) == 2

    run(work())


def test_memory_is_bounded_and_the_last_asked_stay() -> None:
    async def work() -> None:
        town = Town(most=100_000)
        for x in range(200):
            await town.says(asked(tile=Tile(14, x, 7)))
            await town.says(asked(tile=Tile(14, 0, 7)))
        assert town.cache.size <= 100_000
        assert 10 < town.cache.entries < 100
        drawn = len(town.drawn)
        await town.says(asked(tile=Tile(14, 0, 7)))
        await town.says(asked(tile=Tile(14, 199, 7)))
        assert len(town.drawn) == drawn
        town.edit(EVERYWHERE)
        assert (town.cache.entries, town.cache.size) == (0, 0)
        assert not any(there for zooms in town.cache._places.values() for there in zooms.values())

    run(work())


def test_without_room_every_tile_is_drawn() -> None:
    async def work() -> None:
        town = Town(most=0)
        assert [await town.says(asked()) for _ in range(3)] == [1, 1, 1]
        assert len(town.drawn) == 3
        assert (town.cache.entries, town.cache.size) == (0, 0)

    run(work())


def test_each_form_is_made_once_and_the_plain_one_is_let_go() -> None:
    async def work() -> None:
        town = Town()
        wanted = asked()
        drawn = await town.ask(wanted)
        for form in (Form.GZIP, Form.ZSTD, Form.GZIP, Form.PLAIN):
            sent, body = await town.cache.form(drawn, form)
            assert sent is form
            assert await unpacked(body, sent) == b"1" + BIG
        assert set(drawn.forms) == {Form.GZIP, Form.ZSTD}
        assert town.cache.size == drawn.size < 2000

    run(work())


def test_small_tiles_travel_plain() -> None:
    async def work() -> None:
        drawn = Drawn(asked(), b"small", 0)
        assert await drawn.pack(Form.ZSTD) == (Form.PLAIN, b"small")

    run(work())


@pytest.mark.parametrize(
    ("header", "form"),
    [
        (b"gzip, deflate, br, zstd", Form.ZSTD),
        (b"gzip", Form.GZIP),
        (b"GZIP;q=0.5", Form.GZIP),
        (b"gzip;q=0, identity", Form.PLAIN),
        (b"gzip; q=0.000, zstd", Form.ZSTD),
        (b"*;q=0, gzip", Form.GZIP),
        (b"*", Form.ZSTD),
        (b"*, zstd;q=0", Form.GZIP),
        (b"br", Form.PLAIN),
        (b"", Form.PLAIN),
    ],
)
def test_the_form_is_the_one_asked_for(header: bytes, form: Form) -> None:
    assert best_form(header) is form


@given(st.binary(max_size=100_000), st.sampled_from(list(Form)), st.booleans())
def test_packing_loses_nothing(body: bytes, form: Form, kept: bool) -> None:
    async def work() -> None:
        assert await unpacked(await packed(body, form, kept=kept), form) == body

    run(work())


def test_the_key_tells_apart_all_that_gives_other_bytes() -> None:
    same = {
        asked("parcels,roads").key,
        asked("roads,parcels").key,
        asked("roads,parcels,roads").key,
    }
    assert len(same) == 1
    filtered = "filter=use='vacant'"
    tiles = (Z14, Tile(14, 12985, 7541), Tile(15, 12985, 7540))
    keys = [
        *(asked(tile=tile).key for tile in tiles),
        *(asked(role=role).key for role in (Role.STAFF, Role.ADMIN, Role.ANALYST)),
        asked("roads").key,
        *same,
        asked(query=filtered).key,
        asked(query="filter=use='office'").key,
        asked(query=filtered, role=Role.STAFF).key,
    ]
    assert None not in keys
    assert len(set(keys)) == len(keys)
    assert asked(query=f"{filtered}&lang=en").key == asked(query="filter=use%3D%27vacant%27").key


def test_what_is_about_persons_is_never_kept() -> None:
    for role in Role:
        for layer in LAYERS:
            if layer.geometry is None or not may_see(layer, role):
                continue
            kept = asked(layer.id, role=role).key is not None
            assert not (kept and scope_of(layer, role)), (layer.id, role)
    carers = (Role.CARE, Role.TEAM, Role.COORDINATOR, Role.ADMIN)
    assert [asked("care_locations", role=role).key for role in carers] == [None] * 4
    assert asked("parcels,care_locations", role=Role.ADMIN).key is None
    assert asked("care_locations").key is not None
    assert asked(query="filter=owner_name='x'", role=Role.STAFF).key is None
    assert asked(query="filter=code='x'", role=Role.STAFF).key is not None


def test_nothing_personal_is_drawn_for_two() -> None:
    async def work() -> None:
        town = Town()
        wanted = asked("care_locations", role=Role.CARE)
        await asyncio.gather(*(town.says(wanted) for _ in range(3)))
        assert len(town.drawn) == 3
        assert town.cache.entries == 0

    run(work())


async def settled(town: Town) -> None:
    """Return when nothing waits to be drawn again and nothing is being drawn."""
    # the cache tells nobody that it is at rest
    while town.cache.waiting or town.cache.drawing:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    await turns()


def test_dropped_tiles_in_use_are_drawn_again_by_themselves() -> None:
    async def work() -> None:
        town = Town()
        old, new = Tile(14, 1, 1), Tile(14, 2, 2)
        await town.cache.form(await town.ask(asked(tile=old)), Form.GZIP)
        town.now += tile_cache.IN_USE_SECONDS + 1
        await town.cache.form(await town.ask(asked(tile=new)), Form.GZIP)
        painting = asyncio.create_task(town.cache.keep_drawn())
        town.edit(EVERYWHERE)
        await settled(town)
        kept = town.cache.tiles()
        assert [drawn.plan.tile for drawn in kept] == [new]
        assert set(kept[0].forms) == {Form.GZIP}, "in the form it was asked for"
        assert town.cache.numbers.drawn_again == 1
        # being drawn by itself does not count as being asked for
        town.now += tile_cache.IN_USE_SECONDS + 1
        town.edit(EVERYWHERE)
        await settled(town)
        assert town.cache.entries == 0
        painting.cancel()

    run(work())


def test_requests_come_before_what_is_drawn_by_itself() -> None:
    async def work() -> None:
        town = Town()
        for x in range(5):
            await town.says(asked(tile=Tile(14, x, 1)))
        town.gate = asyncio.Event()
        waiting = [asyncio.create_task(town.says(asked(tile=Tile(14, x, 9)))) for x in range(5)]
        await turns()
        painting = asyncio.create_task(town.cache.keep_drawn())
        drawn = len(town.drawn)
        town.edit(box_of(Tile(5, 0, 0), share=0.6))
        await asyncio.sleep(0.2)
        assert len(town.drawn) == drawn, "nothing is drawn while requests wait"
        town.gate.set()
        await asyncio.gather(*waiting)
        await settled(town)
        assert town.cache.numbers.drawn_again >= 5
        painting.cancel()

    run(work())


def test_a_tile_edited_again_while_it_is_drawn_by_itself_is_drawn_once_more() -> None:
    async def work() -> None:
        town = Town()
        await town.says(asked())
        town.gate = asyncio.Event()
        painting = asyncio.create_task(town.cache.keep_drawn())
        town.edit(box_of(Z14))
        await asyncio.sleep(0.05)
        town.edit(box_of(Z14))
        town.gate.set()
        await settled(town)
        assert town.cache.entries == 1
        drawn = len(town.drawn)
        assert await town.says(asked()) == 3
        assert len(town.drawn) == drawn
        painting.cancel()

    run(work())


def test_a_burst_is_one_drop_for_each_tile() -> None:
    """10,000 edits of a town of 400 tiles: 400 drops, and as many drawings at most."""

    async def work() -> None:
        town = Town()
        tiles = [Tile(14, 12980 + x, 7530 + y) for x in range(20) for y in range(20)]
        for tile in tiles:
            await town.says(asked(tile=tile))
        for start in range(0, 10_000, 1000):
            town.cache.heard(
                [change(box_of(tiles[i % 400]), pos=i) for i in range(start, start + 1000)]
            )
        assert town.cache.numbers.dropped == 400
        assert town.cache.entries == 0
        assert town.cache.waiting == 400

    run(work())
