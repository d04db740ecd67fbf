"""Parts of a parcel by use: the unit the land tax is worked out on."""

from layers.declare import number, text
from layers.model import EVERYONE, INTERNAL, REGISTRY, Freshness, Layer
from layers.parcels import USES
from layers.text import Text

LAYER = Layer(
    id="parcel_uses",
    title=Text(th="การใช้ประโยชน์ในแปลง", en="Parcel uses"),
    description=Text(
        th="แปลงหนึ่งอาจใช้หลายประเภท ภาษีคิดตามส่วน",
        en="One parcel may hold several uses; tax is due on each part.",
    ),
    geometry=None,
    fields=(
        text("parcel_code", "รหัสแปลง", "Parcel", EVERYONE, required=True, references="parcels"),
        text("use", "การใช้ประโยชน์", "Use", EVERYONE, codes=USES, required=True),
        number("area_m2", "เนื้อที่", "Area", INTERNAL, unit="m2", minimum=0),
        number("appraised_value", "ราคาประเมิน", "Appraised value", REGISTRY, unit="THB", minimum=0),
    ),
    natural_key=("parcel_code", "use"),
    freshness=Freshness(days=365),
    audience=EVERYONE,
    class_field="use",
)
