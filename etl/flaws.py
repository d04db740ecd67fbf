"""What GEOS says is wrong with a shape, in both languages, with its place. Pure."""

import re

from layers.text import Text

_PLACED = re.compile(r"(.*?)\s*\[(\S+) (\S+)\]")

_NAMES: dict[str, tuple[str, Text]] = {
    "Self-intersection": (
        "self_intersection",
        Text(th="เส้นขอบตัดกันเอง", en="the outline crosses itself"),
    ),
    "Ring Self-intersection": (
        "ring_self_intersection",
        Text(th="วงแตะหรือทับตัวเอง", en="a ring touches itself"),
    ),
    "Hole lies outside shell": (
        "hole_outside",
        Text(th="รูอยู่นอกขอบนอก", en="a hole lies outside its shell"),
    ),
    "Holes are nested": ("nested_holes", Text(th="รูซ้อนอยู่ในรู", en="a hole lies within a hole")),
    "Nested shells": (
        "nested_shells",
        Text(th="ส่วนหนึ่งซ้อนอยู่ในอีกส่วน", en="one part lies within another"),
    ),
    "Interior is disconnected": (
        "interior_disconnected",
        Text(th="เนื้อในขาดจากกัน", en="the interior falls apart"),
    ),
    "Duplicate Rings": ("duplicate_rings", Text(th="วงซ้ำกัน", en="a ring is there twice")),
    "Too few points in geometry component": (
        "too_few_points",
        Text(th="จุดไม่พอเป็นรูป", en="too few points to make the shape"),
    ),
    "Invalid Coordinate": (
        "invalid_coordinate",
        Text(th="พิกัดไม่ใช่ตัวเลข", en="a coordinate is no number"),
    ),
    "Ring is not closed": ("unclosed_ring", Text(th="วงไม่ปิด", en="a ring is not closed")),
}
"""GEOS's reasons -> our machine word and what people call it."""


def parse(reason: str) -> tuple[str, tuple[float, float] | None]:
    """GEOS's reason and its place: `Self-intersection[5 5]` -> that name and (5.0, 5.0)."""
    found = _PLACED.fullmatch(reason.strip())
    if found is None:
        return reason.strip(), None
    try:
        return found[1], (float(found[2]), float(found[3]))
    except ValueError:
        return found[1], None


def word(reason: str) -> str:
    """Our machine word of a GEOS reason."""
    return _NAMES[reason][0] if reason in _NAMES else "invalid"


def name(reason: str) -> Text:
    """A reason in both languages; GEOS's own word beside it, for whoever looks it up."""
    known = _NAMES.get(reason)
    if known is None:
        return Text(th=f"รูปผิด ({reason})", en=f"invalid ({reason})")
    return Text(th=f"{known[1].th} ({reason})", en=f"{known[1].en} ({reason})")


def place_text(place: tuple[float, float] | None) -> str:
    """`524050.00, 1685050.00`, or seven decimals for degrees; empty when there is none."""
    if place is None:
        return ""
    digits = 7 if max(abs(place[0]), abs(place[1])) <= 360 else 2  # noqa: PLR2004 - degrees
    return f"{place[0]:.{digits}f}, {place[1]:.{digits}f}"
