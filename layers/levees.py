"""Levees, walls and gates: lines that hold water back up to their crest."""

from layers.declare import code, moment, number, text
from layers.model import DESK, EVERYONE, INTERNAL, Freshness, GeometryKind, Layer, Zooms
from layers.style import Style, StyleClass, Symbol
from layers.text import Text

LAYER = Layer(
    id="levees",
    title=Text(th="คันกั้นน้ำ", en="Levees and gates"),
    description=Text(
        th="คัน กำแพง ถนน กระสอบทราย และบานประตูที่กั้นน้ำได้ถึงระดับสัน บานที่เปิดอยู่น้ำผ่านได้",
        en="Levees, walls, road banks, sandbags and gates that hold water up to their crest. Water "
        "passes an open gate.",
    ),
    geometry=GeometryKind.MULTILINESTRING,
    fields=(
        text("code", "รหัส", "Code", EVERYONE, required=True),
        text("name", "ชื่อ", "Name", EVERYONE),
        text(
            "kind",
            "ประเภท",
            "Kind",
            EVERYONE,
            codes=(
                code("levee", "คันดิน", "Levee"),
                code("wall", "กำแพง", "Wall"),
                code("road", "คันทาง", "Road bank"),
                code("sandbags", "แนวกระสอบทราย", "Sandbags"),
                code("gate", "บานประตู", "Gate"),
            ),
            in_tile=True,
        ),
        number("crest_m", "ระดับสัน", "Crest level", EVERYONE, unit="m MSL", minimum=None),
        text(
            "state",
            "สภาพ",
            "State",
            EVERYONE,
            codes=(
                code("closed", "ปิด กั้นน้ำอยู่", "Closed, holding"),
                code("open", "เปิด", "Open"),
                code("breached", "ขาด", "Breached"),
            ),
            in_tile=True,
        ),
        moment("checked_at", "ตรวจเมื่อ", "Checked at", EVERYONE),
        text("note", "หมายเหตุ", "Note", INTERNAL),
    ),
    natural_key=("code",),
    freshness=Freshness(days=365),
    audience=EVERYONE,
    editors=DESK,
    class_field="state",
    zooms=Zooms(min=11, max=18),
    style=Style(
        symbol=Symbol.LINE,
        order=16,
        field="state",
        classes=(
            StyleClass(
                key="through",
                label=Text(th="เปิดหรือขาด น้ำผ่านได้", en="Open or breached"),
                color="#b2182b",
                values=("open", "breached"),
                size=3,
                dash=(1.5, 1),
            ),
            StyleClass(
                key="other",
                label=Text(th="คันกั้นน้ำ", en="Levee or closed gate"),
                color="#5d4037",
                size=3,
            ),
        ),
    ),
)
