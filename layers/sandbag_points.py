"""Where sandbags are kept, filled or stacked, and how many."""

from layers.declare import code, integer, moment, number, text
from layers.model import DESK, EVERYONE, INTERNAL, GeometryKind, Layer, Zooms
from layers.style import Shape, Style, StyleClass, Symbol
from layers.text import Text

LAYER = Layer(
    id="sandbag_points",
    title=Text(th="จุดกระสอบทราย", en="Sandbag points"),
    description=Text(
        th="จุดเก็บ บรรจุ หรือวางแนวกระสอบทราย และจำนวนที่มี",
        en="Where sandbags are kept, filled or stacked, and how many.",
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
                code("available", "มีของ", "Sandbags to fetch"),
                code("low", "ใกล้หมด", "Few sandbags left"),
                code("empty", "หมด", "No sandbags left"),
                code("placed", "วางแนวแล้ว", "Sandbag wall"),
            ),
            in_tile=True,
        ),
        moment("status_at", "สถานะเมื่อ", "Status as of", EVERYONE),
        integer("bags", "จำนวนกระสอบ", "Bags", EVERYONE, maximum=1_000_000),
        number("crest_m", "ระดับสันแนว", "Top of the wall", EVERYONE, unit="m MSL"),
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
        order=35,
        field="status",
        label="name",
        label_min_zoom=15,
        classes=(
            StyleClass(
                key="available",
                label=Text(th="กระสอบทรายมีของ", en="Sandbags to fetch"),
                color="#7a4f00",
                outline="#ffffff",
                values=("available",),
                shape=Shape.SQUARE,
                size=13,
            ),
            StyleClass(
                key="low",
                label=Text(th="กระสอบทรายใกล้หมด", en="Few sandbags left"),
                color="#b26a00",
                outline="#ffffff",
                values=("low",),
                shape=Shape.TRIANGLE,
                size=13,
            ),
            StyleClass(
                key="empty",
                label=Text(th="กระสอบทรายหมด", en="No sandbags left"),
                color="#a3123a",
                outline="#ffffff",
                values=("empty",),
                shape=Shape.CROSS,
                size=13,
            ),
            StyleClass(
                key="placed",
                label=Text(th="กระสอบทรายวางแนวแล้ว", en="Sandbag wall"),
                color="#37474f",
                outline="#ffffff",
                values=("placed",),
                shape=Shape.DIAMOND,
                size=13,
            ),
        ),
    ),
)
