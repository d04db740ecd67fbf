"""What to know before using an impact answer's numbers, in words. Pure."""

from datetime import datetime
from enum import Enum
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from layers.catalog import get
from layers.model import Role, Scope
from layers.privacy import scope_of, visible_rows
from layers.text import Text

_BANGKOK = ZoneInfo("Asia/Bangkok")


class Asker(Protocol):
    """What of a question decides what its answer leaves out."""

    @property
    def role(self) -> Role:
        """The role that asks."""

    @property
    def scope_keys(self) -> tuple[str, ...] | None:
        """Communities or crew, where rows vary by person."""

    @property
    def openings(self) -> tuple[int, ...]:
        """Events or tasks that open rows now."""

    @property
    def as_of(self) -> datetime | None:
        """The time asked about; None: now."""


class HomesSeen(Enum):
    """How many of the homes of people in care this person sees."""

    ALL = "all"
    SOME = "some"
    NONE = "none"


def homes_seen(question: Asker) -> HomesSeen:
    """How many of the homes of people in care an answer to this question counts."""
    care = get("care_locations")
    rules = visible_rows(care, question.role)
    if rules is not None and all(rule.value != "home" for rule in rules):
        return HomesSeen.NONE
    scope = scope_of(care, question.role)
    if scope is None or (scope is Scope.COMMUNITIES and question.scope_keys is None):
        return HomesSeen.ALL
    if scope is Scope.EVENT:
        return HomesSeen.ALL if question.openings else HomesSeen.NONE
    return HomesSeen.SOME


_ABOUT_HOMES = {
    HomesSeen.NONE: Text(
        th="ไม่รวมผู้ที่ดูแลที่บ้าน เพราะขณะนี้สิทธิ์ของท่านดูไม่ได้",
        en="People cared for at home are left out: you may not see them at present.",
    ),
    HomesSeen.SOME: Text(
        th="นับผู้ที่ดูแลที่บ้านเฉพาะในชุมชนหรืองานของท่าน",
        en="Of the people cared for at home only those of your communities or tasks are counted.",
    ),
}


def caveats(flood: dict[str, Any], exposed: dict[str, Any], question: Asker) -> tuple[Text, ...]:
    """Sentences about an answer: its flood and the counts of its layers."""
    found = [
        Text(
            th="นับสิ่งที่แตะเขตน้ำท่วม (ST_Intersects) หลังซ่อมรูปแปลงตอนนำเข้า แม้แตะเพียงขอบ",
            en="Features are counted that touch the flood (ST_Intersects), after repair on "
            "import, even at an edge.",
        )
    ]
    if question.as_of is not None:
        moment = question.as_of.astimezone(_BANGKOK)
        found.append(
            Text(
                th=f"ข้อมูลเมือง ณ {moment:%d/%m}/{moment.year + 543} {moment:%H:%M} น.",
                en=f"The town as it was on {moment:%d %B %Y at %H:%M}.",
            )
        )
    if not flood["depth_known"]:
        found.append(
            Text(
                th="ไม่ทราบความลึกของน้ำในบางเขต",
                en="The depth of water is not known for some of this flood.",
            )
        )
    unknown = exposed.get("houses", {}).get("depth_unknown", 0)
    if unknown:
        found.append(
            Text(
                th=f"บ้าน {unknown} หลังไม่ทราบความลึกในบ้าน เพราะไม่ทราบระดับพื้นหรือความลึกน้ำ",
                en=f"The depth indoors is unknown for {unknown} houses: their floor height or "
                "the water's depth is not known.",
            )
        )
    found += _about_layers(exposed)
    homes = homes_seen(question)
    if homes is not HomesSeen.ALL:
        found.append(_ABOUT_HOMES[homes])
    held = (
        scope_of(get("households"), question.role) is not None and question.scope_keys is not None
    )
    if held and "households" in exposed:
        found.append(
            Text(
                th="นับครัวเรือนและผู้คนเฉพาะในชุมชนของท่าน",
                en="Households and people are counted only in your communities.",
            )
        )
    return tuple(found)


def _about_layers(exposed: dict[str, Any]) -> list[Text]:
    """What to know of single layers' figures."""
    found = []
    if "houses" in exposed:
        found.append(
            Text(
                th="ความลึกของบ้านเป็นความลึกเหนือดินที่ทางเข้า ความลึกในบ้านคือความลึกสูงสุดของเขต"
                "หักระดับพื้น จึงเป็นค่าสูงสุดที่เป็นไปได้",
                en="by_depth of houses is depth above the ground at the entrance; depth indoors is "
                "the greatest depth of the zone less the floor's height: the most it may be.",
            )
        )
    if "displaced" in exposed:
        found.append(
            Text(
                th="ผู้ที่ต้องอพยพนับจากความลึกในบ้านเท่านั้น ไม่รวมบ้านที่แห้งแต่ทางเข้าออกถูกตัด "
                "(ถามเพิ่มด้วย include: cut_off)",
                en="The displaced are counted by depth indoors alone: dry homes whose roads are "
                "cut are not among them (ask with include: cut_off).",
            )
        )
    silent = exposed.get("households", {}).get("people_unknown", 0)
    if silent:
        found.append(
            Text(
                th=f"ครัวเรือน {silent} ครัวเรือนไม่มีข้อมูลจำนวนคน จึงไม่อยู่ในยอดคน",
                en=f"Nobody knows how many live in {silent} households; they add nobody.",
            )
        )
    if "roads" in exposed:
        found.append(
            Text(
                th="ความยาวถนนใต้น้ำรวมสะพาน ซึ่งอาจพ้นน้ำ",
                en="Lengths of road under water include bridges, which may stand above it.",
            )
        )
    if "service" in exposed.get("waste_routes", {}):
        found.append(
            Text(
                th="จุดเก็บขยะที่แห้งอาจถูกตัดทาง ดูคำตอบเส้นทางที่ถูกตัด",
                en="Stops that are dry may still be cut off (ask /queries/route-cuts).",
            )
        )
    return found
