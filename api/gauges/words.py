"""A station's state in words a person on watch would use, in two languages."""

from collections.abc import Iterable

from layers.series import FLAG_WORDS, Flag
from layers.text import Text

_BE = 543
_METRE_CM = 100


def flag_names(flags: int) -> list[str]:
    """Names of flags as answers tell them."""
    return [flag.name.lower() for flag in Flag if flags & flag and flag.name]


def doubts(flags: Flag) -> Iterable[Text]:
    """What is odd, flag by flag."""
    return (FLAG_WORDS[flag] for flag in Flag if flag in flags)


def against_bank(metres: float) -> Text:
    """A level against the lowest known bank; positive over it."""
    told = f"{abs(metres):.2f}"
    if abs(metres) < 0.005:  # noqa: PLR2004 - less than a staff gauge shows
        return Text(th="เท่าตลิ่ง", en="At the bank")
    if metres > 0:
        return Text(th=f"สูงกว่าตลิ่ง {told} ม.", en=f"{told} m over the lowest bank")
    return Text(th=f"ต่ำกว่าตลิ่ง {told} ม.", en=f"{told} m below the lowest bank")


def against_flood(metres: float, year_be: int) -> Text:
    """A level against the peak of a remembered flood; positive above it."""
    cm = round(metres * 100)
    year = f"{year_be} ({year_be - _BE})"
    if cm == 0:
        return Text(th=f"เท่าปี {year_be}", en=f"As high as {year}")
    far = abs(cm) >= _METRE_CM
    th, en = (f"{abs(metres):.2f} ม.", f"{abs(metres):.2f} m") if far else _cm(cm)
    if cm > 0:
        return Text(th=f"สูงกว่าปี {year_be} อยู่ {th}", en=f"{en} above {year}")
    return Text(th=f"ต่ำกว่าปี {year_be} อยู่ {th}", en=f"{en} below {year}")


def _cm(cm: int) -> tuple[str, str]:
    return f"{abs(cm)} ซม.", f"{abs(cm)} cm"


def trend(cm_h: float) -> Text:
    """How fast the water rises or falls."""
    if abs(cm_h) < 0.5:  # noqa: PLR2004 - less than half a centimetre an hour
        return Text(th="ทรงตัว", en="Steady")
    if cm_h > 0:
        return Text(th=f"ขึ้น {cm_h:.0f} ซม./ชม.", en=f"Rising {cm_h:.0f} cm/h")
    return Text(th=f"ลง {-cm_h:.0f} ซม./ชม.", en=f"Falling {-cm_h:.0f} cm/h")


def age(seconds: float) -> Text:
    """How long ago a reading was taken."""
    minutes = int(seconds // 60)
    if minutes < 90:  # noqa: PLR2004 - up to an hour and a half in minutes
        return Text(th=f"{minutes} นาทีก่อน", en=f"{minutes} min ago")
    hours = minutes / 60
    if hours < 48:  # noqa: PLR2004 - up to two days in hours
        return Text(th=f"{hours:.0f} ชั่วโมงก่อน", en=f"{hours:.0f} h ago")
    return Text(th=f"{hours / 24:.0f} วันก่อน", en=f"{hours / 24:.0f} days ago")
