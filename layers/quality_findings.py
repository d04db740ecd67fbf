"""What is wrong with the town's own data, as places on the map: written by the platform alone.

A finding on a layer some of the office may not see whole (homes of people in care) says where
somebody lives; it exists only for the administrator. `db.quality` writes the rows anew after
every import, so that one vanishes when what it is about is mended.
"""

from layers.declare import code, integer, number, text
from layers.model import EVERYONE, OFFICE, GeometryKind, Layer, Role, RowRule, Zooms
from layers.style import Shape, Style, StyleClass, Symbol
from layers.text import Text

OPEN, HELD = "office", "admin"
"""Values of `seen_by`: whoever works in the office, or the administrator alone."""

KINDS = (
    code("overlap", "แปลงทับซ้อนกัน", "Overlap"),
    code("gap", "ช่องว่างระหว่างแปลง", "Gap"),
    code("same_shape", "รูปซ้ำ", "Same shape twice"),
    code("same_key", "รหัสซ้ำ", "Same key twice"),
    code("sliver", "เศษรูปบางหรือเล็กมาก", "Sliver"),
    code("outside_town", "อยู่นอกเขตเมือง", "Outside the town"),
    code("repaired", "รูปผิดที่ซ่อมแล้ว", "Repaired shape"),
)

LAYER = Layer(
    id="quality_findings",
    title=Text(th="จุดที่ควรตรวจข้อมูล", en="Data quality findings"),
    description=Text(
        th="จุดที่ข้อมูลของเมืองน่าจะผิด ระบบตรวจเองหลังการนำเข้าทุกครั้ง และหายไปเมื่อแก้แล้ว",
        en="Places where the town's data look wrong; found by the platform after each import, "
        "and gone once mended.",
    ),
    geometry=GeometryKind.POINT,
    fields=(
        text("about", "ชั้นข้อมูล", "Layer", EVERYONE, required=True, in_tile=True),
        text("kind", "ปัญหา", "Problem", EVERYONE, codes=KINDS, required=True, in_tile=True),
        text(
            "severity",
            "ระดับ",
            "Severity",
            EVERYONE,
            codes=(
                code("warning", "ควรแก้", "To be mended"),
                code("note", "ควรทราบ", "To know"),
            ),
            required=True,
        ),
        text(
            "seen_by",
            "ผู้เห็น",
            "Seen by",
            EVERYONE,
            codes=(
                code(OPEN, "สำนักงาน", "The office"),
                code(HELD, "ผู้ดูแลระบบ", "The administrator"),
            ),
            required=True,
        ),
        text("sentence_th", "คำอธิบาย", "In Thai", EVERYONE, required=True),
        text("sentence_en", "คำอธิบายภาษาอังกฤษ", "In English", EVERYONE, required=True),
        integer("feature_id", "เลขระเบียนที่เกี่ยวข้อง", "Record no. it is about", EVERYONE),
        integer("other_id", "เลขระเบียนที่คู่กัน", "The other record no.", EVERYONE),
        integer("file_row", "แถวในไฟล์", "Row in the file", EVERYONE),
        number("area_m2", "เนื้อที่", "Area", EVERYONE, unit="m2", minimum=0),
        number("length_m", "ระยะหรือความกว้าง", "Distance or width", EVERYONE, unit="m", minimum=0),
    ),
    natural_key=("about", "kind", "feature_id"),
    audience=OFFICE,
    row_rules=(
        RowRule(field="seen_by", value=OPEN, audience=OFFICE),
        RowRule(field="seen_by", value=HELD, audience=frozenset({Role.ADMIN})),
    ),
    class_field="kind",
    zooms=Zooms(min=10, max=18),
    computed=True,
    style=Style(
        symbol=Symbol.MARKER,
        order=43,
        field="kind",
        visible=False,
        classes=(
            StyleClass(
                key="overlap",
                label=Text(th="แปลงทับซ้อนกัน", en="Overlap"),
                color="#7b3294",
                outline="#ffffff",
                values=("overlap",),
                shape=Shape.DIAMOND,
                size=10,
            ),
            StyleClass(
                key="gap",
                label=Text(th="ช่องว่างระหว่างแปลง", en="Gap"),
                color="#ffffff",
                outline="#7b3294",
                values=("gap",),
                shape=Shape.DIAMOND,
                size=10,
            ),
            StyleClass(
                key="same",
                label=Text(th="ซ้ำ (รูปหรือรหัส)", en="Twice (shape or key)"),
                color="#7b3294",
                outline="#ffffff",
                values=("same_shape", "same_key"),
                shape=Shape.SQUARE,
                size=9,
            ),
            StyleClass(
                key="sliver",
                label=Text(th="เศษรูปบางหรือเล็กมาก", en="Sliver"),
                color="#7b3294",
                outline="#ffffff",
                values=("sliver",),
                shape=Shape.TRIANGLE,
                size=10,
            ),
            StyleClass(
                key="outside_town",
                label=Text(th="อยู่นอกเขตเมือง", en="Outside the town"),
                color="#7b3294",
                outline="#ffffff",
                values=("outside_town",),
                shape=Shape.CROSS,
                size=10,
            ),
            StyleClass(
                key="other",
                label=Text(th="รูปผิดที่ซ่อมแล้ว", en="Repaired shape"),
                color="#c2a5cf",
                outline="#4b1f5c",
                shape=Shape.CIRCLE,
                size=8,
            ),
        ),
    ),
)
