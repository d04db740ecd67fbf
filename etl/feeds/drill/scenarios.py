"""Invented events: pure functions of a seed, a station and the hours since the exercise began.

Nothing here is a forecast or a record of any river: levels are made relative to the banks the
town itself recorded, so that an event overtops them by so much, and travel times are the town's
own links. Equal seeds give equal events.
"""

import hashlib
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from layers.errors import NotFoundError
from layers.text import Text

STEP_H = 1 / 6
"""Stations are read every ten minutes."""
BEFORE_H = 72.0
"""Hours of quiet readings before the beginning, so that there is something to compare with."""
_LOW_M, _FALLBACK_RISE_M = 4.0, 3.0
_NOISE_M = 0.006
_TIDE_MEAN_M, _TIDE_M, _TIDE_H = 0.2, 0.9, 12.42


@dataclass(frozen=True)
class Station:
    """One of the town's stations: kind `river`, `tide` or `rain`; levels in m MSL, None unknown."""

    code: str
    kind: str
    bank_m: float | None = None
    ground_m: float | None = None


@dataclass(frozen=True)
class Link:
    """Water takes so many hours from one station to the next."""

    upstream: str
    downstream: str
    lag_h: float


@dataclass(frozen=True)
class Report:
    """What somebody calls in so many hours after the beginning, as an incident of that kind."""

    at_h: float
    says: Text
    kind: str = "other"
    severity: str = "moderate"


@dataclass(frozen=True)
class Scenario:
    """An event: how long, how far over the banks, and how the rise and the fall go."""

    id: str
    title: Text
    hours: float
    rain_h: tuple[float, ...]
    rise_h: float
    over_bank_m: float
    surge_m: float
    rain_mm_h: float
    reports: tuple[Report, ...]


RIVER = Scenario(
    id="river",
    title=Text(th="น้ำหลากจากต้นน้ำหลายวัน", en="A river flood of several days from upstream"),
    hours=240,
    rain_h=(2.0, 20.0, 41.0),
    rise_h=36.0,
    over_bank_m=1.2,
    surge_m=0.1,
    rain_mm_h=18.0,
    reports=(
        Report(
            6,
            Text(th="ชาวบ้านต้นน้ำแจ้งฝนหนักต่อเนื่อง", en="Upstream: heavy rain goes on."),
            "other",
            "low",
        ),
        Report(
            30,
            Text(th="น้ำเอ่อเข้าที่ลุ่มริมแม่น้ำ", en="Water enters the low land by the river."),
            "other",
            "moderate",
        ),
        Report(
            52,
            Text(th="ถนนเลียบแม่น้ำรถเล็กผ่านไม่ได้", en="Cars cannot pass the river road."),
            "road_cut",
            "high",
        ),
        Report(
            60,
            Text(th="บ้านริมน้ำขอเรือรับผู้ป่วยติดเตียง", en="A boat is asked for a bedridden person."),
            "rescue",
            "critical",
        ),
        Report(
            72,
            Text(th="ไฟฟ้าดับบางชุมชน", en="Some communities are without power."),
            "power_out",
            "high",
        ),
        Report(
            96,
            Text(th="ศูนย์พักพิงห้องน้ำไม่พอ", en="A shelter has too few toilets."),
            "supplies",
            "moderate",
        ),
        Report(
            168,
            Text(th="น้ำเริ่มลด ขอเครื่องสูบน้ำ", en="The water falls; pumps are asked for."),
            "supplies",
            "low",
        ),
    ),
)
FLASH = Scenario(
    id="flash",
    title=Text(th="ฝนหนักน้ำท่วมฉับพลันช่วงน้ำทะเลหนุน", en="Sudden rain on a high tide"),
    hours=18,
    rain_h=(1.0, 3.5),
    rise_h=2.5,
    over_bank_m=0.8,
    surge_m=0.5,
    rain_mm_h=70.0,
    reports=(
        Report(
            1.5,
            Text(th="น้ำท่วมผิวถนนหน้าตลาด", en="Water stands on the street at the market."),
            "road_cut",
            "moderate",
        ),
        Report(
            3,
            Text(th="รถดับกลางน้ำ 2 คัน", en="Two cars have stalled in the water."),
            "rescue",
            "high",
        ),
        Report(
            4.5,
            Text(th="น้ำเข้าบ้านชั้นล่าง ขอกระสอบทราย", en="Ground floors wet: sandbags wanted."),
            "supplies",
            "high",
        ),
        Report(
            7, Text(th="น้ำเริ่มลด ถนนมีโคลน", en="The water falls and leaves mud."), "other", "low"
        ),
    ),
)
QUIET = Scenario(
    id="quiet",
    title=Text(th="น้ำขึ้นแต่ไม่ล้นตลิ่ง (ซ้อมเฝ้าระวัง)", en="A rise that stays within the banks"),
    hours=96,
    rain_h=(2.0,),
    rise_h=24.0,
    over_bank_m=-0.5,
    surge_m=0.0,
    rain_mm_h=10.0,
    reports=(
        Report(
            20, Text(th="ถามว่าต้องย้ายของหรือยัง", en="Should we move our things yet?"), "other", "low"
        ),
    ),
)
SCENARIOS: dict[str, Scenario] = {each.id: each for each in (RIVER, FLASH, QUIET)}


