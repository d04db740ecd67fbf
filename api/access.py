"""What a viewer gets of the catalog: pure functions for tiles, collections, styles and live."""

import hashlib
from functools import lru_cache
from typing import TYPE_CHECKING

from layers import catalog
from layers.errors import NotFoundError
from layers.model import Field, Layer, Role
from layers.privacy import may_see, scope_of, tile_fields, visible_fields, visible_rows
from layers.text import Text

if TYPE_CHECKING:
    from api.viewer import Viewer

VARY = "Authorization, Cookie, Accept-Encoding"
"""What answers depend on beside their address."""


def layers_of(role: Role) -> tuple[Layer, ...]:
    """The layers that exist for a role, in the catalog's order."""
    return tuple(layer for layer in catalog.LAYERS if may_see(layer, role))


def layer_for(layer_id: str, role: Role) -> Layer:
    """The layer of that id; NotFoundError says the same for a hidden layer and for none."""
    seen = layers_of(role)
    for layer in seen:
        if layer.id == layer_id:
            return layer
    known = ", ".join(layer.id for layer in seen)
    raise NotFoundError(
        Text(
            th=f"ไม่มีชั้นข้อมูลชื่อ “{layer_id}” ชั้นข้อมูลที่มี: {known}",
            en=f"There is no layer called “{layer_id}”. The layers are: {known}.",
        )
    )


def beyond_public(layer: Layer, role: Role, fields: tuple[Field, ...]) -> bool:
    """Whether these fields of the layer tell this role more than everybody may know.

    Such answers stay out of every cache: a shared computer must not keep them.
    """
    if not may_see(layer, Role.PUBLIC):
        return True
    if visible_rows(layer, role) != visible_rows(layer, Role.PUBLIC):
        return True
    return any(Role.PUBLIC not in field.audience for field in fields)


def asked_beyond_public(layer: Layer, asked: frozenset[str]) -> bool:
    """Whether these fields, asked about in a filter, are not for everybody.

    Which parcels somebody owns is told by the answer to a filter on the owner, whatever fields
    it returns.
    """
    return any(Role.PUBLIC not in layer.field(name).audience for name in asked)


def cache_control(*, private: bool) -> str:
    """Cache-Control of town data: kept by nobody, or kept but asked about every time."""
    return "private, no-store" if private else "no-cache"


def fingerprint(who: "Viewer") -> str:
    """16 hex digits over everything this caller is granted now: role, scope and what is open.

    Part of every tile's ETag and of stored answers: when a grant changes, no old answer is
    confirmed as current.
    """
    return _fingerprint(who.role, who.keys, who.openings)


@lru_cache(maxsize=1024)
def _fingerprint(role: Role, keys: tuple[str, ...] | None, openings: tuple[int, ...]) -> str:
    told = (_declared(role), keys, openings)
    return hashlib.sha256(repr(told).encode()).hexdigest()[:16]


@lru_cache(maxsize=64)
def _declared(role: Role) -> str:
    """Everything the declarations grant a role."""
    told = [
        (
            layer.id,
            [field.name for field in visible_fields(layer, role)],
            [field.name for field in tile_fields(layer, role)],
            [(rule.field, rule.value) for rule in visible_rows(layer, role) or ()],
            visible_rows(layer, role) is None,
            scope_of(layer, role),
        )
        for layer in layers_of(role)
    ]
    return hashlib.sha256(repr((role.value, told)).encode()).hexdigest()
