"""The two demo towns: what they are called, where they lie, which codes their records carry."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from layers.text import Text


@dataclass(frozen=True)
class DemoTown:
    """A synthetic town at a real place.

    `origin` is the centre in the projected CRS `srid`. `codes` are administrative codes:
    province, amphoe and tambon as the Department of Provincial Administration lists them,
    and a registry office number (`registry`) and map sheet (`sheet`) no real office has. `short`
    begins every code. `away` is the share of registered adults who live elsewhere, `renters`
    the share of households with people who are not registered here.
    """

    id: str
    name: Text
    srid: int
    origin: tuple[float, float]
    seed: int
    codes: Mapping[str, str]
    description: Text
    short: str
    away: float
    renters: float


SOURCE = "ข้อมูลสาธิตสังเคราะห์ (synthetic demo)"
"""The `source` of every demo record."""

DEMO_TOWNS: Mapping[str, DemoTown] = MappingProxyType(
    {
        "phibun": DemoTown(
            id="phibun",
            name=Text(th="พิบูลมังสาหาร (สาธิต)", en="Phibun Mangsahan (demo)"),
            srid=32648,
            origin=(524700.0, 1685430.0),
            seed=341901,
            codes=MappingProxyType(
                {
                    "province": "34",
                    "amphoe": "3419",
                    "tambon": "341901",
                    "registry": "9934",
                    "sheet": "9939IV",
                }
            ),
            description=Text(
                th="เมืองสังเคราะห์ริมฝั่งขวาแม่น้ำมูลที่แก่งสะพือ ที่ราบน้ำท่วมถึง น้ำหลากจากแม่น้ำเป็นเวลาหลายวัน",
                en="A synthetic town on the right bank of the Mun at the Kaeng Saphue rapids: a "
                "flat flood plain where the river rises over days.",
            ),
            short="PB",
            away=0.24,
            renters=0.12,
        ),
        "patong": DemoTown(
            id="patong",
            name=Text(th="ป่าตอง (สาธิต)", en="Patong (demo)"),
            srid=32647,
            origin=(422400.0, 872900.0),
            seed=830202,
            codes=MappingProxyType(
                {
                    "province": "83",
                    "amphoe": "8302",
                    "tambon": "830202",
                    "registry": "9983",
                    "sheet": "9924II",
                }
            ),
            description=Text(
                th="เมืองสังเคราะห์ริมอ่าวตะวันตก มีภูเขาทางตะวันออก น้ำท่วมจากฝนและน้ำทะเลหนุนภายในไม่กี่ชั่วโมง",
                en="A synthetic town on a western bay with hills to the east: rain and tide "
                "flood it within hours.",
            ),
            short="PT",
            away=0.08,
            renters=0.38,
        ),
    }
)
"""The demo towns by id."""
