"""Tiles kept in this process, right within a second of any edit whoever made it.

A tile is kept until a change of one of its layers touches its place; then it is dropped, and
drawn again in the background when somebody asked for it lately. Nothing is kept, and nothing
kept is given, while the changes are not surely heard.

Two rules make that right. What is drawn is known here from before its statement begins until it
is kept: a change heard meanwhile either finds it drawing, and then it is not kept and nobody who
asks from then on gets it, or finds it kept and drops it. And the statement of a request never
began before the request came, but where changes are heard and none touched the tile.
"""

import asyncio
import contextlib
import hashlib
import logging
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

from api.tile_forms import SMALL, Form, packed, unpacked
from api.tile_plan import TilePlan
from api.tile_reach import Tiles, place_of
from db.changes import Change

log = logging.getLogger("muang.tiles")

IN_USE_SECONDS = 60.0
"""A dropped tile is drawn again by itself when it was asked for within this time."""
MOST_AGAIN = 1000
"""Dropped tiles that wait to be drawn again; of many more, those asked for last."""
PAINTERS = 2
"""Tiles drawn again at once."""
_BUSY = 2
"""While so many requests wait for a tile, none is drawn in the background."""
_PAUSE_SECONDS = 0.05
_OVERHEAD = 1500
"""Bytes an entry takes besides its tile: its key, its headers, its places."""
_LARGEST_SHARE = 4
"""A tile larger than this part of the cache is not kept."""

Begun = Callable[[], None]
Keys = tuple[str, ...] | None
Draw = Callable[[TilePlan, Begun, Keys], Awaitable[bytes]]
Header = tuple[bytes, bytes]


class Drawn:
    """One drawn tile: its digest, and its bytes in each form that was asked for."""

    __slots__ = ("_packing", "asked_at", "digest", "empty", "forms", "heads", "plan", "size")

    def __init__(self, plan: TilePlan, body: bytes, asked_at: float) -> None:
        self.plan = plan
        self.asked_at = asked_at
        self.empty = not body
        self.digest = hashlib.blake2b(body, digest_size=12).hexdigest()
        self.forms = {Form.PLAIN: body}
        # whole heads of answers, by what the caller is granted, form and status (`api.tile_hit`)
        self.heads: dict[tuple[str, Form | None, int], bytes] = {}
        self.size = _OVERHEAD + len(body)
        self._packing: dict[Form, asyncio.Task[bytes]] = {}

    async def pack(self, form: Form, *, kept: bool = True) -> tuple[Form, bytes]:
        """The form and bytes to send to whoever asks for `form`; each is made once."""
        plain = self.forms.get(Form.PLAIN)
        if plain is not None and len(plain) <= SMALL:
            return Form.PLAIN, plain
        made = self.forms.get(form)
        if made is None:
            task = self._packing.get(form)
            if task is None:
                task = self._packing[form] = asyncio.create_task(self._make(form, kept=kept))
            made = await asyncio.shield(task)
        return form, made

    async def _make(self, form: Form, *, kept: bool) -> bytes:
        try:
            source, body = next(iter(self.forms.items()))
            made = await packed(await unpacked(body, source), form, kept=kept)
        finally:
            del self._packing[form]
        self.forms[form] = made
        return made

    def settle(self) -> None:
        """Let go of the plain bytes once there are packed ones: who wants them unpacks these."""
        if len(self.forms) > 1 and not self._packing:
            self.forms.pop(Form.PLAIN, None)
        self.size = _OVERHEAD + sum(len(body) for body in self.forms.values())


class _Drawing:
    """A tile being drawn. `begun`: its statement may see no change that comes from now on."""

    __slots__ = ("asked_at", "begun", "plan", "task")

    def __init__(self, plan: TilePlan, asked_at: float) -> None:
        self.plan = plan
        self.asked_at = asked_at
        self.begun = False
        self.task: asyncio.Task[Drawn]

    def begin(self) -> None:
        self.begun = True


@dataclass(frozen=True)
class _Again:
    """A dropped tile somebody asked for lately, and the forms it was asked in."""

    plan: TilePlan
    asked_at: float
    forms: tuple[Form, ...]


@dataclass
class Numbers:
    """What the cache did since the server started, in tiles.

    `joined` requests waited for a tile already being drawn; `bypasses` were drawn because changes
    were not surely heard; `outdated` tiles were touched while they were drawn.
    """

    hits: int = 0
    misses: int = 0
    joined: int = 0
    bypasses: int = 0
    dropped: int = 0
    drawn_again: int = 0
    outdated: int = 0
    cleared: int = 0


