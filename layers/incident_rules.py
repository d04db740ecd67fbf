"""Rules that raise incidents, and how soon each severity must be acknowledged.

Rows replace the defaults of the same code (`layers.war_defaults`).
"""

from layers.declare import code, integer, number, text, yes_no
from layers.events import COMMAND
from layers.incidents import SEVERITIES
from layers.model import INTERNAL, Layer
from layers.text import Text

LAYER = Layer(
    id="incident_rules",
    title=Text(th="กฎแจ้งเหตุ", en="Incident rules"),
    description=Text(
        th="กฎที่แจ้งเหตุเอง และเวลาที่ต้องรับทราบตามระดับและกะ ที่ไม่ระบุใช้ค่าตั้งต้น",
        en="Rules that raise incidents, and how soon they must be acknowledged by severity and "
        "shift; what is not said takes a default.",
    ),
    geometry=None,
    fields=(
        text("code", "รหัส", "Code", INTERNAL, required=True),
        text(
            "rule",
            "กฎ",
            "Rule",
            INTERNAL,
            required=True,
            codes=(
                code("threshold", "ระดับน้ำถึงเกณฑ์", "Water at a threshold"),
                code("shelter_full", "ศูนย์พักพิงเต็ม", "Shelter full"),
                code("road_cut", "ถนนขาด", "Road cut"),
                code("power_dependent", "ผู้พึ่งไฟฟ้าในเขตไฟดับ", "Power-dependent without power"),
                code("feed_silent", "ข้อมูลสดเงียบ", "Feed silent"),
                code("escalation", "เวลารับทราบ", "Time to acknowledge"),
            ),
        ),
        yes_no("enabled", "ใช้งาน", "Enabled", INTERNAL),
        number("threshold", "เกณฑ์", "Threshold", INTERNAL),
        number("dead_band", "ช่วงกันแกว่ง", "Dead band", INTERNAL, minimum=0),
        integer("delay_s", "หน่วงเวลา", "Delay", INTERNAL, unit="s", maximum=86_400),
        text("severity", "ระดับ", "Severity", INTERNAL, codes=SEVERITIES),
        text("shift_from", "กะเริ่ม (ชช:นน)", "Shift from (hh:mm)", INTERNAL),
        text("shift_to", "กะสิ้นสุด (ชช:นน)", "Shift until (hh:mm)", INTERNAL),
        integer(
            "within_s",
            "ต้องรับทราบภายใน",
            "To be acknowledged within",
            INTERNAL,
            unit="s",
            minimum=10,
            maximum=86_400,
        ),
        text("note", "หมายเหตุ", "Note", INTERNAL),
    ),
    natural_key=("code",),
    audience=INTERNAL,
    editors=COMMAND,
)
