"""Incidents: something that needs doing, from the moment it is raised until the all-clear.

Raised by a person or by a rule. Merging and shelving leave the status as it is, so that taking
them back brings everything back. An incident about people in care is for rescuers alone, and even
then names an area, never a home: homes are read through `care_locations`, by who may see them.
"""

from datetime import timedelta

from layers.declare import code, integer, moment, text, yes_no
from layers.model import (
    EVERYONE,
    INTERNAL,
    OFFICE,
    RESCUERS,
    Audience,
    GeometryKind,
    Layer,
    Role,
    RowRule,
    Zooms,
)
from layers.style import Shape, Style, StyleClass, Symbol
from layers.text import Text

CREWS: Audience = OFFICE | {Role.TEAM, Role.CARE}
"""Who works on incidents, and so reads what people wrote about them."""
OF_ALL, OF_RESCUERS = "internal", "rescuers"
"""Values of `seen_by`: everybody inside, or those who fetch people."""
SEEN_BY = text(
    "seen_by",
    "ผู้เห็น",
    "Seen by",
    EVERYONE,
    codes=(
        code(OF_ALL, "ผู้ปฏิบัติงานทุกฝ่าย", "Everybody inside"),
        code(OF_RESCUERS, "ผู้ช่วยเหลือคน", "Rescuers"),
    ),
    required=True,
)
ROWS = (
    RowRule(field="seen_by", value=OF_ALL, audience=INTERNAL),
    RowRule(field="seen_by", value=OF_RESCUERS, audience=RESCUERS),
)

KINDS = (
    code("rescue", "ขอความช่วยเหลือ", "Rescue"),
    code("medical", "เจ็บป่วยฉุกเฉิน", "Medical"),
    code("threshold", "ระดับน้ำถึงเกณฑ์", "Water at a threshold"),
    code("levee", "คันกั้นน้ำหรือประตูน้ำ", "Levee or gate"),
    code("road_cut", "ถนนขาด", "Road cut"),
    code("shelter_full", "ศูนย์พักพิงเต็ม", "Shelter full"),
    code("power_dependent", "ผู้พึ่งเครื่องใช้ไฟฟ้าในเขตไฟดับ", "Power-dependent person without power"),
    code("power_out", "ไฟฟ้าดับ", "Power out"),
    code("feed_silent", "ข้อมูลสดเงียบ", "Feed silent"),
    code("supplies", "ขาดของจำเป็น", "Supplies needed"),
    code("other", "อื่น ๆ", "Other"),
)
SEVERITIES = (
    code("low", "เฝ้าระวัง", "Watch"),
    code("moderate", "ปานกลาง", "Moderate"),
    code("high", "รุนแรง", "Severe"),
    code("critical", "วิกฤต", "Critical"),
)
STATUSES = (
    code("raised", "แจ้งแล้ว ยังไม่มีผู้รับ", "Raised"),
    code("acknowledged", "รับทราบแล้ว", "Acknowledged"),
    code("assigned", "มอบหมายแล้ว", "Assigned"),
    code("on_scene", "ถึงที่เกิดเหตุ", "On scene"),
    code("resolved", "แก้ไขแล้ว", "Resolved"),
    code("all_clear", "ปลอดภัยแล้ว", "All clear"),
)
LONGEST_SHELF = timedelta(days=7)
"""Longer than this no incident is put aside."""
CLOSED = "closed"
"""Value of `mark` of an incident that asks nothing of anybody now."""

