"""Ordered stops of a refuse route, with the accounts each serves."""

from layers.declare import integer, text
from layers.model import EVERYONE, INTERNAL, Freshness, GeometryKind, Layer, Zooms
from layers.style import Shape, Style, StyleClass, Symbol
from layers.text import Text

LAYER = Layer(
    id="waste_stops",
    title=Text(th="จุดเก็บขยะ", en="Waste stops"),
    description=Text(
        th="จุดจอดเก็บขยะเรียงลำดับตามเส้นทาง", en="Collection stops in the order of their route."
    ),
    geometry=GeometryKind.POINT,
    fields=(
        text("code", "รหัสจุดเก็บ", "Code", EVERYONE, required=True),
        text("route_code", "เส้นทาง", "Route", EVERYONE, required=True, references="waste_routes"),
        integer("seq", "ลำดับ", "Order", EVERYONE, minimum=1),
        integer("accounts_served", "จำนวนผู้ใช้บริการ", "Accounts served", INTERNAL),
    ),
    natural_key=("code",),
    freshness=Freshness(days=180),
    audience=EVERYONE,
    zooms=Zooms(min=14, max=18),
    style=Style(
        symbol=Symbol.MARKER,
        order=31,
        visible=False,
        classes=(
            StyleClass(
                key="stop",
                label=Text(th="จุดเก็บขยะ", en="Waste stop"),
                color="#7a5195",
                outline="#ffffff",
                shape=Shape.CIRCLE,
                size=6,
            ),
        ),
    ),
)
