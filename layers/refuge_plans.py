"""Refuge plans: which shelters a community goes to, in order. Followed before any solver."""

from layers.declare import integer, text
from layers.model import DESK, EVERYONE, INTERNAL, Layer
from layers.text import Text

LAYER = Layer(
    id="refuge_plans",
    title=Text(th="แผนที่พักพิงของชุมชน", en="Refuge plans"),
    description=Text(
        th="ศูนย์พักพิงที่แต่ละชุมชนใช้ เรียงตามลำดับ ระบบเสนอเฉพาะส่วนที่เกินแผน",
        en="The shelters each community goes to, in order; only the overflow is proposed.",
    ),
    geometry=None,
    fields=(
        text("community", "ชุมชน", "Community", EVERYONE, required=True, references="communities"),
        integer("seq", "ลำดับ", "Order", EVERYONE, minimum=1),
        text(
            "shelter_code",
            "ศูนย์พักพิง",
            "Shelter",
            EVERYONE,
            required=True,
            references="shelters",
        ),
        text("note", "หมายเหตุ", "Note", INTERNAL),
    ),
    natural_key=("community", "seq"),
    audience=EVERYONE,
    editors=DESK,
)
