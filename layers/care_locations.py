"""People cared for at home, and nursing homes.

A `facility` is public. A `home` is where a dependent person lives: sensitive personal data
(PDPA s.26): the care unit sees it (a caregiver perhaps only in their communities), coordinators
while an event is open, a field team its own tasks. What rescuers must bring is not diagnosis.
"""

from layers.declare import code, day, integer, number, text, text_list
from layers.model import (
    CARERS,
    EVERYONE,
    RESCUERS,
    Freshness,
    GeometryKind,
    Layer,
    Role,
    RowRule,
    Scope,
    Zooms,
)
from layers.style import Shape, Style, StyleClass, Symbol
from layers.text import Text

POWERED = frozenset({"oxygen", "ventilator", "suction"})
"""Needs that hang on power."""

LAYER = Layer(
    id="care_locations",
    title=Text(th="ผู้สูงอายุและผู้ป่วยติดเตียง", en="People in care"),
    description=Text(
        th="บ้านของผู้ที่ต้องได้รับการดูแล และสถานดูแลผู้สูงอายุ",
        en="Homes of people who need care, and care facilities.",
    ),
    geometry=GeometryKind.POINT,
    fields=(
        text("code", "รหัส", "Code", EVERYONE, required=True),
        text(
            "kind",
            "ประเภท",
            "Kind",
            EVERYONE,
            codes=(
                code("home", "ดูแลที่บ้าน", "At home"),
                code("facility", "สถานดูแล", "Facility"),
            ),
            required=True,
            in_tile=True,
        ),
        text("facility_name", "ชื่อสถานดูแล", "Facility name", EVERYONE, in_tile=True),
        text("address", "ที่ตั้งสถานดูแล", "Facility address", EVERYONE),
        integer("beds", "จำนวนเตียง", "Beds", EVERYONE),
        text("household", "ครัวเรือน", "Household", RESCUERS, references="households", personal=True),
        integer("adl_score", "คะแนน ADL", "Barthel ADL score", CARERS, maximum=20),
        day("adl_on", "วันที่ประเมิน ADL", "ADL assessed on", CARERS),
        text("adl_by", "ผู้ประเมิน", "ADL assessed by", CARERS),
        text(
            "band",
            "กลุ่ม",
            "Band",
            RESCUERS,
            codes=(
                code("bedridden", "ติดเตียง (0-4)", "Bedridden (0-4)"),
                code("homebound", "ติดบ้าน (5-11)", "Homebound (5-11)"),
                code("social", "ติดสังคม (12-20)", "Active (12-20)"),
                code("unknown", "ยังไม่ประเมิน", "Not assessed yet"),
            ),
            in_tile=True,
        ),
        text_list(
            "needs",
            "ความต้องการ",
            "Needs",
            RESCUERS,
            personal=True,
            codes=(
                code("wheelchair", "รถเข็น", "Wheelchair"),
                code("stretcher", "เปลหาม", "Stretcher"),
                code("oxygen", "ออกซิเจน", "Oxygen"),
                code("ventilator", "เครื่องช่วยหายใจ", "Ventilator"),
                code("suction", "เครื่องดูดเสมหะ", "Suction"),
                code("dialysis", "ฟอกไต", "Dialysis"),
                code("cold_medicine", "ยาแช่เย็น", "Cold-chain medicine"),
                code("tube_feeding", "ให้อาหารทางสาย", "Tube feeding"),
            ),
        ),
        text(
            "mobility",
            "การเคลื่อนไหว",
            "Mobility",
            RESCUERS,
            codes=(
                code("walks", "เดินได้เอง", "Walks"),
                code("with_help", "เดินได้เมื่อมีคนพยุง", "Walks with help"),
                code("wheelchair", "ใช้รถเข็น", "In a wheelchair"),
                code("carried", "ต้องหาม", "Must be carried"),
            ),
        ),
        integer("carriers_needed", "จำนวนคนหาม", "Carriers needed", RESCUERS),
        number("oxygen_hours_left", "ออกซิเจนเหลือ", "Oxygen left", RESCUERS, unit="h", minimum=0),
        day("next_dialysis_on", "นัดฟอกไตครั้งต่อไป", "Next dialysis", RESCUERS),
        text("person_name", "ชื่อ-สกุล", "Name", RESCUERS, personal=True),
        text("phone", "โทรศัพท์", "Phone", RESCUERS, personal=True),
        text("carer_phone", "โทรศัพท์ผู้ดูแล", "Carer's phone", RESCUERS, personal=True),
        text("diagnosis", "การวินิจฉัย", "Diagnosis", CARERS, personal=True),
        day("last_verified_on", "ตรวจสอบล่าสุด", "Last verified on", CARERS),
        text("verified_by", "ผู้ตรวจสอบ", "Verified by", CARERS),
    ),
    natural_key=("code",),
    freshness=Freshness(days=90),
    found_by_code=("code", "phone"),
    found_by_words=("facility_name", "person_name", "address"),
    audience=EVERYONE,
    row_rules=(
        RowRule(field="kind", value="facility", audience=EVERYONE),
        RowRule(
            field="kind",
            value="home",
            audience=RESCUERS,
            scopes=(
                (Role.CARE, Scope.COMMUNITIES),
                (Role.COORDINATOR, Scope.EVENT),
                (Role.TEAM, Scope.TASKS),
            ),
        ),
    ),
    class_field="kind",
    zooms=Zooms(min=12, max=18),
    style=Style(
        symbol=Symbol.MARKER,
        order=44,
        field="band",
        label="facility_name",
        label_min_zoom=15,
        classes=(
            StyleClass(
                key="bedridden",
                label=Text(th="ติดเตียง", en="Bedridden"),
                color="#7f0000",
                outline="#ffffff",
                values=("bedridden",),
                shape=Shape.HEART,
                size=13,
            ),
            StyleClass(
                key="homebound",
                label=Text(th="ติดบ้าน", en="Homebound"),
                color="#d95f0e",
                outline="#4a1f04",
                values=("homebound",),
                shape=Shape.HEART,
                size=11,
            ),
            StyleClass(
                key="social",
                label=Text(th="ติดสังคม", en="Active"),
                color="#d8b365",
                outline="#6b5220",
                values=("social",),
                shape=Shape.HEART,
                size=9,
            ),
            # drawn as a person, and as urgently as the worst: nobody knows yet that it is not
            StyleClass(
                key="unknown",
                label=Text(th="ยังไม่ประเมิน", en="Not assessed yet"),
                color="#4d4d4d",
                outline="#ffffff",
                values=("unknown",),
                shape=Shape.HEART,
                size=13,
            ),
            StyleClass(
                key="facility",
                label=Text(th="สถานดูแลผู้สูงอายุ", en="Care facility"),
                color="#6d4a8e",
                outline="#ffffff",
                shape=Shape.SQUARE,
                size=12,
            ),
        ),
    ),
)
