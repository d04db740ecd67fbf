"""Land parcels of the tax map (แผนที่ภาษี), with what the deed and the tax roll say of them."""

from layers.declare import code, integer, number, text
from layers.model import (
    EVERYONE,
    INTERNAL,
    REGISTRY,
    Freshness,
    GeometryKind,
    Layer,
    Zooms,
)
from layers.style import Style, StyleClass, Symbol
from layers.text import Text

USES = (
    code("agriculture", "เกษตรกรรม", "Agriculture"),
    code("residential", "อยู่อาศัย", "Residential"),
    code("commercial", "พาณิชย์และอื่น ๆ", "Commercial and other"),
    code("vacant", "ว่างเปล่า", "Vacant"),
    code("public", "ที่สาธารณะและราชการ", "Public and government"),
)
"""Uses: the four of the Land and Building Tax Act 2562, and land outside the tax."""

LAYER = Layer(
    id="parcels",
    title=Text(th="แปลงที่ดิน", en="Parcels"),
    description=Text(
        th="แปลงที่ดินตามแผนที่ภาษี เนื้อที่ตามโฉนดกับเนื้อที่จากรูปแปลงต่างกันได้ จึงเก็บทั้งสองค่า",
        en="Tax-map parcels. Deed area and polygon area differ in law, so both are kept.",
    ),
    geometry=GeometryKind.MULTIPOLYGON,
    fields=(
        text("code", "รหัสแปลง", "Tax-map code", EVERYONE),
        text("deed_type", "ประเภทเอกสารสิทธิ", "Deed type", INTERNAL),
        text("deed_no", "เลขที่เอกสารสิทธิ", "Deed no.", INTERNAL),
        text("sheet", "ระวาง", "Map sheet", INTERNAL),
        text("land_no", "เลขที่ดิน", "Land no.", INTERNAL),
        text("survey_page", "หน้าสำรวจ", "Survey page", INTERNAL),
        text("tambon_code", "รหัสตำบล", "Tambon code", EVERYONE),
        text("address", "ที่ตั้ง", "Address", EVERYONE),
        text("use", "การใช้ประโยชน์", "Use", EVERYONE, codes=USES, in_tile=True),
        text("use_detail", "รายละเอียดการใช้ประโยชน์", "Use in the roll's words", EVERYONE),
        number(
            "area_deed_m2",
            "เนื้อที่ตามเอกสาร",
            "Area on the deed",
            EVERYONE,
            unit="m2",
            minimum=0,
        ),
        number("area_m2", "เนื้อที่จากรูปแปลง", "Area of the polygon", EVERYONE, unit="m2", minimum=0),
        number("appraised_value", "ราคาประเมิน", "Appraised value", REGISTRY, unit="THB", minimum=0),
        integer("assessments", "จำนวนรายการประเมิน", "Assessments on the parcel", INTERNAL),
        text("owner_name", "ชื่อเจ้าของ", "Owner", REGISTRY, personal=True),
        text("account_no", "เลขที่บัญชีภาษี", "Tax account", REGISTRY, personal=True),
    ),
    natural_key=("code",),
    freshness=Freshness(days=365),
    coverage=True,
    found_by_code=("code", "deed_no"),
    found_by_words=("address", "owner_name"),
    audience=EVERYONE,
    class_field="use",
    zooms=Zooms(min=10, max=18, cells_below=15),
    style=Style(
        symbol=Symbol.FILL,
        order=5,
        field="use",
        opacity=0.75,
        outline_width=0.5,
        classes=(
            StyleClass(
                key="residential",
                label=Text(th="อยู่อาศัย", en="Residential"),
                color="#efe4cf",
                outline="#b9a57e",
                values=("residential",),
            ),
            StyleClass(
                key="commercial",
                label=Text(th="พาณิชย์และอื่น ๆ", en="Commercial and other"),
                color="#e3cbd2",
                outline="#b08e99",
                values=("commercial",),
            ),
            StyleClass(
                key="agriculture",
                label=Text(th="เกษตรกรรม", en="Agriculture"),
                color="#dde5cd",
                outline="#a3b189",
                values=("agriculture",),
            ),
            StyleClass(
                key="public",
                label=Text(th="ที่สาธารณะและราชการ", en="Public and government"),
                color="#d5dae3",
                outline="#98a3b5",
                values=("public",),
            ),
            StyleClass(
                key="other",
                label=Text(th="ว่างเปล่าหรือไม่ระบุ", en="Vacant or not stated"),
                color="#f0efec",
                outline="#bcbab4",
            ),
        ),
    ),
)
