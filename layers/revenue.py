"""What a parcel shows of use, and what the registers lack of it: the revenue gaps, as pure rules.

A gap is a candidate to be looked at, never a verdict: an old building may be older than the
register, and what is not on record is not known. So each rule is asked only where the register it
compares with holds anything at all (`Known`).
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from layers.text import Text

BUSINESS_KINDS = frozenset({"food", "hazardous", "other"})
"""Kinds of permits that let somebody trade; the other kind is of building."""
UNUSED = frozenset({"vacant", "agriculture"})
"""Uses under which nobody lives or trades on a parcel."""
EXEMPT = "public"
"""Use outside the land tax: such a parcel has no gap."""


class Gap(StrEnum):
    """What is missing of a parcel."""

    NO_TAX_ACCOUNT = "no_tax_account"
    USE_DIFFERS = "use_differs"
    NO_BUILDING_LICENCE = "no_building_licence"
    NO_BUSINESS_LICENCE = "no_business_licence"


@dataclass(frozen=True)
class Licence:
    """A permit on the parcel, of any kind and state."""

    kind: str | None
    status: str | None
    expires_on: date | None


@dataclass(frozen=True)
class Signs:
    """What stands on a parcel: footprints, farm buildings and trade among them, houses, meters."""

    buildings: int = 0
    building_m2: float = 0.0
    farm_buildings: int = 0
    trade_buildings: int = 0
    houses: int = 0
    meters: int = 0
    licences: tuple[Licence, ...] = ()

    @property
    def businesses(self) -> int:
        """Permits to trade that were given, also those that have run out."""
        return sum(one.kind in BUSINESS_KINDS and _given(one) for one in self.licences)

    @property
    def any(self) -> bool:
        """Whether anything shows that the parcel is used."""
        return bool(self.buildings or self.houses or self.meters or self.businesses)

    @property
    def settled(self) -> bool:
        """Whether somebody lives or trades there, beside farming."""
        buildings = self.buildings - self.farm_buildings
        return bool(buildings or self.houses or self.meters or self.businesses)


@dataclass(frozen=True)
class Known:
    """Which registers hold anything; what a register without data lacks is not a gap."""

    tax_accounts: bool
    uses: bool
    building_licences: bool
    business_licences: bool

    def of(self, gap: Gap) -> bool:
        """Whether this gap can be known in the town."""
        return {
            Gap.NO_TAX_ACCOUNT: self.tax_accounts,
            Gap.USE_DIFFERS: self.uses,
            Gap.NO_BUILDING_LICENCE: self.building_licences,
            Gap.NO_BUSINESS_LICENCE: self.business_licences,
        }[gap]


def _given(licence: Licence) -> bool:
    return licence.status in ("issued", "expired")


def _current(licence: Licence, today: date) -> bool:
    """In force, or asked for: an application lies on the office's own desk."""
    if licence.status == "applied":
        return True
    in_time = licence.expires_on is None or licence.expires_on >= today
    return licence.status == "issued" and in_time


def gaps(
    signs: Signs, uses: frozenset[str], *, has_account: bool, known: Known, today: date
) -> tuple[tuple[Gap, Text], ...]:
    """What is missing of one parcel, each with the reason in words; nothing of exempt ones.

    `uses` are all uses on record, empty where none is.
    """
    if EXEMPT in uses or not signs.any:
        return ()
    tests = (
        (Gap.NO_TAX_ACCOUNT, not has_account, Text(th="ไม่มีบัญชีภาษี", en="no tax account")),
        (
            Gap.USE_DIFFERS,
            bool(uses) and uses <= UNUSED and signs.settled,
            Text(
                th="ทะเบียนระบุว่าใช้เพื่อเกษตรกรรมหรือว่างเปล่า",
                en="on the roll as farmed or vacant",
            ),
        ),
        (
            Gap.NO_BUILDING_LICENCE,
            signs.buildings - signs.farm_buildings > 0 and not _may_stand(signs),
            Text(th="ไม่มีใบอนุญาตก่อสร้าง", en="no building permit"),
        ),
        _trade(signs, uses, today),
    )
    shown = shows(signs)
    return tuple(
        (gap, Text(th=f"{shown.th} แต่{lacks.th}", en=f"{shown.en}, but {lacks.en}"))
        for gap, true, lacks in tests
        if true and known.of(gap)
    )


def _may_stand(signs: Signs) -> bool:
    return any(
        one.kind == "building" and (_given(one) or one.status == "applied")
        for one in signs.licences
    )


def _trade(signs: Signs, uses: frozenset[str], today: date) -> tuple[Gap, bool, Text]:
    trade = [one for one in signs.licences if one.kind in BUSINESS_KINDS]
    trades = bool(signs.trade_buildings or "commercial" in uses or signs.businesses)
    lacks = trades and not any(_current(one, today) for one in trade)
    lapsed = any(_given(one) for one in trade)
    why = (
        Text(th="ใบอนุญาตประกอบกิจการหมดอายุ", en="the business licence has run out")
        if lapsed
        else Text(th="ไม่มีใบอนุญาตประกอบกิจการ", en="no business licence")
    )
    return (Gap.NO_BUSINESS_LICENCE, lacks, why)


def shows(signs: Signs) -> Text:
    """What stands on the parcel, in words."""
    parts = [
        Text(
            th=f"มีอาคาร {signs.buildings} หลัง {signs.building_m2:,.0f} ตร.ม.",
            en=f"{signs.buildings} buildings of {signs.building_m2:,.0f} m2",
        )
        if signs.buildings
        else None,
        Text(th=f"บ้าน {signs.houses} หลัง", en=f"{signs.houses} houses") if signs.houses else None,
        Text(th=f"มิเตอร์ไฟฟ้า {signs.meters}", en=f"{signs.meters} electricity meters")
        if signs.meters
        else None,
        Text(th=f"กิจการ {signs.businesses}", en=f"{signs.businesses} licensed businesses")
        if signs.businesses
        else None,
    ]
    told = [part for part in parts if part is not None]
    return Text(th=" ".join(p.th for p in told), en=", ".join(p.en for p in told))
