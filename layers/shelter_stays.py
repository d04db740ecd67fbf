"""Headcounts by household: who is in which shelter, or camps beside their home, since when."""

from layers.declare import code, integer, moment, text
from layers.incidents import CREWS
from layers.model import Layer
from layers.text import Text

LAYER = Layer(
    id="shelter_stays",
    title=Text(th="ผู้พักพิงรายครัวเรือน", en="Headcount by household"),
    description=Text(
        th="ครัวเรือนที่อยู่ศูนย์พักพิง หรือกางเต็นท์ข้างบ้าน ตั้งแต่เมื่อใดถึงเมื่อใด",
        en="Households in a shelter or camping beside their homes, from when until when.",
    ),
    geometry=None,
    fields=(
        text("code", "รหัส", "Code", CREWS, required=True),
        text(
            "household",
            "ครัวเรือน",
            "Household",
            CREWS,
            required=True,
            references="households",
            personal=True,
        ),
        text(
            "place",
            "อยู่ที่",
            "Place",
            CREWS,
            required=True,
            codes=(
                code("shelter", "ศูนย์พักพิง", "In a shelter"),
                code("camping", "กางเต็นท์ข้างบ้าน", "Camping beside the home"),
                code("relatives", "บ้านญาติ", "With relatives"),
            ),
        ),
        text("shelter_code", "ศูนย์พักพิง", "Shelter", CREWS, references="shelters"),
        integer("people", "จำนวนคน", "People", CREWS, maximum=500),
        moment("in_at", "เข้าเมื่อ", "In at", CREWS),
        moment("out_at", "ออกเมื่อ", "Out at", CREWS),
        text("note", "หมายเหตุ", "Note", CREWS, personal=True),
        text("by_name", "ผู้บันทึกล่าสุด", "Last recorded by", CREWS),
    ),
    natural_key=("code",),
    audience=CREWS,
    computed=True,
)
