"""Houses: one entrance point each, with the floor height that decides the depth indoors."""

from layers.declare import code, integer, number, text
from layers.model import INTERNAL, Freshness, GeometryKind, Layer, Zooms
from layers.style import Shape, Style, StyleClass, Symbol
from layers.text import Text

LAYER = Layer(
    id="houses",
    title=Text(th="บ้าน", en="Houses"),
    description=Text(
        th="จุดทางเข้าบ้าน ความสูงพื้นบ้านเหนือดินที่ไม่ทราบถือว่าไม่ทราบ ไม่ใช่ศูนย์",
        en="Entrance point of each house. An unknown floor height is unknown, never 0.",
    ),
    geometry=GeometryKind.POINT,
    fields=(
        text("house_code", "รหัสประจำบ้าน", "House code (11 digits)", INTERNAL),
        text("house_no", "บ้านเลขที่", "House no.", INTERNAL),
        text("moo", "หมู่", "Moo", INTERNAL),
        text("community", "ชุมชน", "Community", INTERNAL, references="communities"),
        text("lane", "ซอย ถนน", "Lane", INTERNAL),
        text("landmark", "จุดสังเกต", "Landmark", INTERNAL),
        text("parcel_code", "รหัสแปลง", "Parcel", INTERNAL, references="parcels"),
        integer("storeys", "จำนวนชั้น", "Storeys", INTERNAL, minimum=1, maximum=60),
        number(
            "floor_height_m",
            "พื้นบ้านสูงจากดิน",
            "Floor above ground",
            INTERNAL,
            unit="m",
            minimum=0,
            maximum=10,
        ),
        text(
            "floor_height_source",
            "ที่มาของความสูงพื้น",
            "Source of the floor height",
            INTERNAL,
            codes=(
                code("survey", "สำรวจ", "Survey"),
                code("estimate", "ประมาณจากแบบบ้าน", "Estimated from the house type"),
                code("owner", "เจ้าของบ้านแจ้ง", "Told by the owner"),
            ),
        ),
        number("ground_m", "ระดับดินที่บ้าน", "Ground level", INTERNAL, unit="m MSL"),
        text("meter_no", "เลขมิเตอร์ไฟฟ้า", "Electricity meter"),
    ),
    natural_key=("house_code",),
    freshness=Freshness(days=365),
    found_by_code=("house_code", "house_no", "meter_no"),
    found_by_words=("lane", "landmark"),
    audience=INTERNAL,
    zooms=Zooms(min=10, max=18, cells_below=15),
    style=Style(
        symbol=Symbol.MARKER,
        order=30,
        visible=False,
        classes=(
            StyleClass(
                key="house",
                label=Text(th="บ้าน", en="House"),
                color="#5b6875",
                outline="#ffffff",
                shape=Shape.SQUARE,
                size=5,
            ),
        ),
    ),
)
