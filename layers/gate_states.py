"""Where a flood map and the records of gates and levees contradict each other, in words.

A gate stands in two layers: as what is operated (`gates`, with its status) and as the barrier a
flood map is worked out with (`levees`). The map goes by `levees.state` as it was when the map was
made; which of two records is true, only somebody who goes there can say. Pure.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from layers import gates, levees
from layers.model import Code
from layers.text import Text

NEAR_M = 30.0
"""A gate is the gate of a levee that lies this near, in metres, unless one has its code."""

THROUGH = frozenset({"open", "breached"})
"""States of a levee in which water passes."""
_PASSES = {"open": True, "partly": True, "failed": True, "closed": False}
"""Whether water may pass a gate; a status that is not here says nothing."""


@dataclass(frozen=True)
class Taken:
    """How a flood map took a levee: the state recorded then, and whether it held water.

    A closed levee without a crest level holds nothing.
    """

    state: str | None
    holds: bool


@dataclass(frozen=True)
class LeveeNow:
    """A levee as it is recorded now."""

    code: str
    name: str | None
    kind: str | None
    state: str | None
    crest_m: float | None

    @property
    def taken(self) -> Taken:
        """How a map that is made now takes it."""
        return Taken(self.state, self.state not in THROUGH and self.crest_m is not None)


@dataclass(frozen=True)
class Beside:
    """A gate, and a levee of the same code (`same`) or `away_m` metres from it."""

    gate: str
    gate_name: str | None
    status: str
    levee: LeveeNow
    same: bool
    away_m: float


def contradictions(
    pairs: Sequence[Beside], now: Sequence[LeveeNow], taken: Mapping[str, Taken] | None
) -> tuple[Text, ...]:
    """What to know of a flood map, levees first, in order of their codes.

    `now` are the levees as recorded, `taken` how the map took each; None: that was not kept, and
    the map is held against what is recorded now. A levee the map does not know is passed over.
    """
    took = {levee.code: levee.taken for levee in now} if taken is None else taken
    changed = {
        levee.code: levee
        for levee in sorted(now, key=lambda one: one.code)
        if levee.code in took and levee.taken.holds != took[levee.code].holds
    }
    found = [_changed(levee, took[code]) for code, levee in changed.items()]
    for pair in _own(pairs):
        passes, told = _PASSES.get(pair.status), took.get(pair.levee.code)
        if told is None or passes is None or passes != told.holds or pair.levee.code in changed:
            continue
        # a closed gate in a levee that is broken elsewhere denies nothing
        if passes or pair.same or pair.levee.kind == "gate":
            found.append(_denied(pair, told))
    return tuple(dict.fromkeys(found))


def _own(pairs: Sequence[Beside]) -> list[Beside]:
    """Each gate with its levee: of its code, else the nearest line of a gate, else the nearest."""
    best: dict[str, Beside] = {}
    for pair in sorted(
        pairs, key=lambda p: (not p.same, p.levee.kind != "gate", p.away_m, p.levee.code)
    ):
        best.setdefault(pair.gate, pair)
    return [best[gate] for gate in sorted(best)]


def _denied(pair: Beside, took: Taken) -> Text:
    gate, levee = _named(pair.gate, pair.gate_name), _named(pair.levee.code, pair.levee.name)
    status, state = _label(gates.LAYER.field("status").codes, pair.status), _state(took)
    if took.holds:
        return Text(
            th=f"ประตูน้ำ {gate} บันทึกว่า “{status.th}” แต่แนวคันกั้น {levee} บันทึกว่า “{state.th}” "
            "แผนที่น้ำที่ใช้ตอบถือว่าแนวคันกั้นปิดและกั้นน้ำอยู่ ถ้าประตูเปิดจริง น้ำจะท่วมหลังคันมากกว่านี้ "
            "ให้ดูของจริง แก้บันทึกให้ตรงกัน แล้วสร้างคลังระดับน้ำใหม่",
            en=f"Gate {gate} is recorded as “{status.en}”, but the levee {levee} as “{state.en}”. "
            "The flood map used here took the levee as closed and holding: if the gate is open, "
            "more floods behind it. Have somebody look, mend the wrong record and build the "
            "library again.",
        )
    return Text(
        th=f"ประตูน้ำ {gate} บันทึกว่า “{status.th}” แต่แนวคันกั้น {levee} บันทึกว่า “{state.th}” "
        "แผนที่น้ำที่ใช้ตอบถือว่าน้ำผ่านแนวคันกั้นได้ ถ้าประตูปิดจริง น้ำจะท่วมหลังคันน้อยกว่านี้ "
        "ให้ดูของจริง แก้บันทึกให้ตรงกัน แล้วสร้างคลังระดับน้ำใหม่",
        en=f"Gate {gate} is recorded as “{status.en}”, but the levee {levee} as “{state.en}”. "
        "The flood map used here let water pass the levee: if the gate is closed, less floods "
        "behind it. Have somebody look, mend the wrong record and build the library again.",
    )


def _changed(levee: LeveeNow, took: Taken) -> Text:
    name, now, then = _named(levee.code, levee.name), _state(levee.taken), _state(took)
    return Text(
        th=f"แนวคันกั้น {name} ขณะนี้บันทึกว่า “{now.th}” แต่คลังระดับน้ำสร้างไว้เมื่อบันทึกว่า “{then.th}” "
        "แผนที่น้ำที่ใช้ตอบถือตามสถานะตอนสร้างคลัง ให้สร้างคลังใหม่",
        en=f"The levee {name} is recorded as “{now.en}” now, but was “{then.en}” when the stage "
        "library was built. The flood map used here goes by the state of then: build the "
        "library again.",
    )


def _state(taken: Taken) -> Text:
    told = _label(levees.LAYER.field("state").codes, taken.state)
    if taken.holds or taken.state in THROUGH:
        return told
    return Text(th=f"{told.th} ไม่มีระดับสัน", en=f"{told.en}, no crest level")


def _label(codes: Sequence[Code], value: str | None) -> Text:
    if value is None:
        return Text(th="ไม่ได้ระบุ", en="Not stated")
    return next((one.label for one in codes if one.value == value), Text(th=value, en=value))


def _named(code: str, name: str | None) -> str:
    return f"{name} ({code})" if name and name != code else code
