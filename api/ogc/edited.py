"""Features as they are sent: their properties against the layer's declaration."""

import math
from datetime import date, datetime
from typing import Any, Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field

from db.editing import Change
from layers.errors import BadRequestError
from layers.model import SYSTEM_FIELDS, FieldType, Layer
from layers.model import Field as Declared
from layers.text import Text

MAX_TEXT = 4000
MAX_ITEMS = 100
_KEPT_BY_US = frozenset(field.name for field in SYSTEM_FIELDS)


class FeatureIn(BaseModel):
    """A GeoJSON Feature in longitude and latitude. What the platform keeps itself is passed over.

    `id`, `links` and the properties `source`, `dataset_id`, `updated_at` and `updated_by` may be
    there, as an item that was read has them.
    """

    model_config = ConfigDict(extra="ignore")

    type: Literal["Feature"]
    geometry: dict[str, Any] | None = None
    properties: dict[str, Any] | None = None


class FeaturePatch(BaseModel):
    """The parts of a feature that change (RFC 7396): null empties a field."""

    model_config = ConfigDict(extra="ignore")

    type: Literal["Feature"] = "Feature"
    geometry: dict[str, Any] | None = Field(default=None, description="Left as it is when absent")
    properties: dict[str, Any] = Field(default_factory=dict)


def change_of(layer: Layer, sent: FeatureIn | FeaturePatch, *, whole: bool) -> Change:
    """What is to be written; BadRequestError says which property cannot be."""
    given = dict(sent.properties or {})
    known = {field.name: field for field in layer.fields}
    unknown = sorted(set(given) - set(known) - _KEPT_BY_US)
    if unknown:
        names = ", ".join(known)
        raise BadRequestError(
            Text(
                th=f"ชั้นข้อมูลนี้ไม่มีช่อง {', '.join(unknown)[:200]} ช่องที่มี: {names}",
                en=f"This layer has no {', '.join(unknown)[:200]}. It has: {names}.",
            )
        )
    values = {name: _value(known[name], given[name]) for name in known if name in given}
    for field in layer.fields:
        if field.required and values.get(field.name) is None and (whole or field.name in values):
            raise _wrong(field, Text(th="ต้องมีค่า", en="must have a value"))
    geometry = sent.geometry
    if layer.geometry is None and geometry is not None:
        raise BadRequestError(
            Text(th="ชั้นข้อมูลนี้ไม่มีรูปร่าง", en="Records of this layer have no geometry.")
        )
    if layer.geometry is not None and geometry is None and whole:
        raise BadRequestError(Text(th="ต้องมีตำแหน่ง", en="The feature needs a geometry."))
    text = None if geometry is None else orjson.dumps(geometry).decode()
    return Change(values=values, geometry=text, whole=whole)


_DEPTHS = {"Point": 0, "LineString": 1, "MultiLineString": 2, "Polygon": 2, "MultiPolygon": 3}
"""How deep positions lie in the coordinates of each kind of geometry."""


def positions(geometry: dict[str, Any]) -> list[tuple[float, float]]:
    """Every position of a GeoJSON geometry; BadRequestError for what is none."""
    depth = _DEPTHS.get(str(geometry.get("type")))
    found: list[Any] = [geometry.get("coordinates")]
    for _ in range(depth or 0):
        if not all(isinstance(part, list) and part for part in found):
            depth = None
            break
        found = [inner for part in found for inner in part]
    if depth is None or not all(map(_is_position, found)):
        raise BadRequestError(
            Text(
                th="รูปร่างไม่ใช่ GeoJSON ที่มีพิกัด ลองจิจูด, ละติจูด",
                en="The geometry is not GeoJSON whose positions are longitude, latitude.",
            )
        )
    return [(float(lon), float(lat)) for lon, lat, *_ in found]


def _is_position(part: Any) -> bool:
    return (
        isinstance(part, list)
        and len(part) in (2, 3)
        and all(isinstance(n, int | float) and not isinstance(n, bool) for n in part)
        and all(map(math.isfinite, part))
    )


def _wrong(field: Declared, why: Text) -> BadRequestError:
    return BadRequestError(
        Text(th=f"{field.title.th} ({field.name}): {why.th}", en=f"{field.name}: {why.en}")
    )


def _value(field: Declared, value: Any) -> object:
    if value is None:
        return None
    reader = _READERS[field.type]
    try:
        read = reader(value)
    except (ValueError, TypeError, OverflowError) as error:
        raise _wrong(field, _KINDS[field.type]) from error
    codes = {code.value for code in field.codes}
    for one in read if isinstance(read, list) else [read]:
        if codes and one not in codes:
            known = ", ".join(sorted(codes))
            raise _wrong(field, Text(th=f"ต้องเป็นค่าใน {known}", en=f"must be one of {known}"))
    if isinstance(read, int | float) and not isinstance(read, bool):
        _check_range(field, float(read))
    return read


def _check_range(field: Declared, value: float) -> None:
    low = -math.inf if field.minimum is None else field.minimum
    high = math.inf if field.maximum is None else field.maximum
    if not low <= value <= high:
        raise _wrong(
            field, Text(th=f"ต้องอยู่ใน {low:g} ถึง {high:g}", en=f"must be {low:g} to {high:g}")
        )


def _text(value: Any) -> str:
    if not isinstance(value, str) or len(value) > MAX_TEXT or "\x00" in value:
        raise ValueError
    return value


def _integer(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) >= 2**63:
        raise ValueError
    return value


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError
    return float(value)


def _yes_no(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _moment(value: Any) -> datetime:
    found = datetime.fromisoformat(_text(value))
    if found.tzinfo is None:
        raise ValueError
    return found


def _texts(value: Any) -> list[str]:
    if not isinstance(value, list) or len(value) > MAX_ITEMS:
        raise TypeError
    return [_text(one) for one in value]


_READERS: dict[FieldType, Any] = {
    FieldType.TEXT: _text,
    FieldType.INTEGER: _integer,
    FieldType.NUMBER: _number,
    FieldType.BOOLEAN: _yes_no,
    FieldType.DATE: lambda value: date.fromisoformat(_text(value)),
    FieldType.DATETIME: _moment,
    FieldType.TEXT_LIST: _texts,
}
_KINDS: dict[FieldType, Text] = {
    FieldType.TEXT: Text(
        th=f"ต้องเป็นข้อความไม่เกิน {MAX_TEXT:,} ตัว",
        en=f"must be text of at most {MAX_TEXT:,} characters",
    ),
    FieldType.INTEGER: Text(th="ต้องเป็นจำนวนเต็ม", en="must be a whole number"),
    FieldType.NUMBER: Text(th="ต้องเป็นตัวเลข", en="must be a number"),
    FieldType.BOOLEAN: Text(th="ต้องเป็น true หรือ false", en="must be true or false"),
    FieldType.DATE: Text(th="ต้องเป็นวันที่ เช่น 2026-11-21", en="must be a date such as 2026-11-21"),
    FieldType.DATETIME: Text(
        th="ต้องเป็นวันเวลาพร้อมเขตเวลา เช่น 2026-11-21T08:00:00+07:00",
        en="must be a time with its offset, such as 2026-11-21T08:00:00+07:00",
    ),
    FieldType.TEXT_LIST: Text(th="ต้องเป็นรายการข้อความ", en="must be a list of texts"),
}
