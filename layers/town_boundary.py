"""The municipality's own boundary."""

from layers.declare import text
from layers.model import EVERYONE, GeometryKind, Layer, Zooms
from layers.style import Style, StyleClass, Symbol
from layers.text import Text

LAYER = Layer(
    id="town_boundary",
    title=Text(th="เขตเทศบาล", en="Town boundary"),
    description=Text(
        th="แนวเขตเทศบาล ไม่ตรงกับเขตตำบลเสมอไป",
        en="The municipality's boundary; it need not equal a tambon.",
    ),
    geometry=GeometryKind.MULTIPOLYGON,
    fields=(
        text("code", "รหัสเขต", "Code", EVERYONE, required=True),
        text("name_th", "ชื่อ", "Name (Thai)", EVERYONE),
        text("name_en", "ชื่ออังกฤษ", "Name (English)", EVERYONE),
    ),
    natural_key=("code",),
    audience=EVERYONE,
    zooms=Zooms(min=6, max=18),
    style=Style(
        symbol=Symbol.LINE,
        order=20,
        classes=(
            StyleClass(
                key="boundary",
                label=Text(th="แนวเขตเทศบาล", en="Municipal boundary"),
                color="#15202b",
                size=1.6,
                dash=(4, 2, 1, 2),
            ),
        ),
    ),
)
