"""What heights are counted from: naming a vertical datum, and bringing ground to the gauge's.

Nothing is converted silently: a difference between two datums is applied when the user states it,
and its own uncertainty is added to the error of the ground.
"""

import math
import re
from dataclasses import dataclass
from enum import StrEnum

from layers.errors import RefusedError
from layers.text import Text


class Datum(StrEnum):
    """A vertical datum, by its common name."""

    KOLAK_1915 = "Kolak-1915"
    EGM96 = "EGM96"
    EGM2008 = "EGM2008"
    TGM2017 = "TGM2017"
    ELLIPSOID = "WGS 84 ellipsoid"
    NAVD88 = "NAVD88"


@dataclass(frozen=True)
class KnownOffset:
    """Metres found between two datums, and how far single places lay from it (rms).

    The sign has not been confirmed at a benchmark in the town: it is told, never applied by itself.
    """

    metres: float
    rms_m: float


KNOWN: dict[tuple[Datum, Datum], KnownOffset] = {
    (Datum.EGM2008, Datum.KOLAK_1915): KnownOffset(0.997, 0.17),
    (Datum.TGM2017, Datum.KOLAK_1915): KnownOffset(0.011, 0.05),
}
"""(of the ground, of the gauge) -> magnitude published for Thailand.

EGM2008: 258 points, mean 0.997 m and rms 1.012 m, which leaves 0.17 m about the mean.
"""

_WORDS: tuple[tuple[str, Datum], ...] = (
    (r"ko[ _]?lak|เกาะหลัก|ร\.?ท\.?ก|m ?msl", Datum.KOLAK_1915),
    (r"egm ?2?0?08|3855", Datum.EGM2008),
    (r"egm ?(19)?96|5773", Datum.EGM96),
    (r"tgm ?2017", Datum.TGM2017),
    (r"navd ?88|5703", Datum.NAVD88),
    (r"ellipsoid", Datum.ELLIPSOID),
)


def recognise(words: str | None) -> Datum | None:
    """The datum meant by a file's or a person's words; None when they name none we know."""
    told = (words or "").lower()
    return next((datum for pattern, datum in _WORDS if re.search(pattern, told)), None)


@dataclass(frozen=True)
class Conversion:
    """What is added to the ground's heights (metres), its error, and what to say about it."""

    add_m: float
    error_m: float
    marked: bool
    caveats: tuple[Text, ...] = ()


def conversion(
    ground: str | None,
    gauge: str | None,
    *,
    stated_offset_m: float | None = None,
    offset_error_m: float | None = None,
    insist: bool = False,
) -> Conversion:
    """How to bring ground of one datum to the gauge's, both in the words of their sources.

    `stated_offset_m` is what the user found to be added to the ground. RefusedError when the
    datums differ and nothing is stated, or one is not known and the user does not `insist`; an
    answer made by insisting is `marked`.
    """
    names = (ground or "?", gauge or "?")
    known_ground, known_gauge = recognise(ground), recognise(gauge)
    if stated_offset_m is not None:
        told = KNOWN.get((known_ground, known_gauge)) if known_ground and known_gauge else None
        error = offset_error_m if offset_error_m is not None else (told.rms_m if told else 0.0)
        return Conversion(stated_offset_m, error, False, (_stated(names, stated_offset_m),))
    if known_ground is not None and known_ground is known_gauge:
        return Conversion(0.0, 0.0, False)
    same = ground is not None and gauge is not None and ground.strip() == gauge.strip()
    if same:
        return Conversion(0.0, 0.0, False)
    if insist:
        return Conversion(0.0, 0.0, True, (_insisted(names),))
    raise RefusedError(_refusal(names, known_ground, known_gauge))


def together(*errors_m: float) -> float:
    """The error of a sum of independent parts, metres."""
    return math.sqrt(sum(error * error for error in errors_m))


def _stated(names: tuple[str, str], metres: float) -> Text:
    return Text(
        th=f"บวก {metres:+.3f} ม. ให้ระดับพื้นดิน ({names[0]}) เพื่อเทียบกับสถานี ({names[1]}) ตามที่ผู้ใช้ระบุ",
        en=f"{metres:+.3f} m was added to the ground ({names[0]}) to compare it with the gauge "
        f"({names[1]}), as the user stated.",
    )


def _insisted(names: tuple[str, str]) -> Text:
    return Text(
        th=f"ไม่ทราบความต่างของระดับอ้างอิงพื้นดิน ({names[0]}) กับสถานี ({names[1]}) ผู้ใช้ยืนยันให้คำนวณ "
        "ผลอาจคลาดเคลื่อนเป็นเมตร ห้ามใช้สั่งการ",
        en=f"How the ground's datum ({names[0]}) lies to the gauge's ({names[1]}) is not known; it "
        "was worked out because the user insisted. It can be wrong by metres: not for orders.",
    )


def _refusal(names: tuple[str, str], ground: Datum | None, gauge: Datum | None) -> Text:
    if ground is None or gauge is None:
        return Text(
            th=f"ไม่ทราบระดับอ้างอิงของพื้นดิน ({names[0]}) หรือของสถานี ({names[1]}) จึงเทียบกันไม่ได้ "
            "ระบุความต่างด้วย --offset หรือยืนยันด้วย --insist-datum",
            en=f"What the heights of the ground ({names[0]}) or of the gauge ({names[1]}) are "
            "counted from is not known, so they cannot be compared. State the difference with "
            "--offset, or insist with --insist-datum.",
        )
    found = KNOWN.get((ground, gauge))
    hint_th = hint_en = ""
    if found:
        hint_th = (
            f" ค่าที่เผยแพร่คือ {found.metres:.3f} ม. (คลาดเคลื่อน {found.rms_m:.2f}) ตรวจเครื่องหมายที่หมุดก่อน"
        )
        hint_en = (
            f" Published: {found.metres:.3f} m (give or take {found.rms_m:.2f}); confirm the sign "
            "at a benchmark first."
        )
    return Text(
        th=f"พื้นดินนับจาก {ground} สถานีนับจาก {gauge} ต้องแปลงก่อน ระบุค่าที่บวกให้พื้นดินด้วย --offset{hint_th}",
        en=f"The ground is counted from {ground} and the gauge from {gauge}. State what is to be "
        f"added to the ground with --offset.{hint_en}",
    )
