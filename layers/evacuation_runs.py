"""Evacuation runs: accepted from an answer, planned, under way, done, or failed with a reason."""

from layers.declare import code, integer, moment, text, text_list
from layers.incidents import CREWS
from layers.model import Layer
from layers.text import Text

LAYER = Layer(
    id="evacuation_runs",
    title=Text(th="เที่ยวอพยพ", en="Evacuation runs"),
    description=Text(
        th="เที่ยวที่รับจากแผน เที่ยวที่ไม่สำเร็จคืนครัวเรือนกลับเข้ารายการรอ",
        en="Runs accepted from a plan; a failed one returns its households to the list.",
    ),
    geometry=None,
    fields=(
        text("code", "รหัสเที่ยว", "Code", CREWS, required=True),
        text("answer", "คำตอบที่มา", "Answer it comes from", CREWS),
        text("team", "ทีม", "Team", CREWS, required=True),
        integer("number", "เที่ยวที่", "Number", CREWS, minimum=1),
        text(
            "state",
            "สถานะ",
            "State",
            CREWS,
            required=True,
            codes=(
                code("planned", "ตามแผน", "Planned"),
                code("underway", "กำลังไป", "Under way"),
                code("done", "เสร็จ", "Done"),
                code("failed", "ไม่สำเร็จ", "Failed"),
                code("cancelled", "ยกเลิก", "Cancelled"),
            ),
        ),
        text_list("households", "ครัวเรือน", "Households", CREWS, personal=True),
        integer("people", "จำนวนคน", "People", CREWS),
        integer("lying", "ผู้ป่วยนอน", "Lying", CREWS),
        text_list("shelters", "ศูนย์พักพิง", "Shelters", CREWS),
        text("event", "เหตุการณ์", "Event", CREWS, references="events"),
        moment("planned_at", "วางแผนเมื่อ", "Planned at", CREWS),
        moment("left_at", "ออกเมื่อ", "Left at", CREWS),
        moment("ended_at", "จบเมื่อ", "Ended at", CREWS),
        text("reason", "เหตุผล", "Reason", CREWS, personal=True),
        text("by_name", "ผู้บันทึกล่าสุด", "Last recorded by", CREWS),
    ),
    natural_key=("code",),
    audience=CREWS,
    computed=True,
)
