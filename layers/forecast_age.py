"""When a forecast is old, and the words for it: every answer that rests on one says the same."""

from datetime import datetime, timedelta

from layers.text import Text

OLD_H = 6.0
"""A forecast that counts from a reading so long ago is called old before anything else is said."""


def old_forecast(origin: datetime, clock: datetime) -> Text | None:
    """How old the reading is that a forecast counts from, where that is long ago at `clock`."""
    hours = (clock - origin) / timedelta(hours=1)
    if hours < OLD_H:
        return None
    return Text(
        th=f"การคาดการณ์เก่า: นับจากค่าที่วัดเมื่อ {hours:.0f} ชั่วโมงก่อน ไม่มีค่าใหม่ที่ใช้ได้หลังจากนั้น "
        "ดูระดับน้ำจริงก่อนตัดสินใจ",
        en=f"OLD FORECAST: it counts from a reading {hours:.0f} h ago; nothing sound came since. "
        "Look at the water itself before you decide.",
    )
