"""Building footprints: what stands where, how many storeys, as ground for every map."""

from layers.declare import code, integer, number, text
from layers.model import EVERYONE, Freshness, GeometryKind, Layer, Zooms
from layers.style import Style, StyleClass, Symbol
from layers.text import Text

LAYER = Layer(
    id="buildings",
    title=Text(th="อาคาร", en="Buildings"),
    description=Text(
        th="รูปแปลนอาคาร ชนิด และความสูง ไม่บอกว่าใครอยู่ในนั้น",
        en="Footprints of buildings, their kind and height; nothing of who lives in them.",
    ),
    geometry=GeometryKind.MULTIPOLYGON,
    fields=(
        text(
            "code",
            "รหัสอาคาร",
            "Code",
            EVERYONE,
            required=True,
            note=Text(
                th="รหัสในแหล่งข้อมูล เช่น way/1234 ของ OpenStreetMap",
                en="The source's own id, such as OpenStreetMap's way/1234.",
            ),
        ),
        text("name", "ชื่ออาคาร", "Name", EVERYONE),
        text(
            "kind",
            "ชนิด",
            "Kind",
            EVERYONE,
            codes=(
                code("residential", "ที่อยู่อาศัย", "Residential"),
                code("commercial", "การค้า", "Commercial"),
                code("industrial", "โรงงาน โกดัง", "Industry or storage"),
                code("public", "ราชการ สาธารณะ", "Government or public"),
                code("education", "สถานศึกษา", "School or college"),
                code("health", "สถานพยาบาล", "Health care"),
                code("religious", "ศาสนสถาน", "Place of worship"),
                code("farm", "เกษตร", "Farm building"),
                code("other", "อื่น ๆ", "Other"),
            ),
            in_tile=True,
        ),
        integer("storeys", "จำนวนชั้น", "Storeys", EVERYONE, minimum=1, maximum=200),
        number(
            "height_m",
            "ความสูงจากดิน",
            "Height above ground",
            EVERYONE,
            unit="m",
            minimum=0,
            maximum=900,
        ),
    ),
    natural_key=("code",),
    freshness=Freshness(days=365),
    audience=EVERYONE,
    class_field="kind",
    zooms=Zooms(min=12, max=18, cells_below=15),
    style=Style(
        symbol=Symbol.FILL,
        order=6,
        visible=False,
        opacity=0.9,
        field="kind",
        classes=(
            StyleClass(
                key="residential",
                label=Text(th="ที่อยู่อาศัย", en="Residential"),
                color="#c9c1b4",
                outline="#a49a8a",
                values=("residential",),
            ),
            StyleClass(
                key="trade",
                label=Text(th="การค้า โรงงาน", en="Trade and industry"),
                color="#b9b1bd",
                outline="#938a99",
                values=("commercial", "industrial"),
            ),
            StyleClass(
                key="public",
                label=Text(
                    th="ราชการ โรงเรียน สถานพยาบาล วัด", en="Public, schools, health, worship"
                ),
                color="#a9b8ac",
                outline="#7f9184",
                values=("public", "education", "health", "religious"),
            ),
            StyleClass(
                key="other",
                label=Text(th="อื่น ๆ", en="Other"),
                color="#c8cbce",
                outline="#a3a8ad",
            ),
        ),
    ),
)
