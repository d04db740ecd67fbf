"""What a step of the event log says in words: pure, composed when it is read."""

from collections.abc import Mapping
from typing import Any

from layers import closures, evacuation_runs, event_log, events, power_areas, resources
from layers.lifecycle import INCIDENT, RUN, TASK
from layers.model import Code, Layer
from layers.text import Text

_MOVES = {"incident": INCIDENT, "task": TASK, "run": RUN}
_PLAIN = {
    "raise": Text(th="แจ้งเหตุ", en="raised"),
    "escalate": Text(th="ไม่มีผู้รับทราบ ยกระดับครั้งที่", en="not acknowledged, escalated, time"),
    "shelf_ended": Text(th="ครบเวลาที่พักไว้", en="time on the shelf ended"),
    "condition_ended": Text(th="เงื่อนไขของกฎสิ้นสุด", en="what the rule found has ended"),
    "exercise_ended": Text(th="ปลอดภัย เพราะจบการฝึกซ้อม", en="all clear, as the exercise is over"),
    "again": Text(th="เกิดขึ้นอีก", en="found again"),
    "open": Text(th="เปิด", en="opened"),
    "close": Text(th="ปิด", en="closed"),
    "reopen": Text(th="เปิดอีกครั้ง", en="opened again"),
    "undo": Text(th="ถอนขั้นตอน", en="took back step"),
    "note": Text(th="บันทึก", en="noted"),
    "give": Text(th="มอบให้ทีม", en="given to"),
    "cancel": Text(th="ยกเลิก", en="cancelled"),
    "accept": Text(th="รับแผน", en="accepted from the plan"),
    "added": Text(th="เพิ่ม", en="added"),
    "edited": Text(th="แก้ไข", en="edited"),
    "changed": Text(th="เปลี่ยนเป็น", en="changed to"),
    "removed": Text(th="ลบ", en="removed"),
    "many": Text(th="แก้ไขพร้อมกัน (ระเบียน)", en="edited at once (records)"),
    "check_in": Text(th="เช็กเข้า", en="checked in"),
    "check_out": Text(th="เช็กออก", en="checked out"),
    "recount": Text(th="นับใหม่เป็น", en="counted again as"),
    "stay_undone": Text(th="ถอนการลงชื่อ", en="headcount taken back"),
}
_STATES: dict[str, tuple[Layer, str]] = {
    "closure": (closures.LAYER, "status"),
    "resource": (resources.LAYER, "status"),
    "power": (power_areas.LAYER, "state"),
    "run": (evacuation_runs.LAYER, "state"),
}
_LINES = {line.name: line for line in events.LINES}
_OPEN = {"true": Text(th="เปิด", en="open"), "false": Text(th="ปิด", en="closed")}


def words(row: Mapping[str, Any], flags: Mapping[str, Text] | None = None) -> Text:
    """A sentence such as “Incident I4: acknowledged”; `flags` are the town's own words."""
    kind = _label(event_log.KINDS, str(row["kind"]))
    about = f" {row['code']}" if row.get("code") else ""
    does = _does(row, flags or {})
    return Text(th=f"{kind.th}{about}: {does.th}", en=f"{kind.en}{about}: {does.en}")


def _does(row: Mapping[str, Any], flags: Mapping[str, Text]) -> Text:
    kind, action = str(row["kind"]), str(row["action"])
    becomes = row.get("becomes")
    if kind == "event" and action in _LINES:
        line = _LINES[action]
        value = flags.get(str(becomes)) if action == "flag" else None
        value = value or _label(line.codes, str(becomes))
        return Text(th=f"{line.title.th} {value.th}", en=f"{line.title.en} {value.en}")
    moves = _MOVES.get(kind, {})
    does = (
        moves[action].words if action in moves else _PLAIN.get(action, Text(th=action, en=action))
    )
    tail = _tail(row, kind, action)
    return Text(th=f"{does.th}{tail.th}", en=f"{does.en}{tail.en}") if tail else does


def _tail(row: Mapping[str, Any], kind: str, action: str) -> Text | None:
    becomes, unit = row.get("becomes"), row.get("unit")
    if action == "undo":
        number = f" {row.get('undoes')}"
        layer, field = _STATES.get(kind, (None, ""))
        if layer is None or becomes is None:
            return Text(th=number, en=number)
        again = _label(layer.field(field).codes, str(becomes))
        return Text(th=f"{number} กลับเป็น {again.th}", en=f"{number}, so again: {again.en}")
    if action in ("assign", "give") and unit:
        return Text(th=f" {unit}", en=f" {unit}" if action == "give" else f" to {unit}")
    if action in ("changed", "added") and becomes is not None:
        layer, field = _STATES.get(kind, (None, ""))
        value = _label(layer.field(field).codes, str(becomes)) if layer else _OPEN.get(str(becomes))
        return None if value is None else Text(th=f" {value.th}", en=f" {value.en}")
    if action in ("escalate", "many", "merge", "check_in", "recount") and becomes:
        return Text(th=f" {becomes}", en=f" {becomes}")
    return None


def _label(codes: tuple[Code, ...], value: str) -> Text:
    return next(
        (c.label for c in codes if c.value == value), Text(th=value or "-", en=value or "-")
    )
