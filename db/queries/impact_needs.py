"""Who is displaced, what they need, and the figures of each community. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]

DISPLACED_ABOVE_M = 0.0
"""Unless question or town say otherwise, any water over the floor displaces who sleeps there."""


@dataclass(frozen=True)
class Above:
    """The depth over the floor that displaces, where it comes from, and what the town says of it.

    `source` is `question`, `town` (a record of the layer `assumptions`) or `default`.
    """

    metres: float
    source: str
    decided: Json | None = None


def above_of(rows: Sequence[Json]) -> Above:
    """As the town's record has it, when there is one."""
    if not rows:
        return Above(DISPLACED_ABOVE_M, "default")
    row = rows[0]
    on = row["decided_on"]
    decided = {
        "reason": row["reason"],
        "by": row["decided_by"],
        "on": None if on is None else on.isoformat(),
    }
    return Above(float(row["value"]), "town", decided)


def displaced(states: Json, above: Above) -> Json:
    """Who is displaced, from people by state (`displaced`, `stays`, `unknown`).

    `count` is None, not 0, where the depth indoors of everybody is unknown; `at_most` counts those
    whose depth is unknown as well.
    """
    moved, stays, unknown = (states[name] for name in ("displaced", "stays", "unknown"))
    known = moved["households"] + stays["households"] > 0 or unknown["households"] == 0
    return {
        "above_m": above.metres,
        "above_from": above.source,
        **({} if above.decided is None else {"above_set": above.decided}),
        "count": moved["count"] if known else None,
        "at_most": moved["count"] + unknown["count"],
        "by_age": moved["by_age"] if known else None,
        "households": moved["households"] if known else None,
        "unknown": unknown,
    }


def needs(rows: Iterable[Json], states: Json) -> list[Json]:
    """What the displaced need, one item a row of the layer `minimum_needs`.

    `amount` is for those known to be displaced, `at_most` with those whose depth indoors is
    unknown; both None where the table states no amount, `amount` also where nobody's is known.
    """
    who = displaced(states, Above(0, "default"))
    found = []
    for row in rows:
        moved = None if who["count"] is None else _units(states["displaced"], row)
        more = _units(states["unknown"], row)
        each = row["amount"]
        found.append(
            {
                **{
                    name: row[name]
                    for name in ("code", "name", "name_en", "unit", "unit_en", "per", "age")
                },
                "each": each,
                "amount": None if each is None or moved is None else round(moved * each, 3),
                "at_most": None if each is None else round(((moved or 0) + more) * each, 3),
                "reference": row["reference"],
            }
        )
    return found


def _units(people: Json, row: Json) -> int:
    """How many persons or households an item is counted for."""
    if row["per"].startswith("household"):
        return int(people["households"])
    return int(people["count"] if row["age"] is None else people["by_age"].get(row["age"], 0))


def communities(exposed: Json, names: Iterable[Json]) -> list[Json] | None:
    """A row for each community with anything in the flood; None in a town without communities.

    Takes `by_community` out of the parts of the answer. What lies in none comes last, under the
    code None, so that the rows add up to the whole.
    """
    parts = {
        layer: part.pop("by_community") for layer, part in exposed.items() if "by_community" in part
    }
    if not parts:
        return None
    called = {row["code"]: row for row in names}
    codes = sorted({code for part in parts.values() for code in part}, key=lambda c: (not c, c))
    return [_row(code, called.get(code, {}), parts) for code in codes]


def _row(code: str, called: Json, parts: Json) -> Json:
    row: Json = {
        "code": code or None,
        "name": called.get("name"),
        "name_en": called.get("name_en"),
    }
    if "people" in parts:
        here = parts["people"].get(code, {"people": _nobody(), "households": 0, "displaced": {}})
        states = here["displaced"]
        known = {"displaced", "stays"} & states.keys() or "unknown" not in states
        row["people"] = here["people"]
        row["households"] = here["households"]
        row["displaced"] = states.get("displaced", 0) if known else None
        row["displaced_unknown"] = states.get("unknown", 0)
    for layer, name in (("houses", "houses"), ("parcels", "parcels")):
        if layer in parts:
            row[name] = parts[layer].get(code, 0)
    if "care_locations" in parts:
        row["care"] = parts["care_locations"].get(code, {})
    return row


def _nobody() -> Json:
    return {"count": 0, "by_age": {"0-5": 0, "6-17": 0, "18-59": 0, "60+": 0}}
