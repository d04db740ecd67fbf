"""Facilities: schools, temples, clinics, fire stations, markets, offices."""

from layers.declare import code, text
from layers.model import EVERYONE, INTERNAL, Freshness, GeometryKind, Layer, Zooms
from layers.style import Shape, Style, StyleClass, Symbol
from layers.text import Text

LAYER = Layer(
    id="facilities",
    title=Text(th="สถานที่สำคัญ", en="Facilities"),
    description=Text(
        th="โรงเรียน วัด สถานพยาบาล ตลาด และสถานที่ราชการ",
        en="Schools, temples, health centres, markets and government offices.",
    ),
    geometry=GeometryKind.POINT,
    fields=(
        text("code", "รหัสสถานที่", "Code", EVERYONE, required=True),
        text("name", "ชื่อสถานที่", "Name", EVERYONE, in_tile=True),
        text(
            "kind",
            "ประเภท",
            "Kind",
            EVERYONE,
            codes=(
                code("hospital", "โรงพยาบาล", "Hospital"),
                code("clinic", "สถานีอนามัย คลินิก", "Health centre or clinic"),
                code("school", "โรงเรียน", "School"),
                code("temple", "วัด ศาสนสถาน", "Temple or place of worship"),
                code("fire_station", "สถานีดับเพลิง", "Fire station"),
                code("police", "สถานีตำรวจ", "Police station"),
                code("market", "ตลาด", "Market"),
                code("government", "สถานที่ราชการ", "Government office"),
                code("utility", "สาธารณูปโภค", "Utility"),
                code("other", "อื่น ๆ", "Other"),
            ),
            in_tile=True,
        ),
        text("address", "ที่ตั้ง", "Address", EVERYONE),
        text("phone", "โทรศัพท์", "Phone", INTERNAL),
    ),
    natural_key=("code",),
    freshness=Freshness(days=365),
    found_by_code=("code",),
    found_by_words=("name", "address"),
    audience=EVERYONE,
    class_field="kind",
    zooms=Zooms(min=12, max=18),
    style=Style(
        symbol=Symbol.MARKER,
        order=40,
        field="kind",
        label="name",
        label_min_zoom=15.5,
        classes=(
            StyleClass(
                key="health",
                label=Text(th="สถานพยาบาล", en="Health care"),
                color="#a12c4b",
                outline="#ffffff",
                values=("hospital", "clinic"),
                shape=Shape.CROSS,
                size=12,
            ),
            StyleClass(
                key="rescue",
                label=Text(th="ดับเพลิง ตำรวจ", en="Fire and police"),
                color="#7f0000",
                outline="#ffffff",
                values=("fire_station", "police"),
                shape=Shape.TRIANGLE,
                size=11,
            ),
            StyleClass(
                key="school",
                label=Text(th="โรงเรียน", en="School"),
                color="#4c6a92",
                outline="#ffffff",
                values=("school",),
                shape=Shape.SQUARE,
                size=9,
            ),
            StyleClass(
                key="temple",
                label=Text(th="วัด ศาสนสถาน", en="Temple"),
                color="#9a7b2f",
                outline="#ffffff",
                values=("temple",),
                shape=Shape.DIAMOND,
                size=10,
            ),
            StyleClass(
                key="other",
                label=Text(th="ตลาด ราชการ อื่น ๆ", en="Market, government, other"),
                color="#6b7a88",
                outline="#ffffff",
                shape=Shape.CIRCLE,
                size=8,
            ),
        ),
    ),
)
