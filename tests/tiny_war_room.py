"""The tiny town's war room: what is left of an event that is over."""

from datetime import UTC, datetime
from typing import Any

from shapely.geometry import Point


def war_room(road: Point, area: Point) -> dict[str, list[dict[str, Any]]]:
    """An event that is over, with one of each record; and the town's own words."""
    at = datetime(2026, 10, 1, 3, tzinfo=UTC)
    incident = {
        "status": "all_clear",
        "mark": "closed",
        "origin": "person",
        "event": "E0",
        "exercise": False,
        "raised_at": at,
    }
    return {
        "events": [
            {
                "code": "E0",
                "name": "น้ำหลากเดือนตุลาคม",
                "kind": "flood",
                "state": "closed",
                "exercise": False,
                "flag": "green",
                "opened_at": at,
                "closed_at": at,
            }
        ],
        "incidents": [
            {
                **incident,
                "code": "I0",
                "kind": "road_cut",
                "severity": "moderate",
                "title_th": "ถนนขาด",
                "title_en": "Road cut",
                "seen_by": "internal",
                "geom": road,
            },
            {
                **incident,
                "code": "I00",
                "kind": "power_dependent",
                "severity": "critical",
                "title_th": "ไฟดับ",
                "title_en": "Power off",
                "seen_by": "rescuers",
                "geom": area,
            },
        ],
        "tasks": [{"code": "T0", "incident": "I0", "team": "boat 2", "state": "done"}],
        "evacuation_runs": [
            {"code": "R0", "team": "B1", "number": 1, "state": "done", "households": ["H001"]}
        ],
        "shelter_stays": [
            {
                "code": "S0",
                "household": "H001",
                "place": "camping",
                "people": 3,
                "in_at": at,
                "out_at": at,
            }
        ],
        "event_log": [
            {
                "event": "E0",
                "at": at,
                "kind": "event",
                "code": "E0",
                "action": "open",
                "seen_by": "internal",
            },
            {
                "event": "E0",
                "at": at,
                "kind": "incident",
                "code": "I00",
                "action": "raise",
                "seen_by": "rescuers",
            },
        ],
        "event_words": [
            {"code": "white", "list": "flag", "word_th": "ธงขาว", "word_en": "White flag"}
        ],
        "incident_rules": [
            {"code": "night", "rule": "escalation", "enabled": True, "within_s": 600}
        ],
    }
