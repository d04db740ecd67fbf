"""Names of what a role reads: its schemas and the columns of its views."""

from enum import StrEnum
from typing import Final

from layers.model import Layer, Role
from layers.privacy import visible_fields

SINCE: Final = "since_pos"
UNTIL: Final = "until_pos"
"""Columns only the past has: positions at which a version began and, if it did, ended."""


class Tense(StrEnum):
    """Whether a role's views show the town as it is, or as it was at a position entered."""

    PRESENT = "present"
    PAST = "past"


def view_schema(role: Role, tense: Tense = Tense.PRESENT) -> str:
    """Schema that holds the views of a role."""
    return f"as_{role}" if tense is Tense.PRESENT else f"as_{role}_past"


def view_columns(layer: Layer, role: Role, tense: Tense = Tense.PRESENT) -> tuple[str, ...]:
    """Columns of the role's view of a layer, geometry after the fields."""
    names = tuple(field.name for field in visible_fields(layer, role))
    if layer.geometry and names:
        names = (*names, "geom", "geom_3857")
    return (*names, SINCE, UNTIL) if names and tense is Tense.PAST else names
