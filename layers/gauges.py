"""Gauge stations: where water level, tide or rain is read, and against what it is held."""

from layers.declare import code, integer, number, text
from layers.model import DESK, EVERYONE, INTERNAL, Freshness, GeometryKind, Layer, Zooms
from layers.style import Shape, Style, StyleClass, Symbol
from layers.text import Text

_MSL = "m MSL"
_UNKNOWN = Text(th="ไม่กรอกคือไม่ทราบ", en="Left empty where it is not known.")
_DEFAULT = Text(
    th="ไม่กรอกใช้ค่าตั้งต้นของชนิดสถานี", en="Left empty, the default of the kind of station holds."
)

LAYER = Layer(
    id="gauges",
    title=Text(th="สถานีวัดน้ำ", en="Gauges"),
    description=Text(
        th="สถานีวัดระดับน้ำ น้ำขึ้นน้ำลง และฝน ระดับเป็นเมตรเหนือระดับทะเลปานกลาง (รทก.) "
        "ค่าศูนย์เสาระดับและตลิ่งที่ไม่ทราบเว้นว่างไว้",
        en="Stations where river level, tide or rain is read. Levels are metres above mean sea "
        "level; a zero or a bank nobody knows is left empty.",
    ),
    geometry=GeometryKind.POINT,
    fields=(
        text("code", "รหัสสถานี", "Code", EVERYONE, required=True, in_tile=True),
        text("name", "ชื่อสถานี", "Name", EVERYONE, in_tile=True),
        text("river", "ลำน้ำ", "River", EVERYONE),
        text(
            "kind",
            "ชนิด",
            "Kind",
            EVERYONE,
            required=True,
            codes=(
                code("river", "ระดับน้ำ", "River level"),
                code("tide", "น้ำขึ้นน้ำลง", "Tide"),
                code("rain", "ฝน", "Rain"),
            ),
            in_tile=True,
        ),
        number(
            "zero_m",
            "ศูนย์เสาระดับ",
            "Zero of the staff gauge",
            EVERYONE,
            unit=_MSL,
            note=Text(
                th="ระดับของเลข 0 บนเสาระดับ บวกเลขที่อ่านได้เป็น ม.รทก. ไม่กรอกคือไม่ทราบ "
                "แก้แล้วใช้ตั้งแต่ตอนนี้ไป ถ้าย้ายเสาวันอื่น แก้วันที่ใน “ศูนย์เสาระดับตามเวลา”",
                en="Level of the staff's 0; what is read plus this is m MSL. Empty: not known. A "
                "change counts from now on; for another day, or a correction of the past, see "
                "“Zeros of staff gauges in time”.",
            ),
        ),
        text(
            "datum",
            "หมุดอ้างอิงแนวดิ่ง",
            "Vertical datum",
            EVERYONE,
            codes=(
                code(
                    "kolak_1915", "ระดับทะเลปานกลาง เกาะหลัก พ.ศ. 2458", "Mean sea level, Kolak 1915"
                ),
                code("egm2008", "ยีออยด์ EGM2008", "EGM2008 geoid"),
                code("navd88", "ระดับสหรัฐ NAVD 88", "NAVD 88"),
                code("local", "ระดับสมมติของท้องถิ่น", "Local datum"),
            ),
        ),
        number("bank_left_m", "ตลิ่งซ้าย", "Left bank", EVERYONE, unit=_MSL, note=_UNKNOWN),
        number("bank_right_m", "ตลิ่งขวา", "Right bank", EVERYONE, unit=_MSL, note=_UNKNOWN),
        number("ground_m", "ท้องน้ำ", "River bed", EVERYONE, unit=_MSL, note=_UNKNOWN),
        integer(
            "expected_interval_s",
            "ควรมีค่าทุก (วินาที)",
            "A reading is expected every (s)",
            EVERYONE,
            unit="s",
            minimum=60,
            maximum=604_800,
            note=_DEFAULT,
        ),
        integer("late_after_s", "มาช้าเมื่อเกิน", "Late after", INTERNAL, unit="s", note=_DEFAULT),
        integer(
            "future_after_s",
            "เวลาล่วงหน้าเมื่อเกิน",
            "In the future beyond",
            INTERNAL,
            unit="s",
            note=_DEFAULT,
        ),
        integer("stuck_after_s", "ค้างเมื่อเกิน", "Stuck after", INTERNAL, unit="s", note=_DEFAULT),
        number(
            "most_per_h",
            "เปลี่ยนได้ไม่เกินต่อชั่วโมง",
            "Most change in an hour",
            INTERNAL,
            minimum=0,
            note=_DEFAULT,
        ),
        number("range_min", "ค่าต่ำสุดที่เป็นไปได้", "Least possible value", INTERNAL, note=_DEFAULT),
        number("range_max", "ค่าสูงสุดที่เป็นไปได้", "Greatest possible value", INTERNAL, note=_DEFAULT),
        text("operator", "หน่วยงานเจ้าของ", "Operator", EVERYONE),
        text("note", "หมายเหตุ", "Note", EVERYONE),
    ),
    natural_key=("code",),
    freshness=Freshness(),
    audience=EVERYONE,
    editors=DESK,
    class_field="kind",
    found_by_code=("code",),
    found_by_words=("name", "river"),
    zooms=Zooms(min=6, max=18),
    style=Style(
        symbol=Symbol.MARKER,
        order=41,
        field="kind",
        label="name",
        label_min_zoom=12,
        classes=(
            StyleClass(
                key="river",
                label=Text(th="สถานีระดับน้ำ", en="River gauge"),
                color="#0b4f8a",
                outline="#ffffff",
                values=("river",),
                shape=Shape.DIAMOND,
                size=14,
            ),
            StyleClass(
                key="tide",
                label=Text(th="สถานีน้ำขึ้นน้ำลง", en="Tide gauge"),
                color="#00696b",
                outline="#ffffff",
                values=("tide",),
                shape=Shape.SQUARE,
                size=13,
            ),
            StyleClass(
                key="rain",
                label=Text(th="สถานีฝน", en="Rain gauge"),
                color="#5b4a9e",
                outline="#ffffff",
                values=("rain",),
                shape=Shape.TRIANGLE,
                size=13,
            ),
        ),
    ),
)
