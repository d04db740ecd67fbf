"""Flood gates and weirs: whether they are open, and since when that is known."""

from layers.declare import code, integer, moment, number, text
from layers.model import DESK, EVERYONE, INTERNAL, GeometryKind, Layer, Zooms
from layers.style import Shape, Style, StyleClass, Symbol
from layers.text import Text

LAYER = Layer(
    id="gates",
    title=Text(th="ประตูระบายน้ำ", en="Flood gates"),
    description=Text(
        th="ประตูระบายน้ำและฝาย เปิดหรือปิด ตามที่ตรวจครั้งล่าสุด",
        en="Flood gates and weirs, open or closed as last looked at.",
    ),
    geometry=GeometryKind.POINT,
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
                code("open", "เปิด", "Open"),
                code("partly", "เปิดบางส่วน", "Partly open"),
                code("closed", "ปิด", "Closed"),
                code("failed", "ชำรุด", "Out of order"),
                code("unknown", "ไม่ทราบ", "State not known"),
            ),
            in_tile=True,
        ),
        moment("status_at", "สถานะเมื่อ", "Status as of", EVERYONE),
        integer("open_percent", "เปิดกี่ส่วนร้อย", "Open", EVERYONE, unit="%", maximum=100),
        number("sill_m", "ระดับธรณี", "Sill", EVERYONE, unit="m MSL"),
        text("operator", "ผู้ดูแล", "Operator", EVERYONE),
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
        symbol=Symbol.MARKER,
        order=33,
        field="status",
        label="name",
        label_min_zoom=15,
        classes=(
            StyleClass(
                key="open",
                label=Text(th="ประตูน้ำเปิด", en="Gate open"),
                color="#1b6e53",
                outline="#ffffff",
                values=("open",),
                shape=Shape.SQUARE,
                size=13,
            ),
            StyleClass(
                key="partly",
                label=Text(th="ประตูน้ำเปิดบางส่วน", en="Gate partly open"),
                color="#b26a00",
                outline="#ffffff",
                values=("partly",),
                shape=Shape.DIAMOND,
                size=13,
            ),
            StyleClass(
                key="closed",
                label=Text(th="ประตูน้ำปิด", en="Gate closed"),
                color="#37474f",
                outline="#ffffff",
                values=("closed",),
                shape=Shape.SQUARE,
                size=13,
            ),
            StyleClass(
                key="failed",
                label=Text(th="ประตูน้ำชำรุด", en="Gate out of order"),
                color="#a3123a",
                outline="#ffffff",
                values=("failed",),
                shape=Shape.CROSS,
                size=13,
            ),
            StyleClass(
                key="unknown",
                label=Text(th="ประตูน้ำไม่ทราบ", en="Gate, state not known"),
                color="#90a4ae",
                outline="#ffffff",
                values=("unknown",),
                shape=Shape.CIRCLE,
                size=13,
            ),
        ),
    ),
)
