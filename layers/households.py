"""Households: who is registered in a house and who actually sleeps there tonight.

A caregiver limited to communities knows only theirs: this table names phones.
"""

from layers.declare import integer, text, yes_no
from layers.model import CARERS, INTERNAL, Freshness, Layer, Role, RowRule, Scope
from layers.text import Text

CONTACTS = CARERS | {Role.COORDINATOR}
"""Units that call people: care and, for the warning call, the coordinator."""

LAYER = Layer(
    id="households",
    title=Text(th="ครัวเรือน", en="Households"),
    description=Text(
        th="จำนวนคนตามช่วงอายุ ทั้งตามทะเบียนและที่นอนค้างจริง",
        en="People by age band, registered and actually sleeping there.",
    ),
    geometry=None,
    fields=(
        text("code", "รหัสครัวเรือน", "Code", INTERNAL, required=True),
        text("house_code", "รหัสประจำบ้าน", "House", INTERNAL, references="houses"),
        integer("registered_0_5", "ทะเบียน 0-5 ปี", "Registered, age 0-5", INTERNAL),
        integer("registered_6_17", "ทะเบียน 6-17 ปี", "Registered, age 6-17", INTERNAL),
        integer("registered_18_59", "ทะเบียน 18-59 ปี", "Registered, age 18-59", INTERNAL),
        integer("registered_60_up", "ทะเบียน 60 ปีขึ้นไป", "Registered, age 60 and over", INTERNAL),
        integer("sleeping_0_5", "นอนจริง 0-5 ปี", "Sleeping there, age 0-5", INTERNAL),
        integer("sleeping_6_17", "นอนจริง 6-17 ปี", "Sleeping there, age 6-17", INTERNAL),
        integer("sleeping_18_59", "นอนจริง 18-59 ปี", "Sleeping there, age 18-59", INTERNAL),
        integer("sleeping_60_up", "นอนจริง 60 ปีขึ้นไป", "Sleeping there, age 60 and over", INTERNAL),
        integer("unregistered", "ไม่อยู่ในทะเบียน", "Not registered here", INTERNAL),
        yes_no("renters", "ผู้เช่า", "Renters", INTERNAL),
        text("phone", "โทรศัพท์", "Phone", CONTACTS, personal=True),
        text("neighbour_phone", "โทรศัพท์เพื่อนบ้าน", "A neighbour's phone", CONTACTS, personal=True),
        integer("pets", "สัตว์เลี้ยง", "Pets", INTERNAL),
        integer("livestock", "ปศุสัตว์", "Livestock", INTERNAL),
        integer("vehicles", "ยานพาหนะ", "Vehicles", INTERNAL),
    ),
    natural_key=("code",),
    freshness=Freshness(days=180),
    found_by_code=("code", "house_code", "phone"),
    audience=INTERNAL,
    row_rules=(RowRule(audience=INTERNAL, scopes=((Role.CARE, Scope.COMMUNITIES),)),),
)
