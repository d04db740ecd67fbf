"""Boats, lorries and their crews: what they carry, where they stand, whether they can go."""

from layers.declare import code, integer, moment, number, text
from layers.model import DESK, INTERNAL, GeometryKind, Layer, Zooms
from layers.style import Shape, Style, StyleClass, Symbol
from layers.text import Text

VEHICLES = (
    code("walk", "เดินเท้า", "On foot"),
    code("car", "รถยนต์นั่ง", "Car"),
    code("pickup", "รถกระบะ", "Pickup"),
    code("truck_6", "รถบรรทุก 6 ล้อ", "Six-wheel lorry"),
    code("military_truck", "รถทหารยกสูง", "High military lorry"),
    code("flat_boat", "เรือท้องแบน", "Flat-bottomed boat"),
)
"""Kinds of vehicles, as `flood.vehicles` knows them."""

LAYER = Layer(
    id="resources",
    title=Text(th="เรือ รถ และทีม", en="Boats, vehicles and teams"),
    description=Text(
        th="ทีมกู้ภัยและพาหนะ ที่นั่ง ที่รับผู้ป่วยนอน ความเร็ว และความพร้อม ค่าที่ไม่กรอกใช้ค่าตั้งต้น",
        en="Rescue teams and their vehicles: seats, lying people, speed, readiness. What is not "
        "filled in takes a default.",
    ),
    geometry=GeometryKind.POINT,
    fields=(
        text("code", "รหัส", "Code", INTERNAL, required=True),
        text("name", "ชื่อ", "Name", INTERNAL, in_tile=True),
        text(
            "vehicle",
            "พาหนะ",
            "Vehicle",
            INTERNAL,
            required=True,
            codes=VEHICLES,
            in_tile=True,
        ),
        text(
            "status",
            "ความพร้อม",
            "Status",
            INTERNAL,
            required=True,
            codes=(
                code("ready", "พร้อม", "Ready"),
                code("out", "ออกปฏิบัติงาน", "Out on a run"),
                code("failed", "ใช้การไม่ได้", "Out of order"),
            ),
            in_tile=True,
        ),
        integer("places", "ที่นั่ง", "Seats", INTERNAL, maximum=500),
        integer("stretchers", "ที่รับผู้ป่วยนอน", "Lying people", INTERNAL, maximum=100),
        number("speed_kmh", "ความเร็ว", "Speed", INTERNAL, unit="km/h", minimum=1, maximum=150),
        text("crew", "ทีม", "Crew", INTERNAL),
        moment("out_at", "ออกเมื่อ", "Out since", INTERNAL),
        moment("due_at", "กำหนดกลับ", "Due back", INTERNAL),
        text("by_name", "ผู้ลงออกหรือเข้าล่าสุด", "Checked out or in by", INTERNAL),
        text("note", "หมายเหตุ", "Note", INTERNAL),
    ),
    natural_key=("code",),
    audience=INTERNAL,
    editors=DESK,
    class_field="status",
    zooms=Zooms(min=10, max=18),
    style=Style(
        symbol=Symbol.MARKER,
        order=38,
        field="status",
        label="name",
        label_min_zoom=14,
        classes=(
            StyleClass(
                key="ready",
                label=Text(th="พร้อม", en="Ready"),
                color="#1b6e53",
                outline="#ffffff",
                values=("ready",),
                shape=Shape.CIRCLE,
                size=11,
            ),
            StyleClass(
                key="busy",
                label=Text(th="ออกปฏิบัติงานหรือใช้การไม่ได้", en="Out, or out of order"),
                color="#90a4ae",
                outline="#3c4852",
                shape=Shape.CIRCLE,
                size=9,
            ),
        ),
    ),
)
