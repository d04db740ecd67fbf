"""Vehicle limits: how deep each kind wades and how fast it goes, as the town sets it."""

from layers.declare import integer, number, text
from layers.model import DESK, EVERYONE, INTERNAL, Layer
from layers.resources import VEHICLES
from layers.text import Text

LAYER = Layer(
    id="vehicle_limits",
    title=Text(th="ขีดจำกัดของพาหนะ", en="Vehicle limits"),
    description=Text(
        th="ความลึกน้ำที่พาหนะแต่ละชนิดลุยได้ ความเร็ว และที่นั่ง เทศบาลกำหนดเอง ค่าที่ไม่กรอกใช้ค่าตั้งต้น",
        en="How deep each kind of vehicle wades, how fast it goes and whom it carries, as the town "
        "sets it. What is not filled in takes a default.",
    ),
    geometry=None,
    fields=(
        text("vehicle", "พาหนะ", "Vehicle", EVERYONE, required=True, codes=VEHICLES),
        number("wades_m", "ลุยน้ำได้ลึก", "Wades", EVERYONE, unit="m", minimum=0, maximum=5),
        number("speed_kmh", "ความเร็ว", "Speed", EVERYONE, unit="km/h", minimum=1, maximum=150),
        integer("places", "ที่นั่ง", "Seats", EVERYONE, maximum=500),
        integer("stretchers", "ที่รับผู้ป่วยนอน", "Lying people", EVERYONE, maximum=100),
        number("draught_m", "กินน้ำลึก", "Draught", EVERYONE, unit="m", minimum=0, maximum=5),
        text("reference", "ที่มาของค่า", "Where the figures come from", EVERYONE, required=True),
        text("note", "หมายเหตุ", "Note", INTERNAL),
    ),
    natural_key=("vehicle",),
    audience=EVERYONE,
    editors=DESK,
)
