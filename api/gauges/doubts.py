"""What cannot be right about a station's record or a level at it: units, zeros, thresholds."""

from collections.abc import Iterator

from db.queries.gauges import Station
from flood.levels import known
from layers.series import RAIN
from layers.text import Text

FAR_M = 20.0
"""No river of a town stands so far over its banks and over every flood anybody remembers."""
DEEP_M = 100.0
"""Nor so far below its banks: what a staff shows was told as metres above the sea."""
_IN_ORDER = ("watch", "warning", "critical")


def of_level(station: Station, level: float) -> Text | None:
    """Why a level cannot be one of this station: another unit, or another zero."""
    if station.series == RAIN:
        return None
    banks = _banks(station)
    tops = [*banks, *(float(one["peak_m"]) for one in station.remembered)]
    bed = station.values["ground_m"]
    if tops and level > max(tops) + FAR_M:
        return Text(
            th=f"{level:.2f} ม. สูงกว่าตลิ่งและน้ำท่วมที่จำกันได้ ({max(tops):.2f} ม.) เกิน {FAR_M:.0f} ม. "
            "ตรวจหน่วย (ซม. หรือ ม.) และศูนย์เสาระดับ",
            en=f"{level:.2f} m is more than {FAR_M:.0f} m over the banks and every remembered "
            f"flood ({max(tops):.2f} m): check the unit (cm or m) and the staff's zero.",
        )
    if bed is not None and level < bed:
        return Text(
            th=f"{level:.2f} ม. ต่ำกว่าท้องน้ำ ({bed:.2f} ม.) ตรวจหน่วยและศูนย์เสาระดับ",
            en=f"{level:.2f} m is below the river bed ({bed:.2f} m): check the unit and the "
            "staff's zero.",
        )
    if banks and level < min(banks) - DEEP_M:
        return Text(
            th=f"{level:.2f} ม. ต่ำกว่าตลิ่งเกิน {DEEP_M:.0f} ม. ตรวจว่าเป็น ม.รทก. หรือเลขบนเสาระดับ",
            en=f"{level:.2f} m is more than {DEEP_M:.0f} m below the banks: is it m MSL, or what "
            "the staff shows?",
        )
    return None


def of_record(station: Station) -> Iterator[Text]:
    """What contradicts itself in the record: thresholds that warn too late."""
    levels = [
        (str(one["kind"]), str(one["name"]), float(one["level_m"]))
        for one in station.thresholds
        if one["level_m"] is not None and one["kind"] in _IN_ORDER
    ]
    for kind, name, level in levels:
        for graver, other, above in levels:
            if _IN_ORDER.index(kind) < _IN_ORDER.index(graver) and level > above:
                yield Text(
                    th=f"เกณฑ์ “{name}” ({level:.2f} ม.) สูงกว่า “{other}” ({above:.2f} ม.) "
                    "ซึ่งร้ายแรงกว่า จะเตือนทีหลัง",
                    en=f"The threshold “{name}” ({level:.2f} m) is above “{other}” "
                    f"({above:.2f} m), which is graver: it warns after it.",
                )
    banks = _banks(station)
    for kind, name, level in levels:
        if banks and kind != _IN_ORDER[-1] and level > min(banks):
            yield Text(
                th=f"เกณฑ์ “{name}” ({level:.2f} ม.) สูงกว่าตลิ่ง ({min(banks):.2f} ม.) น้ำล้นตลิ่งก่อนเตือน",
                en=f"The threshold “{name}” ({level:.2f} m) is above the lowest bank "
                f"({min(banks):.2f} m): the water is over the bank before it warns.",
            )


def _banks(station: Station) -> list[float]:
    both = map(known, (station.values["bank_left_m"], station.values["bank_right_m"]))
    return [float(bank) for bank in both if bank is not None]
