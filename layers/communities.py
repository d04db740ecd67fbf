"""Communities (ชุมชน): the unit towns report by. In no national list; the town draws them."""

from layers.declare import integer, text
from layers.model import EVERYONE, Freshness, GeometryKind, Layer, Zooms
from layers.style import Style, StyleClass, Symbol
from layers.text import Text

LAYER = Layer(
    id="communities",
    title=Text(th="ชุมชน", en="Communities"),
    description=Text(
        th="เขตชุมชนในเทศบาล หน่วยที่เทศบาลใช้รายงาน",
        en="Community areas, the unit the town reports by.",
    ),
    geometry=GeometryKind.MULTIPOLYGON,
    fields=(
        text("code", "รหัสชุมชน", "Code", EVERYONE, required=True),
        text("name", "ชื่อชุมชน", "Name", EVERYONE, in_tile=True),
        text("name_en", "ชื่ออังกฤษ", "Name (English)", EVERYONE, in_tile=True),
        text("leader", "ประธานชุมชน", "Leader", personal=True),
        integer("households_registered", "ครัวเรือนตามทะเบียน", "Registered households", EVERYONE),
    ),
    natural_key=("code",),
    freshness=Freshness(days=365),
    coverage=True,
    found_by_code=("code",),
    found_by_words=("name", "name_en"),
    audience=EVERYONE,
    zooms=Zooms(min=11, max=18),
    style=Style(
        symbol=Symbol.LINE,
        order=18,
        label="name",
        label_en="name_en",
        label_min_zoom=12.5,
        classes=(
            StyleClass(
                key="community",
                label=Text(th="เขตชุมชน", en="Community"),
                color="#6b7a88",
                size=0.9,
                dash=(2, 2),
            ),
        ),
    ),
)
