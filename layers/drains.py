"""Drains: whether water gets through."""

from layers.declare import code, moment, number, text
from layers.model import DESK, EVERYONE, INTERNAL, GeometryKind, Layer, Zooms
from layers.style import Style, StyleClass, Symbol
from layers.text import Text

LAYER = Layer(
    id="drains",
    title=Text(th="ท่อและรางระบายน้ำ", en="Drains"),
    description=Text(
        th="แนวท่อและรางระบายน้ำ น้ำไหลผ่านได้หรือไม่",
        en="Lines of pipes and channels, and whether water gets through.",
    ),
    geometry=GeometryKind.MULTILINESTRING,
    fields=(
        text("code", "รหัส", "Code", EVERYONE, required=True),
        text("name", "ชื่อ", "Name", EVERYONE, in_tile=True),
        text(
            "status",
            "สถานะ",
            "Status",
            EVERYONE,
            required=True,
            codes=(
                code("clear", "ไหลดี", "Clear"),
                code("slow", "ไหลช้า", "Slow"),
                code("blocked", "อุดตัน", "Blocked"),
                code("unknown", "ไม่ทราบ", "State not known"),
            ),
            in_tile=True,
        ),
        moment("status_at", "สถานะเมื่อ", "Status as of", EVERYONE),
        number("width_m", "ขนาด", "Size", EVERYONE, unit="m", minimum=0),
        number("invert_m", "ระดับท้องท่อ", "Invert", EVERYONE, unit="m MSL"),
        text("outlet", "ระบายลง", "Drains into", EVERYONE),
        text("note", "หมายเหตุ", "Note", INTERNAL),
    ),
    natural_key=("code",),
    audience=EVERYONE,
    editors=DESK,
    class_field="status",
    found_by_code=("code",),
    found_by_words=("name",),
    zooms=Zooms(min=11, max=18),
    style=Style(
        symbol=Symbol.LINE,
        order=13,
        field="status",
        classes=(
            StyleClass(
                key="clear",
                label=Text(th="ท่อระบายไหลดี", en="Drain clear"),
                color="#0b7a8a",
                values=("clear",),
                size=3,
            ),
            StyleClass(
                key="slow",
                label=Text(th="ท่อระบายไหลช้า", en="Drain slow"),
                color="#b26a00",
                values=("slow",),
                size=3,
                dash=(4.0, 2.0),
            ),
            StyleClass(
                key="blocked",
                label=Text(th="ท่อระบายอุดตัน", en="Drain blocked"),
                color="#a3123a",
                values=("blocked",),
                size=3,
                dash=(1.0, 1.5),
            ),
            StyleClass(
                key="unknown",
                label=Text(th="ท่อระบายไม่ทราบ", en="Drain, state not known"),
                color="#90a4ae",
                values=("unknown",),
                size=3,
                dash=(0.5, 2.0),
            ),
        ),
    ),
)
