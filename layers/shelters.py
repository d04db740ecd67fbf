"""Emergency shelters: where people go, what they will find there, how many fit."""

from layers.declare import integer, text, yes_no
from layers.model import DESK, EVERYONE, INTERNAL, Freshness, GeometryKind, Layer, Zooms
from layers.style import Shape, Style, StyleClass, Symbol
from layers.text import Text

LAYER = Layer(
    id="shelters",
    title=Text(th="ศูนย์พักพิง", en="Shelters"),
    description=Text(
        th="ศูนย์พักพิงชั่วคราวและความจุ", en="Temporary shelters and how many people they hold."
    ),
    geometry=GeometryKind.POINT,
    fields=(
        text("code", "รหัสศูนย์", "Code", EVERYONE, required=True),
        text("name", "ชื่อศูนย์พักพิง", "Name", EVERYONE, in_tile=True),
        text("address", "ที่ตั้ง", "Address", EVERYONE),
        integer("capacity", "ความจุ (คน)", "Capacity (people)", EVERYONE),
        yes_no("open", "เปิดอยู่", "Open", EVERYONE),
        integer("occupancy", "จำนวนคนขณะนี้", "Occupancy", INTERNAL),
        integer("toilets", "ห้องน้ำ", "Toilets", EVERYONE),
        yes_no("water", "น้ำใช้", "Water", EVERYONE),
        yes_no("power", "ไฟฟ้า", "Power", EVERYONE),
        yes_no("ramp", "ทางลาด", "Ramp", EVERYONE),
        yes_no("kitchen", "ครัว", "Kitchen", EVERYONE),
        yes_no("pets", "รับสัตว์เลี้ยง", "Pets allowed", EVERYONE),
        text("phone", "โทรศัพท์", "Phone", INTERNAL),
        integer("plan_order", "ลำดับในแผน", "Order in the community's plan", INTERNAL, minimum=1),
    ),
    natural_key=("code",),
    freshness=Freshness(days=180),
    found_by_code=("code",),
    found_by_words=("name", "address"),
    audience=EVERYONE,
    editors=DESK,
    zooms=Zooms(min=10, max=18),
    style=Style(
        symbol=Symbol.MARKER,
        order=42,
        label="name",
        label_min_zoom=14.5,
        classes=(
            StyleClass(
                key="shelter",
                label=Text(th="ศูนย์พักพิง", en="Shelter"),
                color="#1b6e53",
                outline="#ffffff",
                shape=Shape.HOUSE,
                size=15,
            ),
        ),
    ),
)
