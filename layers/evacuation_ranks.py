"""Ranks set by hand: who leaves before or after what the order says, and why."""

from layers.declare import integer, text
from layers.model import Layer, Role
from layers.text import Text

COMMAND = frozenset({Role.COORDINATOR, Role.ADMIN})
"""Who decides about people, by household."""

LAYER = Layer(
    id="evacuation_ranks",
    title=Text(th="ลำดับอพยพที่กำหนดเอง", en="Evacuation ranks set by hand"),
    description=Text(
        th="ลำดับที่ผู้สั่งการกำหนดให้ครัวเรือน พร้อมเหตุผล ไม่มีลำดับคือไปท้ายสุด ใช้ทุกครั้งที่คำนวณใหม่",
        en="Ranks given to households by who commands, with the reason; without a rank a "
        "household goes last. They hold whenever the order is worked out again.",
    ),
    geometry=None,
    fields=(
        text(
            "household",
            "ครัวเรือน",
            "Household",
            COMMAND,
            required=True,
            references="households",
            personal=True,
        ),
        integer("rank", "ลำดับ", "Rank", COMMAND, minimum=1),
        text("reason", "เหตุผล", "Reason", COMMAND, required=True, personal=True),
    ),
    natural_key=("household",),
    audience=COMMAND,
    editors=COMMAND,
)
