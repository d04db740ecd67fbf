"""Pumps against the flood: running, failed, how much fuel is left."""

from layers.declare import code, integer, moment, number, text
from layers.model import DESK, EVERYONE, INTERNAL, GeometryKind, Layer, Zooms
from layers.style import Shape, Style, StyleClass, Symbol
from layers.text import Text

LAYER = Layer(
    id="pumps",
    title=Text(th="เครื่องสูบน้ำ", en="Pumps"),
    description=Text(
        th="เครื่องสูบน้ำ เดินอยู่ พร้อม หรือเสีย และน้ำมันที่เหลือ",
        en="Pumps: running, ready or failed, and the fuel that is left.",
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
                code("running", "กำลังสูบ", "Running"),
                code("ready", "พร้อม", "Ready"),
                code("no_fuel", "น้ำมันหมด", "Without fuel"),
                code("failed", "เสีย", "Failed"),
                code("unknown", "ไม่ทราบ", "State not known"),
            ),
            in_tile=True,
        ),
        moment("status_at", "สถานะเมื่อ", "Status as of", EVERYONE),
        text(
            "driven_by",
            "กำลังจาก",
            "Driven by",
            EVERYONE,
            codes=(code("diesel", "ดีเซล", "Diesel"), code("electric", "ไฟฟ้า", "Electricity")),
        ),
        number("capacity_m3h", "กำลังสูบ", "Capacity", EVERYONE, unit="m3/h", minimum=0),
        integer("fuel_percent", "น้ำมันเหลือ", "Fuel left", EVERYONE, unit="%", maximum=100),
        number("fuel_hours", "สูบต่อได้อีก", "Runs for", EVERYONE, unit="h", minimum=0),
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
        order=34,
        field="status",
        label="name",
        label_min_zoom=15,
        classes=(
            StyleClass(
                key="running",
                label=Text(th="เครื่องสูบกำลังสูบ", en="Pump running"),
                color="#0b4f8a",
                outline="#ffffff",
                values=("running",),
                shape=Shape.CIRCLE,
                size=13,
            ),
            StyleClass(
                key="ready",
                label=Text(th="เครื่องสูบพร้อม", en="Pump ready"),
                color="#1b6e53",
                outline="#ffffff",
                values=("ready",),
                shape=Shape.TRIANGLE,
                size=13,
            ),
            StyleClass(
                key="no_fuel",
                label=Text(th="เครื่องสูบน้ำมันหมด", en="Pump without fuel"),
                color="#b26a00",
                outline="#ffffff",
                values=("no_fuel",),
                shape=Shape.DIAMOND,
                size=13,
            ),
            StyleClass(
                key="failed",
                label=Text(th="เครื่องสูบเสีย", en="Pump failed"),
                color="#a3123a",
                outline="#ffffff",
                values=("failed",),
                shape=Shape.CROSS,
                size=13,
            ),
            StyleClass(
                key="unknown",
                label=Text(th="เครื่องสูบไม่ทราบ", en="Pump, state not known"),
                color="#90a4ae",
                outline="#ffffff",
                values=("unknown",),
                shape=Shape.SQUARE,
                size=13,
            ),
        ),
    ),
)
