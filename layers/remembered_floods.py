"""Floods people remember, as peaks at a gauge: what tonight's level is compared with."""

from layers.declare import integer, moment, number, text
from layers.model import DESK, EVERYONE, Layer
from layers.text import Text

LAYER = Layer(
    id="remembered_floods",
    title=Text(th="น้ำท่วมที่จำกันได้", en="Remembered floods"),
    description=Text(
        th="ระดับสูงสุดของน้ำท่วมครั้งสำคัญที่สถานี ใช้บอกว่าน้ำตอนนี้ต่ำหรือสูงกว่าปีนั้นเท่าใด",
        en="Peaks of floods people remember, at a gauge: how far below or above the water is.",
    ),
    geometry=None,
    fields=(
        text("gauge", "สถานี", "Gauge", EVERYONE, required=True, references="gauges"),
        integer(
            "year_be", "ปี พ.ศ.", "Year (B.E.)", EVERYONE, required=True, minimum=2300, maximum=2800
        ),
        number("peak_m", "ระดับสูงสุด", "Peak", EVERYONE, unit="m MSL", required=True),
        moment("at", "เวลาสูงสุด", "Time of the peak", EVERYONE),
        text("note", "ที่มาและหมายเหตุ", "Origin and note", EVERYONE),
    ),
    natural_key=("gauge", "year_be"),
    audience=EVERYONE,
    editors=DESK,
)