def scenario_of(name: str) -> Scenario:
    """The scenario of that name; NotFoundError names those there are."""
    found = SCENARIOS.get(name)
    if found is None:
        known = ", ".join(SCENARIOS)
        raise NotFoundError(
            Text(
                th=f"ไม่มีเหตุการณ์จำลอง “{name}” ที่มี: {known}",
                en=f"There is no scenario “{name}”. There are: {known}.",
            )
        )
    return found


def delays_h(stations: Iterable[Station], links: Iterable[Link]) -> dict[str, float]:
    """Hours after which the wave reaches each station: the longest way along the town's links.

    Links that lead round in a circle are followed once.
    """
    into: dict[str, list[Link]] = {}
    for link in links:
        into.setdefault(link.downstream, []).append(link)
    return {station.code: _delay(station.code, into, frozenset()) for station in stations}


def _delay(code: str, into: Mapping[str, list[Link]], seen: frozenset[str]) -> float:
    ways = [link for link in into.get(code, []) if link.upstream not in seen]
    further = seen | {code}
    return max(
        (max(0.0, link.lag_h) + _delay(link.upstream, into, further) for link in ways), default=0.0
    )


def level_m(scenario: Scenario, station: Station, delay_h: float, seed: int, at_h: float) -> float:
    """Level of a river in m MSL, `at_h` hours after the beginning (before it: negative)."""
    base, peak = _between(scenario, station, seed)
    wave = max(_pulse(at_h - rain - delay_h, scenario.rise_h) for rain in scenario.rain_h)
    return round(base + (peak - base) * wave + _NOISE_M * _even(seed, station.code, at_h), 2)


def rain_mm(scenario: Scenario, station: Station, seed: int, at_h: float) -> float:
    """Rain of the ten minutes that end then, in mm."""
    falls = sum(math.exp(-(((at_h - rain) / 1.5) ** 2)) for rain in scenario.rain_h)
    wet = scenario.rain_mm_h * STEP_H * falls * (1 + 0.3 * _even(seed, station.code, at_h))
    return round(max(0.0, wet), 1) if wet >= 0.1 else 0.0  # noqa: PLR2004 - a gauge's own step


def tide_m(scenario: Scenario, station: Station, seed: int, at_h: float) -> float:
    """Sea level in m MSL: a half-day tide, and a surge with the event."""
    phase = 2 * math.pi * (_fraction(seed, station.code) + at_h / _TIDE_H)
    surge = scenario.surge_m * max(_pulse(at_h - rain, 4.0) for rain in scenario.rain_h)
    noise = _NOISE_M * _even(seed, station.code, at_h)
    return round(_TIDE_MEAN_M + _TIDE_M * math.sin(phase) + surge + noise, 2)


def _between(scenario: Scenario, station: Station, seed: int) -> tuple[float, float]:
    """The level before the event and at its peak."""
    if station.bank_m is None:
        base = (station.ground_m or 0.0) + 1.0
        return base, base + _FALLBACK_RISE_M
    base = station.bank_m - _LOW_M
    if station.ground_m is not None and station.ground_m < station.bank_m:
        base = max(base, station.ground_m + 0.2 * (station.bank_m - station.ground_m))
    share = 0.9 + 0.2 * _fraction(seed, station.code)
    return base, station.bank_m + scenario.over_bank_m * share


def _pulse(after_h: float, rise_h: float) -> float:
    """0 before, 1 at the peak after `rise_h`, falling three times as slowly as it rose."""
    if after_h <= 0:
        return 0.0
    if after_h <= rise_h:
        return math.sin(math.pi / 2 * after_h / rise_h) ** 2
    return math.exp(-(((after_h - rise_h) / (3 * rise_h)) ** 2) * math.log(16))


def _fraction(seed: int, *words: object) -> float:
    """A number from 0 to 1 that only depends on what it is made of."""
    told = "|".join(map(str, (seed, *words))).encode()
    return int.from_bytes(hashlib.sha256(told).digest()[:4]) / 0xFFFFFFFF


def _even(seed: int, code: str, at_h: float) -> float:
    """Noise from -1 to 1 of one reading."""
    return 2 * _fraction(seed, code, round(at_h * 60)) - 1
