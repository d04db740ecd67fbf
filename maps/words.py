"""Values as people read them: coded values by their label, dates in the language's own era.

Machines get ISO dates and codes; only what a person reads goes through here.
"""

import math
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

import pandas as pd

from layers.model import Field, FieldType
from layers.text import Lang, Text

BUDDHIST_ERA = 543

_MONTHS = {
    "th": "ม.ค.|ก.พ.|มี.ค.|เม.ย.|พ.ค.|มิ.ย.|ก.ค.|ส.ค.|ก.ย.|ต.ค.|พ.ย.|ธ.ค.",
    "en": "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec",
}
_UNITS = {
    "m": Text(th="ม.", en="m"),
    "m2": Text(th="ตร.ม.", en="m²"),
    "m MSL": Text(th="ม. รทก.", en="m MSL"),
    "km/h": Text(th="กม./ชม.", en="km/h"),
    "THB": Text(th="บาท", en="baht"),
    "a": Text(th="ปี", en="years"),
}
_YES = Text(th="ใช่", en="Yes")
_NO = Text(th="ไม่ใช่", en="No")


def spoken(field: Field, value: Any, lang: Lang) -> str | None:
    """The value of a field as text, with its unit; None when it is not known.

    Takes what JSON, pandas and psycopg give for the field's type: ISO text or dates, lists,
    tuples or arrays, NaN, NaT and NA for nothing. A code nobody declared is shown as it is.
    """
    if isinstance(value, Iterable) and not isinstance(value, str):
        parts = [spoken(field, each, lang) for each in value]
        return ", ".join(part for part in parts if part is not None) or None
    if pd.isna(value) or value == "":
        return None
    if field.type in (FieldType.DATE, FieldType.DATETIME):
        return _moment(value, lang)
    if field.type is FieldType.BOOLEAN:
        return (_YES if value else _NO).get(lang)
    if isinstance(value, int | float) or field.type in (FieldType.INTEGER, FieldType.NUMBER):
        return _number(value, field, lang)
    labels = {code.value: code.label for code in field.codes}
    known = labels.get(str(value))
    return known.get(lang) if known else str(value)


def _moment(value: object, lang: Lang) -> str:
    at = _parsed(value) if isinstance(value, str) else value
    if not isinstance(at, date):
        return str(value)
    year = at.year + (BUDDHIST_ERA if lang == "th" else 0)
    day = f"{at.day} {_MONTHS[lang].split('|')[at.month - 1]} {year}"
    return f"{day} {at:%H:%M}" if isinstance(at, datetime) else day


def _parsed(value: str) -> date | None:
    """A date or a datetime from ISO text, None when it is neither."""
    try:
        if len(value) <= len("2025-01-31"):
            return date.fromisoformat(value)
        return datetime.fromisoformat(value)
    except ValueError:
        return None


def _number(value: object, field: Field, lang: Lang) -> str:
    number = float(str(value))
    if math.isinf(number):
        return str(value)
    text = f"{number:,.2f}".rstrip("0").rstrip(".")
    unit = _UNITS.get(field.unit or "")
    word = unit.get(lang) if unit else field.unit
    return f"{text} {word}" if word else text
