"""What holds until the town says its own: flags, seats, rules, and time to acknowledge."""

from collections.abc import Iterable, Mapping
from datetime import time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

LOCAL = ZoneInfo("Asia/Bangkok")
"""Shifts are hours of the day in Thailand."""

WORDS: tuple[dict[str, Any], ...] = (
    {
        "list": "flag",
        "code": "green",
        "word_th": "ธงเขียว",
        "word_en": "Green flag",
        "color": "#1b6e53",
        "meaning_th": "ปกติ",
        "meaning_en": "Normal",
        "seq": 1,
    },
    {
        "list": "flag",
        "code": "yellow",
        "word_th": "ธงเหลือง",
        "word_en": "Yellow flag",
        "color": "#d8b365",
        "meaning_th": "ระดับน้ำห่างจากตลิ่งไม่เกิน 1.5 เมตร เตรียมยกของขึ้นที่สูง",
        "meaning_en": "Water within 1.5 m of the bank; get ready to lift belongings",
        "seq": 2,
    },
    {
        "list": "flag",
        "code": "red",
        "word_th": "ธงแดง",
        "word_en": "Red flag",
        "color": "#d95f0e",
        "meaning_th": "น้ำจะท่วมใน 6-30 ชั่วโมง",
        "meaning_en": "Flood in 6 to 30 hours",
        "seq": 3,
    },
    {
        "list": "flag",
        "code": "red_siren",
        "word_th": "ธงแดงพร้อมไซเรน",
        "word_en": "Red flag with siren",
        "color": "#7f0000",
        "meaning_th": "น้ำจะท่วมใน 3-6 ชั่วโมง",
        "meaning_en": "Flood in 3 to 6 hours",
        "seq": 4,
    },
    *(
        {"list": "seat", "code": code, "word_th": th, "word_en": en, "seq": n}
        for n, (code, th, en) in enumerate(
            (
                ("director", "ผู้อำนวยการท้องถิ่น (นายกเทศมนตรี)", "Local director (mayor)"),
                ("clerk", "ปลัดเทศบาล", "Municipal clerk"),
                ("dpm", "งานป้องกันและบรรเทาสาธารณภัย", "Disaster prevention and mitigation"),
                ("works", "กองช่าง", "Public works"),
                ("health", "กองสาธารณสุข", "Public health"),
                ("welfare", "กองสวัสดิการสังคม", "Social welfare"),
                ("treasury", "กองคลัง", "Treasury"),
                ("district", "นายอำเภอ", "District chief"),
                ("governor", "ผู้ว่าราชการจังหวัด", "Governor"),
            ),
            start=1,
        )
    ),
)
"""Flags of the town's alert (Hat Yai's of 2011, as an example to edit) and seats that sign."""

WITHIN_S = 300
"""An incident must be acknowledged within five minutes."""

RULES: tuple[dict[str, Any], ...] = (
    {"code": "threshold", "rule": "threshold", "enabled": True, "dead_band": 0.05, "delay_s": 60},
    {
        "code": "shelter_full",
        "rule": "shelter_full",
        "enabled": True,
        "threshold": 1.0,
        "dead_band": 0.1,
        "delay_s": 0,
        "severity": "high",
    },
    {
        "code": "road_cut",
        "rule": "road_cut",
        "enabled": True,
        "threshold": 20.0,
        "delay_s": 0,
        "severity": "moderate",
    },
    {
        "code": "power_dependent",
        "rule": "power_dependent",
        "enabled": True,
        "delay_s": 0,
        "severity": "critical",
    },
    {
        "code": "feed_silent",
        "rule": "feed_silent",
        "enabled": True,
        "threshold": 3.0,
        "delay_s": 120,
        "severity": "moderate",
    },
    {"code": "escalation", "rule": "escalation", "enabled": True, "within_s": WITHIN_S},
)
"""Rules, and how soon to acknowledge. `threshold` is the part of a shelter that is full, metres of
a road under water, and expected intervals a feed is silent; gauges have thresholds of their own."""


def merged(
    defaults: Iterable[Mapping[str, Any]], rows: Iterable[Mapping[str, Any]], key: tuple[str, ...]
) -> list[dict[str, Any]]:
    """The defaults, with rows in the place of those with their key; `default` marks which is."""
    found: dict[tuple[Any, ...], dict[str, Any]] = {
        tuple(row.get(name) for name in key): {**row, "default": True} for row in defaults
    }
    for row in rows:
        found[tuple(row.get(name) for name in key)] = {**row, "default": False}
    return list(found.values())


def within(rows: Iterable[Mapping[str, Any]], severity: str, at: time) -> timedelta:
    """How soon an incident of a severity raised at a time of day must be acknowledged.

    The row that says most counts (severity and shift, severity, shift, neither), of equals the
    last: the town's own stand after the defaults.
    """
    best, seconds = -1, WITHIN_S
    for row in rows:
        if row.get("rule") != "escalation" or not row.get("enabled") or not row.get("within_s"):
            continue
        rank = 2 * (row.get("severity") is not None) + (row.get("shift_from") is not None)
        fits = row.get("severity") in (None, severity) and _in_shift(row, at)
        if fits and rank >= best:
            best, seconds = rank, int(row["within_s"])
    return timedelta(seconds=seconds)


def _in_shift(row: Mapping[str, Any], at: time) -> bool:
    try:
        start, end = (time.fromisoformat(str(row.get(n))) for n in ("shift_from", "shift_to"))
    except ValueError:
        return row.get("shift_from") is None
    if start == end:
        return True
    if start < end:
        return start <= at < end
    return at >= start or at < end
