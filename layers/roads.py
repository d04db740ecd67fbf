"""Road centrelines: the network people, boats' trailers and refuse lorries move on."""

from layers.declare import code, integer, number, text, yes_no
from layers.model import EVERYONE, Freshness, GeometryKind, Layer, Zooms
from layers.style import Style, StyleClass, Symbol
from layers.text import Text

LAYER = Layer(
    id="roads",
    title=Text(th="ถนน", en="Roads"),
    description=Text(
        th="แนวกลางถนน ต่อกันเป็นโครงข่าย พร้อมระดับผิวทาง",
        en="Centrelines joined into a network, with the level of their surface.",
    ),
    geometry=GeometryKind.MULTILINESTRING,
    fields=(
        text("code", "รหัสถนน", "Code", EVERYONE),
        text(
            "class",
            "ชั้นทาง",
            "Class",
            EVERYONE,
            codes=(
                code("trunk", "ทางหลวง", "Highway"),
                code("primary", "ถนนสายหลัก", "Main road"),
                code("secondary", "ถนนสายรอง", "Secondary road"),
                code("residential", "ถนนในชุมชน", "Local street"),
                code("service", "ซอย ทางเข้า", "Lane"),
                code("track", "ทางลำลอง", "Track"),
            ),
            in_tile=True,
        ),
        text("name", "ชื่อถนน", "Name", EVERYONE, in_tile=True),
        text(
            "oneway",
            "เดินรถทางเดียว",
            "One-way",
            EVERYONE,
            codes=(
                code("no", "สองทาง", "Both ways"),
                code("forward", "ตามแนวเส้น", "Along the line"),
                code("backward", "สวนแนวเส้น", "Against the line"),
            ),
        ),
        number("speed_kmh", "ความเร็ว", "Speed", EVERYONE, unit="km/h", minimum=0, maximum=150),
        number("surface_level_m", "ระดับผิวทาง", "Surface level", EVERYONE, unit="m MSL"),
        yes_no("bridge", "สะพาน", "Bridge", EVERYONE),
        integer(
            "level",
            "ชั้นของทาง",
            "Level",
            EVERYONE,
            minimum=-10,
            maximum=10,
            note=Text(
                th="0 คือระดับดิน เส้นต่างชั้นที่ตัดกันไม่เชื่อมกัน",
                en="0 is the ground; lines of different level that cross do not join.",
            ),
        ),
    ),
    natural_key=("code",),
    freshness=Freshness(days=365),
    found_by_code=("code",),
    found_by_words=("name",),
    audience=EVERYONE,
    class_field="class",
    zooms=Zooms(min=11, max=18),
    style=Style(
        symbol=Symbol.LINE,
        order=10,
        field="class",
        label="name",
        label_min_zoom=15,
        classes=(
            StyleClass(
                key="main",
                label=Text(th="ทางหลวงและถนนหลัก", en="Highways and main roads"),
                color="#ffffff",
                outline="#8c98a4",
                values=("trunk", "primary"),
                size=4,
            ),
            StyleClass(
                key="secondary",
                label=Text(th="ถนนสายรอง", en="Secondary roads"),
                color="#ffffff",
                outline="#a7b1ba",
                values=("secondary",),
                size=2.8,
            ),
            StyleClass(
                key="local",
                label=Text(th="ถนนในชุมชน ซอย", en="Local streets and lanes"),
                color="#ffffff",
                outline="#c3cad1",
                size=1.6,
            ),
        ),
    ),
)