LAYER = Layer(
    id="incidents",
    title=Text(th="เหตุ", en="Incidents"),
    description=Text(
        th="เหตุที่ต้องจัดการ ตั้งแต่แจ้งจนปลอดภัย ระดับบอกด้วยรูป สี และคำ",
        en="What needs doing, from raised to all clear; severity by shape, colour and word.",
    ),
    geometry=GeometryKind.POINT,
    fields=(
        text("code", "รหัสเหตุ", "Code", INTERNAL, required=True, in_tile=True),
        text("kind", "ประเภท", "Kind", INTERNAL, codes=KINDS, required=True, in_tile=True),
        text("severity", "ระดับ", "Severity", INTERNAL, codes=SEVERITIES, required=True),
        text("status", "สถานะ", "Status", INTERNAL, codes=STATUSES, required=True, in_tile=True),
        text(
            "mark",
            "เครื่องหมาย",
            "Mark",
            INTERNAL,
            codes=(*SEVERITIES, code(CLOSED, "ไม่ต้องทำอะไรแล้ว", "Nothing to do")),
            required=True,
            in_tile=True,
        ),
        text("title_th", "ชื่อเหตุ", "Title", INTERNAL, required=True),
        text("title_en", "ชื่อเหตุภาษาอังกฤษ", "Title in English", INTERNAL, required=True),
        text("description", "รายละเอียด", "Description", CREWS, personal=True),
        text("place", "สถานที่", "Place", INTERNAL),
        text("about", "เกี่ยวกับชั้นข้อมูล", "About the layer", INTERNAL),
        text("about_code", "เกี่ยวกับรหัส", "About the record", INTERNAL),
        text(
            "origin",
            "ที่มา",
            "Raised by",
            INTERNAL,
            codes=(code("person", "คน", "A person"), code("rule", "กฎ", "A rule")),
            required=True,
        ),
        text("rule", "กฎ", "Rule", INTERNAL),
        text("rule_values", "ค่าที่พบ", "Values found", INTERNAL),
        text("event", "เหตุการณ์", "Event", INTERNAL, references="events"),
        yes_no("exercise", "ฝึกซ้อม", "Exercise", INTERNAL),
        moment("raised_at", "แจ้งเมื่อ", "Raised at", INTERNAL),
        text("raised_by", "ผู้แจ้ง", "Raised by", CREWS),
        moment("acknowledged_at", "รับทราบเมื่อ", "Acknowledged at", INTERNAL),
        text("acknowledged_by", "ผู้รับทราบ", "Acknowledged by", CREWS),
        text("unit", "หน่วยที่รับงาน", "Unit", INTERNAL),
        moment("assigned_at", "มอบหมายเมื่อ", "Assigned at", INTERNAL),
        moment("on_scene_at", "ถึงที่เกิดเหตุเมื่อ", "On scene at", INTERNAL),
        moment("resolved_at", "แก้เหตุแล้วเมื่อ", "Resolved at", INTERNAL),
        moment("cleared_at", "ปลอดภัยเมื่อ", "All clear at", INTERNAL),
        text("cleared_by", "ผู้ประกาศปลอดภัย", "All clear by", CREWS),
        moment("due_at", "ต้องรับทราบภายใน", "To be acknowledged by", INTERNAL),
        integer("escalated", "ยกระดับแล้ว (ครั้ง)", "Times escalated", INTERNAL),
        moment("shelved_until", "พักไว้ถึง", "Shelved until", INTERNAL),
        text("merged_into", "รวมกับเหตุ", "Merged into", INTERNAL),
        SEEN_BY,
    ),
    natural_key=("code",),
    audience=INTERNAL,
    row_rules=ROWS,
    class_field="severity",
    found_by_code=("code",),
    zooms=Zooms(min=8, max=18),
    computed=True,
    style=Style(
        symbol=Symbol.MARKER,
        order=39,
        field="mark",
        classes=(
            StyleClass(
                key="critical",
                label=Text(th="เหตุวิกฤต", en="Critical"),
                color="#7f0000",
                outline="#ffffff",
                values=("critical",),
                shape=Shape.SQUARE,
                size=16,
            ),
            StyleClass(
                key="high",
                label=Text(th="เหตุรุนแรง", en="Severe"),
                color="#d95f0e",
                outline="#4a1f04",
                values=("high",),
                shape=Shape.DIAMOND,
                size=16,
            ),
            StyleClass(
                key="moderate",
                label=Text(th="เหตุปานกลาง", en="Moderate"),
                color="#d8b365",
                outline="#6b5220",
                values=("moderate",),
                shape=Shape.TRIANGLE,
                size=14,
            ),
            StyleClass(
                key="low",
                label=Text(th="เฝ้าระวัง", en="Watch"),
                color="#90a4ae",
                outline="#3c4852",
                values=("low",),
                shape=Shape.CIRCLE,
                size=12,
            ),
            StyleClass(
                key="closed",
                label=Text(th="ปลอดภัยแล้ว รวมแล้ว หรือพักไว้", en="All clear, merged or shelved"),
                color="#ffffff",
                outline="#90a4ae",
                shape=Shape.CIRCLE,
                size=8,
            ),
        ),
    ),
)
