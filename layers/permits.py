"""Permits and licences: building, food premises, businesses hazardous to health."""

from layers.declare import code, day, number, text
from layers.model import EVERYONE, INTERNAL, REGISTRY, Freshness, GeometryKind, Layer, Zooms
from layers.style import Shape, Style, StyleClass, Symbol
from layers.text import Text

LAYER = Layer(
    id="permits",
    title=Text(th="ใบอนุญาต", en="Permits"),
    description=Text(
        th="ใบอนุญาตก่อสร้าง อาหาร และกิจการที่เป็นอันตรายต่อสุขภาพ",
        en="Building permits, food premises and businesses hazardous to health.",
    ),
    geometry=GeometryKind.POINT,
    fields=(
        text("permit_no", "เลขที่ใบอนุญาต", "Permit no.", EVERYONE),
        text(
            "kind",
            "ประเภท",
            "Kind",
            EVERYONE,
            codes=(
                code("building", "ก่อสร้างอาคาร", "Building"),
                code("food", "สถานที่จำหน่ายอาหาร", "Food premises"),
                code("hazardous", "กิจการอันตรายต่อสุขภาพ", "Hazardous to health"),
                code("other", "อื่น ๆ", "Other"),
            ),
            in_tile=True,
        ),
        text(
            "status",
            "สถานะ",
            "Status",
            EVERYONE,
            codes=(
                code("applied", "ยื่นคำขอ", "Applied"),
                code("issued", "ออกแล้ว", "Issued"),
                code("refused", "ไม่อนุญาต", "Refused"),
                code("expired", "หมดอายุ", "Expired"),
                code("withdrawn", "ถอนคำขอ", "Withdrawn"),
            ),
        ),
        day("applied_on", "วันที่ยื่น", "Applied on", INTERNAL),
        day("issued_on", "วันที่ออก", "Issued on", EVERYONE),
        day("expires_on", "วันหมดอายุ", "Expires on", EVERYONE),
        text("parcel_code", "รหัสแปลง", "Parcel", EVERYONE, references="parcels"),
        text("address", "ที่ตั้ง", "Address", EVERYONE),
        text("subject", "เรื่อง", "Subject", INTERNAL),
        number("floor_area_m2", "พื้นที่ใช้สอย", "Floor area", INTERNAL, unit="m2", minimum=0),
        text("hazard_class", "ประเภทกิจการอันตราย", "Hazard class", INTERNAL),
        text("holder_name", "ชื่อผู้รับอนุญาต", "Holder", REGISTRY, personal=True),
    ),
    natural_key=("permit_no",),
    freshness=Freshness(days=30),
    found_by_code=("permit_no", "parcel_code"),
    found_by_words=("address", "subject", "holder_name"),
    audience=EVERYONE,
    class_field="kind",
    zooms=Zooms(min=10, max=18, cells_below=15),
    style=Style(
        symbol=Symbol.MARKER,
        order=32,
        field="kind",
        visible=False,
        classes=(
            StyleClass(
                key="hazardous",
                label=Text(th="กิจการอันตรายต่อสุขภาพ", en="Hazardous to health"),
                color="#d95f0e",
                outline="#4a1f04",
                values=("hazardous",),
                shape=Shape.TRIANGLE,
                size=11,
            ),
            StyleClass(
                key="building",
                label=Text(th="ก่อสร้างอาคาร", en="Building"),
                color="#7d8fa1",
                outline="#ffffff",
                values=("building",),
                shape=Shape.SQUARE,
                size=7,
            ),
            StyleClass(
                key="food",
                label=Text(th="สถานที่จำหน่ายอาหาร", en="Food premises"),
                color="#8c6d3f",
                outline="#ffffff",
                values=("food",),
                shape=Shape.CIRCLE,
                size=7,
            ),
            StyleClass(
                key="other",
                label=Text(th="อื่น ๆ", en="Other"),
                color="#a9a9a9",
                outline="#ffffff",
                shape=Shape.CIRCLE,
                size=6,
            ),
        ),
    ),
)
