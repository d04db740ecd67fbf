"""Query parameters of `items` parsed once into the typed question `db.queries` answers."""

import math
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta

from api.ogc.crs import Crs
from db.queries.features import Box, Equals, Period
from layers.errors import BadRequestError
from layers.model import Field, FieldType, Layer, Role
from layers.privacy import visible_fields
from layers.text import Text

DEFAULT_LIMIT = 100
MAX_LIMIT = 10_000
MAX_OFFSET = 1_000_000_000
_OPEN = ("", "..")
"""An open end of an interval."""
BIGGEST = 2**63 - 1


def box(text: str, crs: Crs) -> Box:
    """A bbox of four numbers, or six whose heights are passed over, in the order of its CRS."""
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) == 6:  # noqa: PLR2004 - with heights
        numbers = [*numbers[:2], *numbers[3:5]]
    if len(numbers) != 4 or not all(map(math.isfinite, numbers)):  # noqa: PLR2004 - four edges
        raise BadRequestError(
            Text(
                th=f"bbox “{text}” ต้องเป็นตัวเลข 4 ตัวคั่นด้วยจุลภาค: ตะวันตก,ใต้,ตะวันออก,เหนือ",
                en=f"bbox “{text}” must be four numbers with commas: west,south,east,north.",
            )
        )
    first, second, third, fourth = numbers
    edges = (second, first, fourth, third) if crs.flip else (first, second, third, fourth)
    made = Box(*edges, srid=crs.srid)
    around = crs.srid == 4326  # noqa: PLR2004 - west may lie east of east only on the globe
    if made.south > made.north or (made.west > made.east and not around):
        raise BadRequestError(
            Text(
                th=f"bbox “{text}” สลับด้าน ต้องเป็น ตะวันตก,ใต้,ตะวันออก,เหนือ",
                en=f"bbox “{text}” is upside down: it must be west,south,east,north.",
            )
        )
    if around and not _on_globe(made):
        raise BadRequestError(
            Text(
                th=f"bbox “{text}” อยู่นอกโลก ลองจิจูด -180 ถึง 180 ละติจูด -90 ถึง 90",
                en=f"bbox “{text}” is off the globe: longitude -180 to 180, latitude -90 to 90.",
            )
        )
    return made


def _on_globe(made: Box) -> bool:
    return (
        all(abs(lon) <= 180 for lon in (made.west, made.east))  # noqa: PLR2004 - degrees
        and all(abs(lat) <= 90 for lat in (made.south, made.north))  # noqa: PLR2004 - degrees
    )


def fields(text: str | None, layer: Layer, role: Role) -> tuple[Field, ...]:
    """The fields of `properties=`; all visible ones when it is not given."""
    seen = visible_fields(layer, role)
    if text is None:
        return seen
    wanted = [name.strip() for name in text.split(",") if name.strip()]
    _refuse_unknown_fields(wanted, seen, layer)
    return tuple(field for field in seen if field.name in wanted)


def equals(
    given: Mapping[str, str], layer: Layer, role: Role, reserved: tuple[str, ...]
) -> tuple[Equals, ...]:
    """Property filters `name=value`. A hidden property is refused exactly like an unknown one."""
    seen = {field.name: field for field in visible_fields(layer, role)}
    unknown = sorted(set(given) - set(seen))
    if unknown:
        wrong = ", ".join(f"“{name}”" for name in unknown)
        right = ", ".join([*reserved, *seen])
        raise BadRequestError(
            Text(
                th=f"ไม่มีพารามิเตอร์ {wrong} ที่ใช้ได้คือ {right}",
                en=f"There is no query parameter {wrong}. Those that exist: {right}.",
            ),
            unknown=unknown,
        )
    return tuple(Equals(seen[name], value(seen[name], text)) for name, text in given.items())


def _refuse_unknown_fields(wanted: list[str], seen: tuple[Field, ...], layer: Layer) -> None:
    names = [field.name for field in seen]
    unknown = [name for name in wanted if name not in names]
    if unknown:
        wrong = ", ".join(f"“{name}”" for name in unknown)
        right = ", ".join(names)
        raise BadRequestError(
            Text(
                th=f"ชั้นข้อมูล “{layer.id}” ไม่มี {wrong} มีแต่ {right}",
                en=f"The layer “{layer.id}” has no {wrong}. It has {right}.",
            )
        )


