"""The town's own words: the flags of its alert and the seats that sign. Rows replace defaults.

No flag scale is national: Hat Yai's of 2011 stands here until the town says its own.
"""

from layers.declare import code, integer, text
from layers.events import COMMAND
from layers.model import EVERYONE, Layer
from layers.text import Text

LAYER = Layer(
    id="event_words",
    title=Text(th="ธงและตำแหน่ง", en="Flags and seats"),
    description=Text(
        th="ธงเตือนภัยของเมืองและตำแหน่งผู้ลงนาม แก้ไขได้ ที่ไม่ระบุใช้ค่าตั้งต้น",
        en="Flags of the town's alert and seats that sign; what is not said takes a default.",
    ),
    geometry=None,
    fields=(
        text("code", "รหัส", "Code", EVERYONE, required=True),
        text(
            "list",
            "รายการ",
            "List",
            EVERYONE,
            required=True,
            codes=(code("flag", "ธง", "Flag"), code("seat", "ตำแหน่ง", "Seat")),
        ),
        text("word_th", "คำ", "Word", EVERYONE, required=True),
        text("word_en", "คำภาษาอังกฤษ", "Word in English", EVERYONE),
        text("color", "สี (#rrggbb)", "Colour (#rrggbb)", EVERYONE),
        text("meaning_th", "ความหมาย", "Meaning", EVERYONE),
        text("meaning_en", "ความหมายภาษาอังกฤษ", "Meaning in English", EVERYONE),
        integer("seq", "ลำดับ", "Order", EVERYONE),
    ),
    natural_key=("list", "code"),
    audience=EVERYONE,
    editors=COMMAND,
)
