"""What people who had to leave need: the table the needs in impact answers come from."""

from layers.declare import code, number, text
from layers.model import DESK, INTERNAL, Layer
from layers.text import Text

AGE_BANDS = ("0-5", "6-17", "18-59", "60+")
"""Age bands of people in an impact answer; a need may be that of one of them."""

LAYER = Layer(
    id="minimum_needs",
    title=Text(th="ความจำเป็นขั้นต่ำ", en="Minimum needs"),
    description=Text(
        th="สิ่งที่ผู้อพยพต้องมี ต่อคนหรือต่อครัวเรือน เทศบาลกำหนดเอง ใช้คำนวณในคำตอบผลกระทบ",
        en="What displaced people must have, for each person or household, as the town sets it; "
        "impact answers multiply it by who is displaced.",
    ),
    geometry=None,
    fields=(
        text("code", "รหัส", "Code", INTERNAL, required=True),
        text("name", "รายการ", "Item", INTERNAL, required=True),
        text("name_en", "ชื่ออังกฤษ", "Item (English)", INTERNAL),
        number("amount", "จำนวน", "Amount", INTERNAL, minimum=0),
        text("unit", "หน่วย", "Unit", INTERNAL, required=True),
        text("unit_en", "หน่วยอังกฤษ", "Unit (English)", INTERNAL),
        text(
            "per",
            "ต่อ",
            "For each",
            INTERNAL,
            required=True,
            codes=(
                code("person_day", "คนต่อวัน", "Person and day"),
                code("person", "คน", "Person"),
                code("household_day", "ครัวเรือนต่อวัน", "Household and day"),
                code("household", "ครัวเรือน", "Household"),
            ),
        ),
        text(
            "age",
            "เฉพาะช่วงอายุ",
            "Of this age only",
            INTERNAL,
            codes=tuple(code(age, f"{age} ปี", f"Age {age}") for age in AGE_BANDS),
            note=Text(
                th="ว่างคือทุกคน ใช้กับรายการต่อคนเท่านั้น",
                en="Empty: everybody. Only for items counted for each person.",
            ),
        ),
        text("reference", "ที่มาของค่า", "Where the figure comes from", INTERNAL, required=True),
        text("note", "หมายเหตุ", "Note", INTERNAL),
    ),
    natural_key=("code",),
    audience=INTERNAL,
    editors=DESK,
)