class TileCache:
    """Tiles by what they show; bounded in bytes, those not asked for longest go first.

    `draw` makes a tile's bytes and says when its statement begins; `fresh` says whether changes
    are heard. Belongs to one event loop.
    """

    def __init__(
        self,
        most_bytes: int,
        draw: Draw,
        fresh: Callable[[], bool],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._most = most_bytes
        self._draw = draw
        self._fresh = fresh
        self._clock = clock
        self._kept: OrderedDict[str, Drawn] = OrderedDict()
        self._drawing: dict[str, _Drawing] = {}
        self._places: dict[str, dict[int, dict[tuple[int, int], set[str]]]] = {}
        self._again: dict[str, _Again] = {}
        self._work = asyncio.Event()
        self._asking = 0
        self._bytes = 0
        self.numbers = Numbers()

    @property
    def size(self) -> int:
        """Bytes of memory the kept tiles take, about."""
        return self._bytes

    @property
    def entries(self) -> int:
        """How many tiles are kept."""
        return len(self._kept)

    def kept(self, key: str) -> Drawn | None:
        """The tile of a key when it is kept and may be given now."""
        found = self.peek(key)
        if found is not None:
            self.hit(found)
        return found

    def peek(self, key: str) -> Drawn | None:
        """The same without counting as being asked for."""
        found = self._kept.get(key)
        return found if found is not None and self._fresh() else None

    def hit(self, found: Drawn) -> None:
        """Note that a tile just peeked at was asked for and given."""
        self._kept.move_to_end(found.plan.key or "")
        found.asked_at = self._clock()
        self.numbers.hits += 1

    async def get(self, plan: TilePlan, keys: Keys = None) -> Drawn:
        """A tile that is not kept, drawn once for all who ask for it at once.

        `keys` are the scope of the caller: they count only in tiles that are never kept. Raises
        what drawing raises.
        """
        key = plan.key
        if key is None:
            return Drawn(plan, await self._draw(plan, _nothing, keys), self._clock())
        fresh = self._fresh()
        if not fresh:
            self.numbers.bypasses += 1
        drawing = self._drawing.get(key)
        if drawing is None or (drawing.begun and not fresh):
            self.numbers.misses += fresh
            drawing = self._begin(key, plan, self._clock())
        else:
            self.numbers.joined += 1
            drawing.asked_at = self._clock()
        self._asking += 1
        try:
            # shielded: a caller who goes away must not take the tile from the others
            return await asyncio.shield(drawing.task)
        finally:
            self._asking -= 1

    async def form(self, drawn: Drawn, form: Form) -> tuple[Form, bytes]:
        """The form and bytes to send of a tile to whoever asks for `form`."""
        made = await drawn.pack(form, kept=self._keeps(drawn))
        if self._keeps(drawn):
            self._bytes -= drawn.size
            drawn.settle()
            self._bytes += drawn.size
            self._make_room()
        return made

    def heard(self, changes: Iterable[Change]) -> None:
        """Drop what these changes touch, kept or being drawn; they were committed before now."""
        for layer, box in {(one.layer, box) for one in changes for box in one.boxes or (None,)}:
            place = None if box is None else place_of(box)
            for z, there in self._places.get(layer, {}).items():
                # dropped at once: the next box has less to look through
                for keys in _within(there, None if place is None else place.tiles(z)):
                    for key in tuple(keys):
                        self._drop(key)
        self._work.set()

    def forget(self) -> None:
        """Drop everything: nobody can tell what changed."""
        for key in {*self._kept, *self._drawing}:
            self._drop(key)
        self._again.clear()
        self.numbers.cleared += 1

    async def keep_drawn(self) -> None:
        """Draw dropped tiles again, those asked for last first; runs until cancelled."""
        async with asyncio.TaskGroup() as painters:
            for _ in range(PAINTERS):
                painters.create_task(self._paint())

    @property
    def waiting(self) -> int:
        """How many tiles wait to be drawn again."""
        return len(self._again)

    @property
    def drawing(self) -> int:
        """How many tiles are being drawn."""
        return len(self._drawing)

    def tiles(self) -> tuple[Drawn, ...]:
        """Everything kept now, those not asked for longest first."""
        return tuple(self._kept.values())

    def _begin(self, key: str, plan: TilePlan, asked_at: float) -> _Drawing:
        drawing = _Drawing(plan, asked_at)
        self._drawing[key] = drawing
        self._place(key, plan)
        drawing.task = asyncio.create_task(self._finish(key, drawing))
        drawing.task.add_done_callback(_looked_at)
        return drawing

    async def _finish(self, key: str, drawing: _Drawing) -> Drawn:
        try:
            body = await self._draw(drawing.plan, drawing.begin, None)
        except BaseException:
            if self._drawing.get(key) is drawing:
                del self._drawing[key]
                self._unplace(key, drawing.plan)
            raise
        drawn = Drawn(drawing.plan, body, drawing.asked_at)
        # a change heard while this was drawn has taken it out of the drawings
        if self._drawing.get(key) is not drawing:
            self.numbers.outdated += 1
            return drawn
        del self._drawing[key]
        if self._fresh() and drawn.size <= self._most // _LARGEST_SHARE:
            self._keep(key, drawn)
        else:
            self._unplace(key, drawing.plan)
        return drawn

    def _keep(self, key: str, drawn: Drawn) -> None:
        old = self._kept.pop(key, None)
        if old is not None:
            self._bytes -= old.size
        self._kept[key] = drawn
        self._bytes += drawn.size
        self._make_room()

    def _keeps(self, drawn: Drawn) -> bool:
        key = drawn.plan.key
        return key is not None and self._kept.get(key) is drawn

    def _make_room(self) -> None:
        while self._bytes > self._most:
            key, oldest = self._kept.popitem(last=False)
            self._gone(key, oldest)

    def _gone(self, key: str, drawn: Drawn) -> None:
        self._bytes -= drawn.size
        self._unplace(key, drawn.plan)

    def _drop(self, key: str) -> None:
        """Let go of a tile, kept or being drawn, and have it drawn again when it is in use."""
        drawn, drawing = self._kept.pop(key, None), self._drawing.get(key)
        if drawn is not None:
            self._gone(key, drawn)
            self.numbers.dropped += 1
            self._ask_again(key, _Again(drawn.plan, drawn.asked_at, tuple(drawn.forms)))
        # a statement that has not begun will see the change
        if drawing is not None and drawing.begun:
            del self._drawing[key]
            self._unplace(key, drawing.plan)
            forms = tuple(drawn.forms) if drawn else ()
            self._ask_again(key, _Again(drawing.plan, drawing.asked_at, forms))

    def _ask_again(self, key: str, again: _Again) -> None:
        if self._clock() - again.asked_at > IN_USE_SECONDS:
            return
        before = self._again.pop(key, None)
        if before and not again.forms:
            again = _Again(again.plan, again.asked_at, before.forms)
        self._again[key] = again
        if len(self._again) > 2 * MOST_AGAIN:
            by_time = sorted(self._again.items(), key=lambda item: item[1].asked_at)
            self._again = dict(by_time[-MOST_AGAIN:])

    async def _paint(self) -> None:
        while True:
            self._work.clear()
            while self._again:
                if self._asking >= _BUSY or not self._fresh():
                    await asyncio.sleep(_PAUSE_SECONDS)
                    continue
                key = max(self._again, key=lambda key: self._again[key].asked_at)
                again = self._again.pop(key)
                began = self._clock()
                await self._draw_again(key, again)
                # at most half of the time: an area edited without end must not take all of it
                await asyncio.sleep(self._clock() - began)
            await self._work.wait()

    async def _draw_again(self, key: str, again: _Again) -> None:
        if key in self._kept or key in self._drawing:
            return
        if self._clock() - again.asked_at > IN_USE_SECONDS:
            return
        try:
            drawn = await self._begin(key, again.plan, again.asked_at).task
            for form in again.forms:
                await self.form(drawn, form)
        except Exception as error:  # noqa: BLE001 - whoever asks for the tile next is told
            log.info("a tile was not drawn again: %s", type(error).__name__)
            return
        self.numbers.drawn_again += 1

    def _place(self, key: str, plan: TilePlan) -> None:
        tile = plan.tile
        for layer in plan.layers:
            there = self._places.setdefault(layer, {}).setdefault(tile.z, {})
            there.setdefault((tile.x, tile.y), set()).add(key)

    def _unplace(self, key: str, plan: TilePlan) -> None:
        """Forget where a tile is, once it is neither kept nor being drawn."""
        if key in self._kept or key in self._drawing:
            return
        tile = plan.tile
        for layer in plan.layers:
            there = self._places.get(layer, {}).get(tile.z, {})
            keys = there.get((tile.x, tile.y), set())
            keys.discard(key)
            if not keys:
                there.pop((tile.x, tile.y), None)


def _within(there: dict[tuple[int, int], set[str]], wanted: Tiles | None) -> list[set[str]]:
    """The keys of each tile of a zoom that is wanted; None wants all."""
    if wanted is None:
        return list(there.values())
    west, north, east, south = wanted
    if wanted.number > len(there):
        return [keys for (x, y), keys in there.items() if west <= x <= east and north <= y <= south]
    places = ((x, y) for x in range(west, east + 1) for y in range(north, south + 1))
    return [there[place] for place in places if place in there]


def _nothing() -> None:
    """What is not kept need not say when it begins."""


def _looked_at(task: asyncio.Task[Drawn]) -> None:
    """A fault nobody waits for any more is no fault to report."""
    with contextlib.suppress(asyncio.CancelledError):
        task.exception()
