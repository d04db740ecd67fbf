"""Assumptions: figures of answers the town has decided on, by whom and why."""

from layers.declare import code, day, number, text
from layers.model import DESK, INTERNAL, Layer
from layers.text import Text

DISPLACED_ABOVE = "displaced_above_m"
"""Water deeper than this over the floor (m) displaces who sleeps there."""

LAYER = Layer(
    id="assumptions",
    title=Text(th="ข้อสมมติของเมือง", en="The town's assumptions"),
    description=Text(
        th="ค่าที่คำตอบใช้เมื่อคำถามไม่ได้ระบุ เทศบาลกำหนดเอง พร้อมผู้กำหนด วันที่ และเหตุผล",
        en="Figures that answers use where the question names none, as the town has decided them: "
        "by whom, when and why.",
    ),
    geometry=None,
    fields=(
        text(
            "what",
            "เรื่อง",
            "What",
            INTERNAL,
            required=True,
            codes=(
                code(
                    DISPLACED_ABOVE,
                    "น้ำเหนือพื้นบ้านลึกเกินนี้ (ม.) ต้องอพยพ",
                    "Water deeper than this over the floor (m) displaces",
                ),
            ),
        ),
        number("value", "ค่า", "Value", INTERNAL, required=True, minimum=0, maximum=10),
        text("reason", "เหตุผลและที่มา", "Reason and source", INTERNAL, required=True),
        text("decided_by", "ผู้กำหนด", "Decided by", INTERNAL, required=True),
        day("decided_on", "กำหนดเมื่อ", "Decided on", INTERNAL),
        text("note", "หมายเหตุ", "Note", INTERNAL),
    ),
    natural_key=("what",),
    audience=INTERNAL,
    editors=DESK,
)
