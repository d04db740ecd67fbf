"""Flood zones: by return period, by river stage, observed, and by regulation."""

from layers.declare import code, integer, moment, number, text
from layers.model import DESK, EVERYONE, Freshness, GeometryKind, Layer, Zooms
from layers.style import Style, StyleClass, Symbol
from layers.text import Text

LAYER = Layer(
    id="flood_zones",
    title=Text(th="เขตน้ำท่วม", en="Flood zones"),
    description=Text(
        th="เขตน้ำท่วมตามคาบอุบัติซ้ำ ตามระดับน้ำ ที่พบจริง และตามประกาศ เขตของคาบเดียวกันอาจซ้อนกัน",
        en="Zones by return period, stage, observation or regulation. Zones may overlap.",
    ),
    geometry=GeometryKind.MULTIPOLYGON,
    fields=(
        text("code", "รหัสเขต", "Code", EVERYONE),
        text("name", "ชื่อ", "Name", EVERYONE),
        text(
            "kind",
            "ประเภท",
            "Kind",
            EVERYONE,
            codes=(
                code("return_period", "คาบอุบัติซ้ำ", "Return period"),
                code("stage", "ระดับน้ำ", "Stage"),
                code("observed", "พบจริง", "Observed"),
                code("regulatory", "ตามประกาศ", "Regulatory"),
            ),
            in_tile=True,
        ),
        integer(
            "return_period_y",
            "คาบอุบัติซ้ำ",
            "Return period",
            EVERYONE,
            unit="a",
            minimum=1,
            in_tile=True,
        ),
        text("gauge", "สถานีวัดน้ำ", "Gauge", EVERYONE),
        number("stage_m", "ระดับน้ำ", "Stage", EVERYONE, unit="m MSL", in_tile=True),
        moment("observed_at", "พบเมื่อ", "Observed at", EVERYONE),
        text(
            "depth_class",
            "ชั้นความลึก",
            "Depth class",
            EVERYONE,
            codes=(
                code("lt_0_3", "ต่ำกว่า 0.3 ม.", "Under 0.3 m"),
                code("0_3_0_5", "0.3-0.5 ม.", "0.3-0.5 m"),
                code("0_5_1", "0.5-1 ม.", "0.5-1 m"),
                code("gt_1", "เกิน 1 ม.", "Over 1 m"),
                code("unknown", "ไม่ทราบความลึก", "Depth not known"),
            ),
            in_tile=True,
        ),
        number("depth_min_m", "ความลึกต่ำสุด", "Least depth", EVERYONE, unit="m", minimum=0),
        number("depth_max_m", "ความลึกสูงสุด", "Greatest depth", EVERYONE, unit="m", minimum=0),
        text("confidence", "ความเชื่อมั่น", "Confidence", EVERYONE),
        text(
            "means",
            "ทราบจาก",
            "Known from",
            EVERYONE,
            codes=(
                code("library", "คลังระดับน้ำ (คำนวณ)", "Stage library (modelled)"),
                code("study", "การศึกษา", "Study"),
                code("satellite", "ดาวเทียม", "Satellite"),
                code("drone", "โดรน", "Drone"),
                code("staff", "เจ้าหน้าที่วาด", "Drawn by staff"),
                code("report", "มีผู้แจ้ง", "Reports"),
            ),
        ),
        number("stage_low_m", "ระดับต่ำสุดของช่วง", "Stage, lower end", EVERYONE, unit="m MSL"),
        number("stage_high_m", "ระดับสูงสุดของช่วง", "Stage, upper end", EVERYONE, unit="m MSL"),
    ),
    natural_key=("code",),
    freshness=Freshness(days=1825),
    found_by_code=("code",),
    audience=EVERYONE,
    editors=DESK,
    drawn_apart=("means", "library"),
    class_field="kind",
    zooms=Zooms(min=9, max=18),
    style=Style(
        symbol=Symbol.FILL,
        order=12,
        field="depth_class",
        opacity=0.7,
        outline_width=0,
        classes=(
            StyleClass(
                key="gt_1",
                label=Text(th="ลึกเกิน 1 ม.", en="Over 1 m deep"),
                color="#08306b",
                values=("gt_1",),
            ),
            StyleClass(
                key="0_5_1",
                label=Text(th="0.5-1 ม.", en="0.5-1 m"),
                color="#4292c6",
                values=("0_5_1",),
            ),
            StyleClass(
                key="0_3_0_5",
                label=Text(th="0.3-0.5 ม.", en="0.3-0.5 m"),
                color="#9ecae1",
                values=("0_3_0_5",),
            ),
            StyleClass(
                key="lt_0_3",
                label=Text(th="ต่ำกว่า 0.3 ม.", en="Under 0.3 m"),
                color="#deebf7",
                values=("lt_0_3",),
            ),
            StyleClass(
                key="unknown",
                label=Text(th="ไม่ทราบความลึก", en="Depth not known"),
                color="#7fa6c9",
                outline="#2f5f8f",
            ),
        ),
    ),
)
