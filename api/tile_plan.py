"""What a tile request asks to see, worked out once for an address, a query and a role."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from urllib.parse import parse_qsl

from api import access, filters, past, validation
from api.tile_address import Tile, TileAddress
from db.queries.cql2_parse import properties_of
from db.queries.tiles import TileLayer
from layers import catalog
from layers.model import Role
from layers.privacy import scope_of, tile_fields, visible_rows

_PARAMETERS = ("lang", past.AS_OF, *filters.PARAMETERS)


@dataclass(frozen=True, slots=True, eq=False)
class TilePlan:
    """Layers, tile and role of a request, and the moment of the past when one is asked for.

    `key` tells apart all that gives other bytes; None when the tile must not be kept, because
    it holds rows or fields about persons, or rows that vary by person, or is of the past.
    """

    role: Role
    tile: Tile
    parts: tuple[TileLayer, ...]
    key: str | None
    cache_control: str
    as_of: datetime | None = None

    @property
    def layers(self) -> tuple[str, ...]:
        """Ids of the layers in the tile."""
        return tuple(part.layer.id for part in self.parts)


def given_in(query: bytes) -> dict[str, str]:
    """The query's parameters; BadRequestError unless each is known and given once."""
    if not query:
        return {}
    given = parse_qsl(query.decode("latin-1"), keep_blank_values=True)
    names = [name for name, _ in given]
    validation.refuse_unknown(names, _PARAMETERS)
    validation.refuse_repeated(names)
    return dict(given)


def plan(address: TileAddress, given: Mapping[str, str], role: Role) -> TilePlan:
    """The plan of a request; NotFoundError or BadRequestError says what cannot be shown.

    Layers come in the catalog's order, whatever order they were asked in.
    """
    shown = tuple(layer.id for layer in address.layers(role))
    as_of = past.optional(given.get(past.AS_OF))
    if as_of is not None:
        past.refuse_low_zoom(address.tile.z)
    rows = _rows(shown, role, given) if given else _unfiltered(shown, role)
    place = address.tile
    key = None
    if rows.digest is not None and as_of is None:
        key = f"{rows.digest} {place.z}/{place.x}/{place.y}"
    return TilePlan(role, place, rows.parts, key, rows.cache_control, as_of)


class TilePlans:
    """Plans worked out lately; those with something personal in them are not remembered."""

    def __init__(self, most: int = 4096) -> None:
        self._most = most
        self._plans: dict[tuple[str, bytes, Role], TilePlan] = {}

    def known(self, path: str, query: bytes, role: Role) -> TilePlan | None:
        """The plan of a request that came before."""
        return self._plans.get((path, query, role))

    def plan(self, address: TileAddress, path: str, query: bytes, role: Role) -> TilePlan:
        """The plan of a request; raises as `plan` does."""
        found = self.known(path, query, role)
        if found is None:
            found = plan(address, given_in(query), role)
            if found.key is not None:  # of what may not be kept, the filter may not be either
                if len(self._plans) >= self._most:
                    self._plans.pop(next(iter(self._plans)))
                self._plans[path, query, role] = found
        return found


@dataclass(frozen=True, slots=True)
class _Rows:
    """What every tile of some layers has in common for a role."""

    parts: tuple[TileLayer, ...]
    digest: str | None
    cache_control: str


@lru_cache(maxsize=512)
def _unfiltered(shown: tuple[str, ...], role: Role) -> _Rows:
    return _rows(shown, role, {})


def _rows(shown: tuple[str, ...], role: Role, given: Mapping[str, str]) -> _Rows:
    parts = tuple(
        TileLayer(layer, role, tile_fields(layer, role), filters.parse(given, layer, role))
        for layer in catalog.LAYERS
        if layer.id in shown
    )
    private = any(
        access.beyond_public(part.layer, role, part.fields)
        or (part.filter and access.asked_beyond_public(part.layer, properties_of(part.filter)))
        for part in parts
    )
    personal = any(is_personal(part) for part in parts)
    return _Rows(parts, None if personal else _digest(parts), access.cache_control(private=private))


def is_personal(part: TileLayer) -> bool:
    """Whether a layer's part of a tile is about persons, or not the same for all of a role."""
    layer, role = part.layer, part.role
    if scope_of(layer, role) is not None:
        return True
    if visible_rows(layer, role) != visible_rows(layer, Role.PUBLIC):
        return True  # rows that are hidden from others are homes
    asked = properties_of(part.filter) if part.filter else frozenset[str]()
    told = {field.name for field in part.fields}
    return any(layer.field(name).personal for name in told | asked)


def _digest(parts: tuple[TileLayer, ...]) -> str:
    """The role and, for each layer, its rows, its columns and what it is filtered by; 32 hex."""
    seen = [
        (
            part.role.value,
            part.layer.id,
            [field.name for field in part.fields],
            visible_rows(part.layer, part.role),
            part.filter,
        )
        for part in parts
    ]
    return hashlib.blake2b(repr(seen).encode(), digest_size=16).hexdigest()
