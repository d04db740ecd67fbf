"""In what order households leave: vulnerability x depth x time until their road is cut, in words.

The weights are defaults for the town to edit, invented and not from a guideline: what matters is
that each is shown with the household it moved. A rank somebody set by hand, with a reason, holds
against every recalculation.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from flood import paths
from flood.paths import Network
from flood.roads import Bools, Floats, Ints
from flood.water import no_water
from layers.errors import BadRequestError
from layers.text import Text


class Need(StrEnum):
    """What makes leaving slow or staying deadly; one household may have several of each."""

    POWER = "power"
    BEDRIDDEN = "bedridden"
    CARRIED = "carried"
    DIALYSIS = "dialysis"
    WHEELCHAIR = "wheelchair"
    HOMEBOUND = "homebound"
    UNASSESSED = "unassessed"
    INFANT = "infant"
    ELDERLY = "elderly"


WORDS: Mapping[Need, Text] = {
    Need.POWER: Text(th="พึ่งเครื่องใช้ไฟฟ้าทางการแพทย์", en="dependent on powered medical equipment"),
    Need.BEDRIDDEN: Text(th="ติดเตียง", en="bedridden"),
    Need.CARRIED: Text(th="ต้องหาม", en="must be carried"),
    Need.DIALYSIS: Text(th="ต้องฟอกไต", en="on dialysis"),
    Need.WHEELCHAIR: Text(th="ใช้รถเข็น", en="in a wheelchair"),
    Need.HOMEBOUND: Text(th="ติดบ้าน", en="homebound"),
    Need.UNASSESSED: Text(th="ยังไม่ประเมิน", en="in care, not assessed yet"),
    Need.INFANT: Text(th="เด็กเล็ก 0-5 ปี", en="aged 0-5"),
    Need.ELDERLY: Text(th="อายุ 60 ปีขึ้นไป", en="aged 60 and over"),
}


@dataclass(frozen=True)
class Weights:
    """The editable table: what each person adds, and what depth and time multiply by.

    `depth` and `hours` are (up to and with, factor), rising; beyond the last step `deepest` and 1.
    A depth nobody knows counts as `unknown`.
    """

    needs: Mapping[Need, float] = field(
        default_factory=lambda: {
            Need.POWER: 5.0,
            Need.BEDRIDDEN: 4.0,
            Need.CARRIED: 3.0,
            Need.DIALYSIS: 3.0,
            Need.WHEELCHAIR: 2.0,
            Need.HOMEBOUND: 2.0,
            Need.UNASSESSED: 4.0,
            Need.INFANT: 1.0,
            Need.ELDERLY: 0.5,
        }
    )
    depth: tuple[tuple[float, float], ...] = ((0.0, 0.25), (0.3, 1.0), (0.5, 2.0), (1.0, 3.0))
    deepest: float = 4.0
    unknown: float = 3.0
    hours: tuple[tuple[float, float], ...] = ((0.0, 4.0), (3.0, 3.0), (6.0, 2.5), (24.0, 1.5))


DEFAULT_WEIGHTS = Weights()

CAVEAT = Text(
    th="น้ำหนักจัดลำดับเป็นค่าตั้งต้นที่สมมติขึ้น แก้ไขได้ ผู้สั่งการเป็นผู้ตัดสินใจ",
    en="The weights of the order are invented defaults and can be edited; who commands decides.",
)


@dataclass(frozen=True)
class Household:
    """One household: people to move, of them lying; needs by kind; depth at the door (inf unknown).

    `cut_h` are hours until its road is cut: 0 is cut already, inf not within the forecast.
    """

    key: str
    people: int
    lying: int = 0
    needs: Mapping[Need, int] = field(default_factory=dict)
    depth_m: float = 0.0
    cut_h: float = float("inf")
    community: str | None = None
    xy: tuple[float, float] = (float("nan"), float("nan"))


@dataclass(frozen=True)
class Override:
    """Somebody's own decision: `rank` from 1 on, or None for last of all; why, and who."""

    household: str
    rank: int | None
    reason: str
    by: str


@dataclass(frozen=True)
class Ranked:
    """A household in its place of the order, with its score and the reasons in words."""

    rank: int
    household: Household
    score: float
    reasons: tuple[Text, ...]
    override: Override | None = None


def score(household: Household, weights: Weights = DEFAULT_WEIGHTS) -> float:
    """Vulnerability x depth x time: 0 for an empty house."""
    if household.people == 0:
        return 0.0
    vulnerability = 1.0 + sum(
        weights.needs.get(need, 0.0) * count for need, count in household.needs.items()
    )
    if np.isinf(household.depth_m):
        depth = weights.unknown
    else:
        depth = _step(household.depth_m, weights.depth, weights.deepest)
    return vulnerability * depth * _step(household.cut_h, weights.hours, 1.0)


def _step(value: float, steps: Sequence[tuple[float, float]], beyond: float) -> float:
    return next((factor for limit, factor in steps if value <= limit), beyond)


