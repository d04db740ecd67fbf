"""Permanent water: rivers, canals, ponds and the sea, as ground for every map."""

from layers.declare import code, text
from layers.model import EVERYONE, Freshness, GeometryKind, Layer, Zooms
from layers.style import Style, StyleClass, Symbol
from layers.text import Text

LAYER = Layer(
    id="water",
    title=Text(th="แหล่งน้ำ", en="Water"),
    description=Text(
        th="แม่น้ำ คลอง บึง และทะเลตามปกติ ไม่ใช่น้ำท่วม",
        en="Rivers, canals, ponds and the sea in normal times; not flood water.",
    ),
    geometry=GeometryKind.MULTIPOLYGON,
    fields=(
        text("code", "รหัสแหล่งน้ำ", "Code", EVERYONE, required=True),
        text("name", "ชื่อ", "Name", EVERYONE, in_tile=True),
        text(
            "kind",
            "ประเภท",
            "Kind",
            EVERYONE,
            codes=(
                code("river", "แม่น้ำ", "River"),
                code("canal", "คลอง", "Canal"),
                code("pond", "บึง สระ", "Pond"),
                code("sea", "ทะเล", "Sea"),
            ),
        ),
    ),
    natural_key=("code",),
    freshness=Freshness(days=1825),
    found_by_words=("name",),
    audience=EVERYONE,
    class_field="kind",
    zooms=Zooms(min=8, max=18),
    style=Style(
        symbol=Symbol.FILL,
        order=1,
        outline_width=0,
        label="name",
        label_min_zoom=13,
        classes=(
            StyleClass(
                key="water",
                label=Text(th="แหล่งน้ำปกติ", en="Permanent water"),
                color="#cfd8e0",
            ),
        ),
    ),
)
