"""How long water travels from one gauge to the next, by stage: entered by staff, or estimated."""

from layers.declare import code, integer, moment, number, text
from layers.model import DESK, EVERYONE, INTERNAL, Layer
from layers.text import Text

_STAGE = Text(
    th="ระดับที่สถานีต้นทาง ม.รทก. (สถานีที่มีแต่อัตราการไหล: ลบ.ม./วิ) ไม่กรอกคือไม่มีขอบ",
    en="Stage at the upper gauge, m MSL (m3/s where it has discharge only). Empty: no bound.",
)

LAYER = Layer(
    id="gauge_links",
    title=Text(th="เวลาเดินทางของน้ำ", en="Travel times between gauges"),
    description=Text(
        th="น้ำจากสถานีหนึ่งไปถึงสถานีถัดไปกี่ชั่วโมง แยกตามระดับน้ำ เจ้าหน้าที่กรอก "
        "หรือประเมินจากข้อมูลที่วัดได้ ระบบไม่มีค่าตั้งต้นให้",
        en="Hours from one gauge to the next, by stage: entered by staff or estimated from the "
        "readings. None comes with the platform.",
    ),
    geometry=None,
    fields=(
        text(
            "upstream", "สถานีต้นทาง", "Upstream gauge", EVERYONE, required=True, references="gauges"
        ),
        text(
            "downstream", "สถานีปลายทาง", "Downstream", EVERYONE, required=True, references="gauges"
        ),
        text(
            "stage_class",
            "ช่วงระดับ",
            "Class of stage",
            EVERYONE,
            required=True,
            codes=(
                code("all", "ทุกระดับ", "Every stage"),
                code("low", "น้ำน้อย", "Low"),
                code("middle", "น้ำปานกลาง", "Middle"),
                code("high", "น้ำมาก", "High"),
            ),
        ),
        text(
            "lag_source",
            "ที่มา",
            "Where it comes from",
            EVERYONE,
            required=True,
            codes=(
                code("staff", "เจ้าหน้าที่", "Staff"),
                code("estimated", "ประเมินจากข้อมูล", "Estimated"),
            ),
        ),
        number("from_stage", "ตั้งแต่ระดับ", "From stage", EVERYONE, note=_STAGE),
        number("to_stage", "ถึงระดับ", "To below stage", EVERYONE, note=_STAGE),
        number(
            "lag_min_h",
            "เร็วที่สุด",
            "Earliest",
            EVERYONE,
            unit="h",
            required=True,
            minimum=0,
            maximum=1440,
        ),
        number(
            "lag_max_h",
            "ช้าที่สุด",
            "Latest",
            EVERYONE,
            unit="h",
            required=True,
            minimum=0,
            maximum=1440,
        ),
        number("lag_likely_h", "น่าจะเป็น", "Likeliest", EVERYONE, unit="h", minimum=0, maximum=1440),
        number("correlation", "สหสัมพันธ์", "Correlation", EVERYONE, minimum=-1, maximum=1),
        integer("pairs", "จำนวนคู่ที่ใช้", "Pairs used", EVERYONE, minimum=0),
        moment("estimated_at", "ประเมินเมื่อ", "Estimated at", EVERYONE),
        text("set_by", "ผู้กำหนด", "Set by", INTERNAL),
        text("note", "หมายเหตุ", "Note", EVERYONE),
    ),
    natural_key=("upstream", "downstream", "stage_class", "lag_source"),
    audience=EVERYONE,
    editors=DESK,
)
