"""Refuse collection routes: a line along the roads, weekdays and a start time."""

from layers.declare import code, text, text_list
from layers.model import EVERYONE, INTERNAL, Freshness, GeometryKind, Layer, Zooms
from layers.style import Style, StyleClass, Symbol
from layers.text import Text

WEEKDAYS = (
    code("mon", "จันทร์", "Monday"),
    code("tue", "อังคาร", "Tuesday"),
    code("wed", "พุธ", "Wednesday"),
    code("thu", "พฤหัสบดี", "Thursday"),
    code("fri", "ศุกร์", "Friday"),
    code("sat", "เสาร์", "Saturday"),
    code("sun", "อาทิตย์", "Sunday"),
)

LAYER = Layer(
    id="waste_routes",
    title=Text(th="เส้นทางเก็บขยะ", en="Waste routes"),
    description=Text(
        th="เส้นทางรถเก็บขยะตามวันและเวลา",
        en="Refuse lorry routes by weekday and start time.",
    ),
    geometry=GeometryKind.MULTILINESTRING,
    fields=(
        text("code", "รหัสเส้นทาง", "Code", EVERYONE, required=True),
        text("name", "ชื่อเส้นทาง", "Name", EVERYONE, in_tile=True),
        text_list("weekdays", "วันที่เก็บ", "Weekdays", EVERYONE, codes=WEEKDAYS),
        text("start_time", "เวลาเริ่ม", "Start time", EVERYONE),
        text("vehicle", "รถ", "Vehicle", INTERNAL),
    ),
    natural_key=("code",),
    freshness=Freshness(days=180),
    found_by_code=("code",),
    found_by_words=("name",),
    audience=EVERYONE,
    zooms=Zooms(min=11, max=18),
    style=Style(
        symbol=Symbol.LINE,
        order=22,
        visible=False,
        opacity=0.9,
        label="name",
        label_min_zoom=14,
        classes=(
            StyleClass(
                key="route",
                label=Text(th="เส้นทางเก็บขยะ", en="Waste route"),
                color="#7a5195",
                size=2.4,
            ),
        ),
    ),
)