def value(field: Field, text: str) -> object:
    """A filter's text as a value of the field's type."""
    try:
        parsed = _PARSERS[field.type](text.replace("\0", "\ufffd"))
    except ValueError as error:
        raise BadRequestError(
            Text(
                th=f"“{text}” ใช้กับ “{field.title.th}” ({field.name}) ไม่ได้ ต้องเป็น "
                f"{_KINDS[field.type].th}",
                en=f"“{text}” does not fit “{field.title.en}” ({field.name}), which is "
                f"{_KINDS[field.type].en}.",
            )
        ) from error
    return parsed


def _whole(text: str) -> int:
    number = int(text)
    if abs(number) > BIGGEST:
        raise ValueError("does not fit 64 bits")
    return number


def _number(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("not finite")
    return number


def _yes_no(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise ValueError(text)
    return text.lower() == "true"


def _moment(text: str) -> datetime:
    # a plus sign that nobody escaped arrives as a space
    moment = datetime.fromisoformat(text.strip().replace(" ", "+"))
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


_PARSERS: dict[FieldType, Callable[[str], object]] = {
    FieldType.TEXT: str,
    FieldType.TEXT_LIST: str,
    FieldType.INTEGER: _whole,
    FieldType.NUMBER: _number,
    FieldType.BOOLEAN: _yes_no,
    FieldType.DATE: date.fromisoformat,
    FieldType.DATETIME: _moment,
}
_TEXT = Text(th="ข้อความ", en="text")
_KINDS: dict[FieldType, Text] = {
    FieldType.TEXT: _TEXT,
    FieldType.TEXT_LIST: _TEXT,
    FieldType.INTEGER: Text(th="จำนวนเต็ม", en="a whole number"),
    FieldType.NUMBER: Text(th="ตัวเลข", en="a number"),
    FieldType.BOOLEAN: Text(th="true หรือ false", en="true or false"),
    FieldType.DATE: Text(th="วันที่แบบ 2026-11-20", en="a date such as 2026-11-20"),
    FieldType.DATETIME: Text(
        th="เวลาแบบ 2026-11-20T10:21:00+07:00", en="a time such as 2026-11-20T10:21:00+07:00"
    ),
}


def temporal_field(layer: Layer, role: Role) -> Field | None:
    """The field `datetime=` compares: the layer's first public date or time, else its first seen.

    None: the layer has no time of its own, and `datetime` selects everything.
    """
    dated = [
        field
        for field in visible_fields(layer, role)
        if field.type in (FieldType.DATE, FieldType.DATETIME) and field.name != "updated_at"
    ]
    public = [field for field in dated if Role.PUBLIC in field.audience]
    return next(iter(public or dated), None)


def period(text: str, field: Field | None) -> Period | None:
    """An instant or interval (`a`, `a/b`, `../b`, `a/..`), RFC 3339 times or whole dates.

    None when there is no field to compare; the text is checked all the same.
    """
    start_text, slash, end_text = text.partition("/")
    try:
        # a lone instant has no open end
        start, end = _ends(start_text, end_text) if slash else _instant(text)
    except ValueError as error:
        raise BadRequestError(
            Text(
                th=f"datetime “{text}” ใช้ไม่ได้ ใช้แบบ 2026-11-20 หรือ "
                "2026-11-01T00:00:00Z/2026-11-20T00:00:00Z หรือ ../2026-11-20",
                en=f"datetime “{text}” cannot be used. Write 2026-11-20, "
                "2026-11-01T00:00:00Z/2026-11-20T00:00:00Z or ../2026-11-20.",
            )
        ) from error
    return Period(field, start, end) if field else None


def _instant(text: str) -> tuple[datetime | None, datetime | None]:
    if text in _OPEN:
        raise ValueError("an instant is never open")
    return _ends(text, text)


def _ends(start_text: str, end_text: str) -> tuple[datetime | None, datetime | None]:
    start, end = _end_of(start_text, last=False), _end_of(end_text, last=True)
    if start is not None and end is not None and start > end:
        raise ValueError("the interval runs backwards")
    return start, end


def _end_of(text: str, *, last: bool) -> datetime | None:
    if text in _OPEN:
        return None
    if "T" in text or " " in text:
        return _moment(text)
    day = datetime.combine(date.fromisoformat(text), time(), UTC)
    return day + timedelta(days=1, microseconds=-1) if last else day
