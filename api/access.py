"""What a viewer gets of the catalog: pure functions for tiles, collections, styles and live."""

import hashlib
from functools import lru_cache

from layers import catalog
from layers.errors import NotFoundError
from layers.model import Field, Layer, Role
from layers.privacy import may_see, tile_fields, visible_fields, visible_rows
from layers.text import Text


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


def cache_control(*, private: bool) -> str:
    """Cache-Control of town data: kept by nobody, or kept but asked about every time."""
    return "private, no-store" if private else "no-cache"


@lru_cache(maxsize=64)
def fingerprint(role: Role) -> str:
    """16 hex digits over everything the declarations grant this role.

    Part of every tile's ETag: when a grant changes, no old answer is confirmed as current.
    """
    told = [
        (
            layer.id,
            [field.name for field in visible_fields(layer, role)],
            [field.name for field in tile_fields(layer, role)],
            [(rule.field, rule.value) for rule in visible_rows(layer, role) or ()],
            visible_rows(layer, role) is None,
        )
        for layer in layers_of(role)
    ]
    return hashlib.sha256(repr((role.value, told)).encode()).hexdigest()[:16]