def reasons(household: Household) -> tuple[Text, ...]:
    """Why a household stands where it does, one sentence each: people, water, road."""
    found = [
        Text(th=f"{WORDS[need].th} {count} คน", en=f"{count} {WORDS[need].en}")
        for need in Need
        if (count := household.needs.get(need, 0))
    ]
    if not found:
        found.append(Text(th=f"{household.people} คน", en=_people(household.people)))
    if np.isinf(household.depth_m):
        found.append(Text(th="ไม่ทราบความลึกน้ำที่บ้าน", en="depth at the door is not known"))
    elif household.depth_m > 0:
        found.append(
            Text(
                th=f"น้ำที่บ้านลึกได้ถึง {household.depth_m:g} ม.",
                en=f"water at the door up to {household.depth_m:g} m deep",
            )
        )
    else:
        found.append(Text(th="น้ำยังไม่ถึงบ้าน", en="no water at the door"))
    if household.cut_h <= 0:
        found.append(Text(th="ถนนถูกตัดขาดแล้ว", en="the road is cut already"))
    elif np.isfinite(household.cut_h):
        found.append(
            Text(
                th=f"ถนนจะถูกตัดขาดใน {household.cut_h:g} ชม.",
                en=f"the road is cut in {household.cut_h:g} h",
            )
        )
    return tuple(found)


def _people(count: int) -> str:
    return f"{count} person" if count == 1 else f"{count} people"


def order(
    households: Sequence[Household],
    overrides: Sequence[Override] = (),
    weights: Weights = DEFAULT_WEIGHTS,
) -> tuple[Ranked, ...]:
    """All households, the most urgent first; ties by key, so that the order never flickers.

    The last override of a household counts. Those with a rank stand at it, those with None at the
    end, the rest fill the places between. BadRequestError for one without reason or household.
    """
    decided = _decided(households, overrides)
    free = sorted(
        (h for h in households if h.key not in decided),
        key=lambda h: (-score(h, weights), h.key),
    )
    pinned = sorted(
        ((one.rank, number, one) for number, one in enumerate(decided.values()) if one.rank),
        key=lambda each: each[:2],
    )
    by_key = {h.key: h for h in households}
    line: list[Household] = list(free)
    for rank, _, one in pinned:
        line.insert(rank - 1, by_key[one.household])
    line += [by_key[one.household] for one in decided.values() if one.rank is None]
    return tuple(
        Ranked(
            rank=number,
            household=household,
            score=score(household, weights),
            reasons=_told(household, decided.get(household.key)),
            override=decided.get(household.key),
        )
        for number, household in enumerate(line, start=1)
    )


def _decided(households: Sequence[Household], overrides: Sequence[Override]) -> dict[str, Override]:
    known = {h.key for h in households}
    found: dict[str, Override] = {}
    for one in overrides:
        if not one.reason.strip():
            raise BadRequestError(
                Text(
                    th=f"การจัดลำดับ {one.household} ด้วยมือต้องบอกเหตุผล",
                    en=f"Setting the rank of {one.household} by hand needs a reason.",
                )
            )
        if one.rank is not None and one.rank < 1:
            raise BadRequestError(Text(th="ลำดับเริ่มที่ 1", en="Ranks are counted from 1."))
        if one.household not in known:
            continue  # gone since, or safe: the decision waits for its return
        found.pop(one.household, None)
        found[one.household] = one
    return found


def _told(household: Household, override: Override | None) -> tuple[Text, ...]:
    why = reasons(household)
    if override is None:
        return why
    by_hand = Text(
        th=f"จัดลำดับด้วยมือโดย {override.by}: {override.reason}",
        en=f"set by hand by {override.by}: {override.reason}",
    )
    return (by_hand, *why)


def cut_hours(stages: Sequence[tuple[float, Network]], homes: Floats, havens: Floats) -> Floats:
    """Hours until no way leads from each home (n x 2) to any haven (m x 2); inf: not foreseen.

    `stages` are (hours from now, the roads then), of one graph, rising in time; the first of them
    that leaves a home without a way tells. Whom no road leads anywhere on a dry day, or whose place
    nobody knows, is not cut by water: of them nothing is foreseen.
    """
    found = np.full(len(homes), np.inf)
    if not stages or stages[0][1].graph.empty:
        return found
    one = stages[0][1]
    at = paths.nearest_nodes(one.graph, homes)
    dry = paths.network(one.graph, one.vehicle, no_water())
    had_way = _gets_to(dry, at, havens)
    for hours, roads in sorted(stages, key=lambda stage: stage[0]):
        away = had_way & ~_gets_to(roads, at, havens)
        found[away & np.isinf(found)] = hours
    return found


def _gets_to(roads: Network, at: Ints, havens: Floats) -> Bools:
    """Whether each place (a node, -1 none) has a way to some haven."""
    goals = np.unique(paths.nearest_nodes(roads.graph, havens, roads.usable))
    there = np.isfinite(paths.soonest(roads, goals))
    found: Bools = (at >= 0) & there[np.maximum(at, 0)]
    return found
