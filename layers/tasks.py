"""Tasks: what a crew has been given to do. One about a home opens that home to the crew."""

from layers.declare import code, moment, text
from layers.incidents import CREWS
from layers.model import CARERS, INTERNAL, Layer, Role
from layers.text import Text

LAYER = Layer(
    id="tasks",
    title=Text(th="งานของทีม", en="Tasks"),
    description=Text(
        th="งานที่มอบให้ทีม งานที่เกี่ยวกับบ้านของผู้ที่ต้องดูแลเปิดให้ทีมเห็นบ้านนั้นจนงานจบ",
        en="What crews have been given to do; a task about a home of somebody in care lets the "
        "crew see that home until it is done.",
    ),
    geometry=None,
    fields=(
        text("code", "รหัสงาน", "Code", INTERNAL, required=True),
        text("incident", "เหตุ", "Incident", INTERNAL, references="incidents"),
        text("team", "ทีม", "Crew", INTERNAL, required=True),
        text(
            "state",
            "สถานะ",
            "State",
            INTERNAL,
            required=True,
            codes=(
                code("given", "มอบแล้ว", "Given"),
                code("under_way", "กำลังไป", "Under way"),
                code("on_scene", "ถึงแล้ว", "On scene"),
                code("done", "เสร็จ", "Done"),
                code("failed", "ไม่สำเร็จ", "Failed"),
                code("cancelled", "ยกเลิก", "Cancelled"),
            ),
        ),
        text("words", "งาน", "What to do", CREWS, personal=True),
        text(
            "care_code",
            "บ้านของผู้ที่ต้องดูแล",
            "Home it is about",
            CARERS | {Role.COORDINATOR},
            personal=True,
        ),
        text("event", "เหตุการณ์", "Event", INTERNAL, references="events"),
        moment("given_at", "มอบเมื่อ", "Given at", INTERNAL),
        text("given_by", "ผู้มอบ", "Given by", CREWS),
        moment("ended_at", "จบเมื่อ", "Ended at", INTERNAL),
        text("reason", "เหตุผล", "Reason", CREWS, personal=True),
    ),
    natural_key=("code",),
    audience=INTERNAL,
    computed=True,
)
