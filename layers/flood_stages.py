"""What each stage floods, as rings: land that gets wet between one stage of a gauge and the next.

Rings never overlap, so that one set of tiles draws any stage: a ring is wet at a stage of
`wet_from_m` or more, and its least depth then is that stage less `level_m`. Where a tile of low
zoom would be too heavy with them, rows of kind `overview` are drawn there in their place.
"""

from layers.declare import code, integer, number, text
from layers.model import EVERYONE, Freshness, GeometryKind, Layer, Zooms
from layers.style import Style, StyleClass, Symbol
from layers.text import Text

LAYER = Layer(
    id="flood_stages",
    title=Text(th="ระดับน้ำที่เริ่มท่วม", en="Wet from which stage"),
    description=Text(
        th="พื้นที่ที่เริ่มท่วมเมื่อระดับน้ำที่สถานีถึงค่าหนึ่ง (wet_from_m) ความลึกน้อยสุดคือระดับน้ำลบ level_m "
        "พื้นที่ที่ไม่ได้คำนวณไม่ใช่พื้นที่แห้ง ที่ซูมต่ำวาดภาพรวมเป็นช่องหยาบ (overview) "
        "ช่องใดมีน้ำแม้จุดเดียวก็วาดว่าท่วมทั้งช่อง จึงกว้างเกินจริงได้ไม่เกินหนึ่งช่อง และไม่ใช้นับ",
        en="Land by the stage of a gauge that first wets it (wet_from_m); its least depth is the "
        "stage less level_m. What is not modelled is not dry. At low zooms an overview in coarse "
        "cells may be drawn instead: a cell is wet as soon as any of it is, so up to one cell too "
        "much is drawn; nothing is counted from it.",
    ),
    geometry=GeometryKind.MULTIPOLYGON,
    fields=(
        text("code", "รหัส", "Code", EVERYONE, required=True),
        text("gauge", "สถานีวัดน้ำ", "Gauge", EVERYONE, required=True, in_tile=True),
        text(
            "kind",
            "ประเภท",
            "Kind",
            EVERYONE,
            required=True,
            codes=(
                code("ring", "ท่วมตั้งแต่ระดับหนึ่ง", "Wet from a stage"),
                code(
                    "overview", "ภาพรวมช่องหยาบ ใช้วาดเท่านั้น", "Overview in coarse cells, drawn only"
                ),
                code("not_modelled", "ไม่ได้คำนวณ", "Not modelled"),
            ),
            in_tile=True,
        ),
        number("wet_from_m", "ท่วมตั้งแต่ระดับ", "Wet from", EVERYONE, unit="m MSL", in_tile=True),
        number(
            "level_m", "น้ำถึงพื้นที่ระดับ", "Water stands at it", EVERYONE, unit="m MSL", in_tile=True
        ),
        integer("zoom_from", "วาดตั้งแต่ซูม", "Drawn from zoom", EVERYONE, in_tile=True),
        integer("zoom_to", "วาดถึงซูม", "Drawn up to zoom", EVERYONE, in_tile=True),
    ),
    natural_key=("code",),
    freshness=Freshness(days=1825),
    audience=EVERYONE,
    computed=True,
    class_field="kind",
    drawn_between=("zoom_from", "zoom_to"),
    # a phone shows a whole town at 12, and a flood that is not drawn there reads as dry
    zooms=Zooms(min=12, max=18),
    style=Style(
        symbol=Symbol.FILL,
        order=11,
        field="kind",
        visible=False,
        opacity=0.6,
        outline_width=0,
        classes=(
            StyleClass(
                key="ring",
                label=Text(th="ท่วมที่ระดับสูงสุดของคลัง", en="Wet at the highest stage"),
                color="#6baed6",
                values=("ring", "overview"),
            ),
            StyleClass(
                key="not_modelled",
                label=Text(th="ไม่ได้คำนวณ ไม่ใช่แห้ง", en="Not modelled, not dry"),
                color="#9e9e9e",
                outline="#616161",
            ),
        ),
    ),
)
