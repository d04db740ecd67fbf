"""Levels at which something is done, with who set them and when. None comes with the platform."""

from layers.declare import code, day, number, text
from layers.model import DESK, EVERYONE, INTERNAL, Layer
from layers.text import Text

LAYER = Layer(
    id="gauge_thresholds",
    title=Text(th="เกณฑ์ของสถานีวัดน้ำ", en="Gauge thresholds"),
    description=Text(
        th="ระดับน้ำหรือฝนที่ต้องทำอะไรสักอย่าง ใครกำหนด เมื่อใด เทศบาลกรอกเอง",
        en="Levels or amounts of rain at which something is done, with who set them and when. "
        "The town enters its own.",
    ),
    geometry=None,
    fields=(
        text("gauge", "สถานี", "Gauge", EVERYONE, required=True, references="gauges"),
        text("name", "ชื่อเกณฑ์", "Name", EVERYONE, required=True),
        text(
            "kind",
            "ขั้น",
            "Kind",
            EVERYONE,
            required=True,
            codes=(
                code("watch", "เฝ้าระวัง", "Watch"),
                code("warning", "เตือนภัย", "Warning"),
                code("critical", "วิกฤต", "Critical"),
                code("other", "อื่น ๆ", "Other"),
            ),
        ),
        number("level_m", "ระดับ", "Level", EVERYONE, unit="m MSL"),
        number("rain_mm", "ฝนสะสม", "Rain", EVERYONE, unit="mm", minimum=0),
        number("rain_hours", "ในเวลา", "Within", EVERYONE, unit="h", minimum=0, maximum=240),
        text("set_by", "ผู้กำหนด", "Set by", INTERNAL),
        day("set_on", "กำหนดเมื่อ", "Set on", EVERYONE),
        text("note", "หมายเหตุ", "Note", EVERYONE),
    ),
    natural_key=("gauge", "name"),
    audience=EVERYONE,
    editors=DESK,
)
