"""What may be done to an incident, a task or a run, from which state, by whom: pure tables.

An incident goes raised -> acknowledged -> assigned -> on scene -> resolved -> all clear. Shelving
and merging lie beside that, so they have no target state here.
"""

from dataclasses import dataclass

from layers.incidents import CLOSED, CREWS
from layers.model import DESK, Audience, Role
from layers.text import Text


@dataclass(frozen=True)
class Move:
    """An action: states it is possible in, the state it leads to (None: stays), who may do it.

    `crew` lets a team do it to what its own crew has been given.
    """

    words: Text
    start: frozenset[str]
    end: str | None = None
    who: Audience = DESK
    crew: bool = False


_OPEN = frozenset({"raised", "acknowledged", "assigned", "on_scene", "resolved"})
_TAKEN = frozenset({"acknowledged", "assigned", "on_scene"})
_ANY = _OPEN | {"all_clear"}
CARING: Audience = DESK | {Role.CARE}

INCIDENT: dict[str, Move] = {
    "acknowledge": Move(
        Text(th="รับทราบ", en="acknowledged"), frozenset({"raised"}), "acknowledged", CARING
    ),
    "assign": Move(
        Text(th="มอบหมาย", en="assigned"), frozenset({"raised"}) | _TAKEN, "assigned", DESK
    ),
    "on_scene": Move(
        Text(th="ถึงที่เกิดเหตุ", en="on scene"), frozenset({"assigned"}), "on_scene", DESK, crew=True
    ),
    "resolve": Move(Text(th="แก้ไขแล้ว", en="resolved"), _TAKEN, "resolved", DESK, crew=True),
    "all_clear": Move(
        Text(th="ประกาศปลอดภัย", en="gave the all-clear"), frozenset({"resolved"}), "all_clear"
    ),
    "reopen": Move(
        Text(th="เปิดเหตุอีกครั้ง", en="reopened"), frozenset({"resolved", "all_clear"}), "raised"
    ),
    "shelve": Move(Text(th="พักไว้", en="shelved"), _OPEN),
    "unshelve": Move(Text(th="เลิกพัก", en="took off the shelf"), _OPEN),
    "merge": Move(Text(th="รวมเหตุ", en="merged"), _ANY),
    "unmerge": Move(Text(th="แยกเหตุที่รวมไว้", en="took apart again"), _ANY),
    "change": Move(Text(th="แก้ไขรายละเอียด", en="changed"), _ANY, None, CARING),
    "note": Move(Text(th="บันทึก", en="noted"), _ANY, None, CREWS),
}
"""Actions on an incident."""

RAISERS: Audience = CREWS
"""Who raises incidents."""

TASK: dict[str, Move] = {
    "start": Move(
        Text(th="ออกเดินทาง", en="set off"), frozenset({"given"}), "under_way", DESK, crew=True
    ),
    "on_scene": Move(
        Text(th="ถึงแล้ว", en="on scene"),
        frozenset({"given", "under_way"}),
        "on_scene",
        DESK,
        crew=True,
    ),
    "done": Move(
        Text(th="เสร็จ", en="done"),
        frozenset({"given", "under_way", "on_scene"}),
        "done",
        DESK,
        crew=True,
    ),
    "fail": Move(
        Text(th="ไม่สำเร็จ", en="failed"),
        frozenset({"given", "under_way", "on_scene"}),
        "failed",
        DESK,
        crew=True,
    ),
    "cancel": Move(
        Text(th="ยกเลิก", en="cancelled"), frozenset({"given", "under_way", "on_scene"}), "cancelled"
    ),
}
"""Actions on a task; the last three end it, and with it what it opened."""
TASK_ENDS = frozenset({"done", "failed", "cancelled"})

RUN: dict[str, Move] = {
    "start": Move(
        Text(th="ออกเดินทาง", en="set off"), frozenset({"planned"}), "underway", DESK, crew=True
    ),
    "done": Move(Text(th="เสร็จ", en="done"), frozenset({"underway"}), "done", DESK, crew=True),
    "fail": Move(
        Text(th="ไม่สำเร็จ", en="failed"),
        frozenset({"planned", "underway"}),
        "failed",
        DESK,
        crew=True,
    ),
    "cancel": Move(Text(th="ยกเลิก", en="cancelled"), frozenset({"planned"}), "cancelled"),
}
"""Actions on an evacuation run."""


def mark(status: str, severity: str, *, aside: bool) -> str:
    """How an incident is drawn: its severity, or as closed once it asks nothing of anybody."""
    return CLOSED if aside or status == "all_clear" else severity
