"""What a team needs to find and carry a household, as far as whoever prints it may see it."""

from typing import Any, LiteralString

from psycopg import sql

from db.queries.network import Rows, Snapshot
from db.scopes import source
from layers.catalog import get
from layers.model import Layer
from layers.privacy import may_see, visible_fields

FINDS: tuple[tuple[str, LiteralString, tuple[str, ...]], ...] = (
    ("households", "code", ("code", "house_code", "phone", "neighbour_phone", "pets")),
    ("houses", "house_code", ("house_code", "house_no", "moo", "lane", "landmark", "storeys")),
    (
        "care_locations",
        "household",
        (
            *("household", "kind", "person_name", "phone", "carer_phone", "needs", "mobility"),
            *("carriers_needed", "oxygen_hours_left"),
        ),
    ),
)
"""Layers, the field rows are found by, and the fields a team needs of them."""


async def doors(snap: Snapshot, households: list[str]) -> dict[str, dict[str, Any]]:
    """By household code: its row, `house` and `people` in care, with the fields the role sees.

    What the role may not see is absent.
    """
    homes, houses, care = FINDS
    found = {row["code"]: row for row in await _rows(snap, homes, households)}
    codes = [row["house_code"] for row in found.values() if row.get("house_code")]
    at = {row["house_code"]: row for row in await _rows(snap, houses, codes)}
    people: dict[str, Rows] = {}
    for row in await _rows(snap, care, households):
        if row.get("kind") == "home":
            people.setdefault(row["household"], []).append(row)
    return {
        code: {**row, "house": at.get(row.get("house_code"), {}), "people": people.get(code, [])}
        for code, row in found.items()
    }


async def names(snap: Snapshot, layer_id: str) -> dict[str, str]:
    """Names of the records of a layer by their code; nothing of a layer the role may not see."""
    layer = get(layer_id)
    if not {"code", "name"} <= _seen(layer, snap):
        return {}
    rows = await snap.rows(layer_id, "t.code, t.name")
    return {row["code"]: row["name"] for row in rows if row["name"]}


def _seen(layer: Layer, snap: Snapshot) -> set[str]:
    return {item.name for item in visible_fields(layer, snap.reader.role)}


async def _rows(
    snap: Snapshot, finds: tuple[str, LiteralString, tuple[str, ...]], values: list[str]
) -> Rows:
    layer, (_, key, wanted) = get(finds[0]), finds
    seen = _seen(layer, snap)
    if not may_see(layer, snap.reader.role) or key not in seen:
        return []
    keys = None if snap.reader.keys is None else list(snap.reader.keys)
    statement = sql.SQL("SELECT {} FROM {} AS t WHERE {} = any(%s) ORDER BY t.id").format(
        sql.SQL(", ").join(sql.Identifier("t", name) for name in wanted if name in seen),
        source(layer, snap.reader.role, sql.SQL("NULL"), sql.Literal(keys)),
        sql.Identifier("t", key),
    )
    return await snap.found(layer.id, statement, [values])
