"""Events: a flood that is being run, and what has been announced in it and by whom.

What each authority says is a line of its own: the town's flag, the emergency operations centre,
the DDPM level (set outside, never the town's own), the disaster-area announcement, the governor's
emergency-relief zone, evacuation advice and the evacuation order. A row holds how each line stands
now; who signed what and when is in `event_log`. While an event is open coordinators see homes.
"""

from layers.declare import code, moment, text, yes_no
from layers.model import EVERYONE, INTERNAL, Layer, Role
from layers.text import Text

COMMAND = frozenset({Role.COORDINATOR, Role.ADMIN})
"""Who opens and closes an event and records what was announced."""
_YES_NO = (code("in_force", "มีผล", "In force"), code("ended", "สิ้นสุดแล้ว", "Ended"))

LINES = (
    text("flag", "ธงเตือนภัยของเมือง", "The town's flag", EVERYONE),
    text(
        "eoc",
        "ศูนย์บัญชาการเหตุการณ์",
        "Emergency operations centre",
        EVERYONE,
        codes=(code("open", "เปิด", "Open"), code("closed", "ปิด", "Closed")),
    ),
    text(
        "ddpm_level",
        "ระดับสาธารณภัย (ปภ.)",
        "DDPM level",
        EVERYONE,
        codes=(
            code("1", "ระดับ 1 อำเภอ", "Level 1, district"),
            code("2", "ระดับ 2 จังหวัด", "Level 2, province"),
            code("3", "ระดับ 3 ส่วนกลางควบคุม", "Level 3, central command"),
            code("4", "ระดับ 4 นายกรัฐมนตรีควบคุม", "Level 4, prime minister"),
            code("ended", "สิ้นสุดแล้ว", "Ended"),
        ),
    ),
    text("disaster_area", "ประกาศเขตพื้นที่ประสบสาธารณภัย", "Disaster area", EVERYONE, codes=_YES_NO),
    text(
        "relief_zone",
        "ประกาศเขตการให้ความช่วยเหลือฯ ฉุกเฉิน",
        "Emergency-relief zone",
        EVERYONE,
        codes=_YES_NO,
    ),
    text("evacuation_advice", "คำแนะนำให้อพยพ", "Evacuation advice", EVERYONE, codes=_YES_NO),
    text("evacuation_order", "คำสั่งอพยพ", "Evacuation order", EVERYONE, codes=_YES_NO),
)
"""What is said by whom, kept apart on the screen and in the record."""

LAYER = Layer(
    id="events",
    title=Text(th="เหตุการณ์", en="Events"),
    description=Text(
        th="เหตุการณ์ที่กำลังรับมือ และประกาศที่มีผลอยู่ แต่ละเรื่องแยกจากกัน",
        en="A flood that is being run, and what has been announced in it, each kept apart.",
    ),
    geometry=None,
    fields=(
        text("code", "รหัส", "Code", EVERYONE, required=True),
        text("name", "ชื่อเหตุการณ์", "Name", EVERYONE, required=True),
        text(
            "kind",
            "ประเภท",
            "Kind",
            EVERYONE,
            required=True,
            codes=(
                code("flood", "น้ำท่วม", "Flood"),
                code("flash_flood", "น้ำป่าไหลหลาก", "Flash flood"),
                code("storm", "พายุ", "Storm"),
                code("tide", "น้ำทะเลหนุน", "High tide"),
                code("other", "อื่น ๆ", "Other"),
            ),
        ),
        text(
            "state",
            "สถานะ",
            "State",
            EVERYONE,
            required=True,
            codes=(code("open", "เปิดอยู่", "Open"), code("closed", "ปิดแล้ว", "Closed")),
        ),
        yes_no("exercise", "ฝึกซ้อม", "Exercise", EVERYONE),
        *LINES,
        moment("opened_at", "เปิดเมื่อ", "Opened at", EVERYONE),
        text("opened_by", "ผู้เปิด", "Opened by", INTERNAL),
        moment("closed_at", "ปิดเมื่อ", "Closed at", EVERYONE),
        text("closed_by", "ผู้ปิด", "Closed by", INTERNAL),
    ),
    natural_key=("code",),
    audience=EVERYONE,
    computed=True,
)
