"""Zeros of staff gauges and since when each holds: a staff that is moved or levelled anew."""

from layers.declare import moment, number, text
from layers.model import DESK, EVERYONE, INTERNAL, Layer
from layers.text import Text

LAYER = Layer(
    id="gauge_zeros",
    title=Text(th="ศูนย์เสาระดับตามเวลา", en="Zeros of staff gauges in time"),
    description=Text(
        th="ระดับของเลข 0 บนเสาระดับ ใช้ตั้งแต่เวลาที่ระบุจนถึงรายการถัดไป ก่อนรายการแรกใช้ค่าในสถานี "
        "เพิ่มหรือแก้แล้ว ค่าที่อ่านบนเสาในช่วงนั้นคิดเป็น ม.รทก. ใหม่ ค่าเดิมยังเก็บไว้",
        en="The level of a staff's 0 from a time on until the next entry; before the first one the "
        "station's own holds. When one is added or corrected, what was read on the staff in its "
        "time is reckoned in m MSL anew; what was told before is kept.",
    ),
    geometry=None,
    fields=(
        text("gauge", "สถานี", "Gauge", EVERYONE, required=True, references="gauges"),
        moment("valid_from", "ใช้ตั้งแต่", "Holds from", EVERYONE, required=True),
        number(
            "zero_m",
            "ศูนย์เสาระดับ",
            "Zero of the staff gauge",
            EVERYONE,
            unit="m MSL",
            note=Text(th="ไม่กรอกคือไม่ทราบตั้งแต่นั้น", en="Empty: not known from then on."),
        ),
        text("reason", "เหตุผล", "Reason", EVERYONE),
        text("set_by", "ผู้กำหนด", "Set by", INTERNAL),
    ),
    natural_key=("gauge", "valid_from"),
    audience=EVERYONE,
    editors=DESK,
)
