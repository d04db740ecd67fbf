"""The log of an event: every step of event, incidents, tasks and boards, once and in order.

Nothing in it is ever changed: a correction is a new step that names the one it takes back. The
order is that of the change sets (`muang.change_set.pos`), then of the rows. What a row says in
words is composed when it is read (`layers.step_words`).
"""

from layers.declare import code, integer, moment, text, yes_no
from layers.incidents import CREWS, ROWS, SEEN_BY
from layers.model import INTERNAL, Layer
from layers.text import Text

KINDS = (
    code("event", "เหตุการณ์และประกาศ", "Event and announcements"),
    code("incident", "เหตุ", "Incident"),
    code("task", "งานที่มอบหมาย", "Task"),
    code("run", "เที่ยวอพยพ", "Evacuation run"),
    code("stay", "ผู้พักพิง", "Headcount"),
    code("resource", "เรือ รถ และทีม", "Boats, vehicles and teams"),
    code("shelter", "ศูนย์พักพิง", "Shelter"),
    code("closure", "ปิดถนน", "Road closure"),
    code("power", "เขตจ่ายไฟ", "Power area"),
)

LAYER = Layer(
    id="event_log",
    title=Text(th="บันทึกเหตุการณ์", en="Event log"),
    description=Text(
        th="ทุกขั้นตอนตามลำดับ แก้ไขไม่ได้ การแก้ให้ถูกเป็นขั้นตอนใหม่ที่อ้างถึงขั้นตอนเดิม",
        en="Every step in order; never changed. A correction is a new step that names the old one.",
    ),
    geometry=None,
    fields=(
        text("event", "เหตุการณ์", "Event", INTERNAL, references="events"),
        moment("at", "เวลา", "At", INTERNAL),
        text("kind", "เรื่อง", "Kind", INTERNAL, codes=KINDS, required=True),
        text("code", "รหัส", "Code", INTERNAL),
        integer("record", "เลขระเบียน", "Record", INTERNAL),
        text("action", "การกระทำ", "Action", INTERNAL, required=True),
        text("was", "เดิม", "Was", INTERNAL),
        text("becomes", "เป็น", "Becomes", INTERNAL),
        text("unit", "หน่วย", "Unit", INTERNAL),
        text("signer", "ผู้ลงนาม", "Signer", INTERNAL),
        text("seat", "ตำแหน่ง", "Seat", INTERNAL),
        text("document_no", "เลขที่หนังสือ", "Document no.", INTERNAL),
        moment("signed_at", "ลงนามเมื่อ", "Signed at", INTERNAL),
        text("area", "พื้นที่", "Where", INTERNAL),
        text("note", "หมายเหตุ", "Note", CREWS, personal=True),
        text("by_name", "โดย", "By", CREWS),
        integer("undoes", "แก้ขั้นตอน", "Takes back step", INTERNAL),
        yes_no("exercise", "ฝึกซ้อม", "Exercise", INTERNAL),
        SEEN_BY,
    ),
    natural_key=("event", "kind", "code"),
    audience=INTERNAL,
    row_rules=ROWS,
    computed=True,
)
