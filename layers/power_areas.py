"""Areas that lose power together, whether they have it, and what is planned."""

from layers.declare import code, moment, text
from layers.model import DESK, EVERYONE, INTERNAL, GeometryKind, Layer, Zooms
from layers.style import Style, StyleClass, Symbol
from layers.text import Text

LAYER = Layer(
    id="power_areas",
    title=Text(th="เขตจ่ายไฟ", en="Power areas"),
    description=Text(
        th="เขตที่ไฟฟ้าดับพร้อมกัน สถานะ และแผนตัดไฟ",
        en="Areas that lose power together, their state, and planned outages.",
    ),
    geometry=GeometryKind.MULTIPOLYGON,
    fields=(
        text("code", "รหัสเขต", "Code", EVERYONE, required=True),
        text("name", "ชื่อ", "Name", EVERYONE, in_tile=True),
        text(
            "state",
            "สถานะ",
            "State",
            EVERYONE,
            required=True,
            codes=(
                code("on", "มีไฟ", "On"),
                code("off", "ไฟดับ", "Off"),
                code("planned", "มีแผนตัดไฟ", "To be cut"),
            ),
            in_tile=True,
        ),
        moment("since", "ตั้งแต่", "Since", EVERYONE),
        moment("until", "ถึง", "Until", EVERYONE),
        text("note", "หมายเหตุ", "Note", INTERNAL),
    ),
    natural_key=("code",),
    audience=EVERYONE,
    editors=DESK,
    class_field="state",
    zooms=Zooms(min=10, max=18),
    style=Style(
        symbol=Symbol.FILL,
        order=14,
        visible=False,
        field="state",
        opacity=0.4,
        classes=(
            StyleClass(
                key="off",
                label=Text(th="ไฟดับ", en="Power off"),
                color="#37474f",
                values=("off",),
            ),
            StyleClass(
                key="planned",
                label=Text(th="มีแผนตัดไฟ", en="To be cut"),
                color="#d8b365",
                values=("planned",),
            ),
            StyleClass(
                key="on",
                label=Text(th="มีไฟ", en="Power on"),
                color="#cfd8dc",
            ),
        ),
    ),
)
