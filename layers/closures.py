"""Closed roads: a point on each stretch nobody may use, until it is lifted."""

from layers.declare import code, moment, text, yes_no
from layers.model import DESK, EVERYONE, INTERNAL, GeometryKind, Layer, Zooms
from layers.style import Shape, Style, StyleClass, Symbol
from layers.text import Text

LAYER = Layer(
    id="closures",
    title=Text(th="จุดปิดถนน", en="Road closures"),
    description=Text(
        th="ถนนที่ปิด จุดหนึ่งต่อช่วงที่ปิด หรือทั้งสายเมื่อระบุ การหาเส้นทางไม่ใช้ถนนที่ปิด",
        en="Closed roads: a point on each closed stretch, or all of a road where said. No way is "
        "led over one.",
    ),
    geometry=GeometryKind.POINT,
    fields=(
        text("code", "รหัส", "Code", EVERYONE, required=True),
        text(
            "status",
            "สถานะ",
            "Status",
            EVERYONE,
            required=True,
            codes=(
                code("closed", "ปิด", "Closed"),
                code("planned", "จะปิด", "To be closed"),
                code("lifted", "เปิดแล้ว", "Open again"),
            ),
            in_tile=True,
        ),
        text(
            "cause",
            "สาเหตุ",
            "Cause",
            EVERYONE,
            codes=(
                code("flood", "น้ำท่วม", "Flood"),
                code("bridge", "สะพานหรือคอสะพานชำรุด", "Damaged bridge or approach"),
                code("tree", "ต้นไม้ล้ม", "Fallen tree"),
                code("power_line", "สายไฟหรือเสาล้ม", "Fallen power line"),
                code("accident", "อุบัติเหตุ", "Accident"),
                code("works", "งานก่อสร้าง", "Works"),
                code("order", "คำสั่งปิด", "By order"),
                code("other", "อื่น ๆ", "Other"),
            ),
        ),
        text("road_code", "รหัสถนน", "Road", EVERYONE, references="roads"),
        yes_no("whole_road", "ปิดทั้งสาย", "The whole road", EVERYONE),
        moment("since", "ตั้งแต่", "Since", EVERYONE),
        moment("until", "ถึง", "Until", EVERYONE),
        text("note", "หมายเหตุ", "Note", INTERNAL),
    ),
    natural_key=("code",),
    audience=EVERYONE,
    editors=DESK,
    class_field="status",
    zooms=Zooms(min=11, max=18),
    style=Style(
        symbol=Symbol.MARKER,
        order=36,
        field="status",
        classes=(
            StyleClass(
                key="closed",
                label=Text(th="ถนนปิด", en="Road closed"),
                color="#7f0000",
                outline="#ffffff",
                values=("closed",),
                shape=Shape.SQUARE,
                size=13,
            ),
            StyleClass(
                key="other",
                label=Text(th="จะปิดหรือเปิดแล้ว", en="To be closed, or open again"),
                color="#90a4ae",
                outline="#3c4852",
                shape=Shape.SQUARE,
                size=10,
            ),
        ),
    ),
)
