"""How old a layer's data are against what its declaration expects: pure, one wording for all.

Said wherever a layer is shown; `stale` is a word and a sign, never a colour alone.
"""

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from layers.model import Layer
from layers.text import Text

_DAY_S = 86_400


class State(StrEnum):
    """`fresh` within what is expected, `stale` beyond it, `timeless` when nothing is expected."""

    FRESH = "fresh"
    STALE = "stale"
    TIMELESS = "timeless"
    EMPTY = "empty"


class Age(BaseModel):
    """The age of what somebody sees of a layer, in whole days."""

    model_config = ConfigDict(frozen=True)

    layer: str
    as_of: datetime | None = Field(
        description="Last change of a row the caller sees; null: there is none"
    )
    age_days: int | None = Field(description="Whole days since then")
    expected_days: float | None = Field(description="Days until it counts as old; null: never")
    state: State
    says: Text


def age(layer: Layer, as_of: datetime | None, now: datetime) -> Age:
    """What to say of a layer whose last change somebody sees was at `as_of` (with offset)."""
    expected = layer.freshness.days
    if as_of is None:
        return Age(
            layer=layer.id,
            as_of=None,
            age_days=None,
            expected_days=expected,
            state=State.EMPTY,
            says=Text(th="ยังไม่มีข้อมูล", en="No data yet"),
        )
    seconds = max(0.0, (now - as_of).total_seconds())
    days = int(seconds // _DAY_S)
    state = State.TIMELESS
    if expected is not None:
        state = State.STALE if seconds > expected * _DAY_S else State.FRESH
    return Age(
        layer=layer.id,
        as_of=as_of,
        age_days=days,
        expected_days=expected,
        state=state,
        says=_says(days, expected, state),
    )


def _says(days: int, expected: float | None, state: State) -> Text:
    th = "ข้อมูลเมื่อวันนี้" if days == 0 else f"ข้อมูลเมื่อ {days:,} วันก่อน"
    en = {0: "Data of today", 1: "Data of 1 day ago"}.get(days, f"Data of {days:,} days ago")
    if expected is not None:
        th += f" · ควรใหม่ทุก {expected:g} วัน"
        en += f" · expected every {expected:g} days"
    if state is State.STALE:
        th, en = f"⚠ เก่าเกินกำหนด: {th}", f"⚠ Stale: {en}"
    return Text(th=th, en=en)
