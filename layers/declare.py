"""Short constructors for layer declarations, so that a layer module reads like a table."""

from layers.model import OFFICE, Audience, Code, Field, FieldType
from layers.text import Text


def make(
    kind: FieldType,
    name: str,
    th: str,
    en: str,
    audience: Audience = OFFICE,
    *,
    codes: tuple[Code, ...] = (),
    unit: str | None = None,
    required: bool = False,
    personal: bool = False,
    minimum: float | None = None,
    maximum: float | None = None,
    in_tile: bool = False,
    references: str | None = None,
    note: Text | None = None,
) -> Field:
    """One field; the constructors below fix its type."""
    return Field(
        name=name,
        type=kind,
        title=Text(th=th, en=en),
        description=note,
        audience=audience,
        required=required,
        codes=codes,
        unit=unit,
        personal=personal,
        minimum=minimum,
        maximum=maximum,
        in_tile=in_tile,
        references=references,
    )


def text(
    name: str,
    th: str,
    en: str,
    audience: Audience = OFFICE,
    *,
    codes: tuple[Code, ...] = (),
    required: bool = False,
    personal: bool = False,
    in_tile: bool = False,
    references: str | None = None,
    note: Text | None = None,
) -> Field:
    """A text field, perhaps coded."""
    return make(
        FieldType.TEXT,
        name,
        th,
        en,
        audience,
        codes=codes,
        required=required,
        personal=personal,
        in_tile=in_tile,
        references=references,
        note=note,
    )


def integer(
    name: str,
    th: str,
    en: str,
    audience: Audience = OFFICE,
    *,
    unit: str | None = None,
    required: bool = False,
    minimum: float | None = 0,
    maximum: float | None = None,
    in_tile: bool = False,
    note: Text | None = None,
) -> Field:
    """A whole number, not negative unless said."""
    return make(
        FieldType.INTEGER,
        name,
        th,
        en,
        audience,
        unit=unit,
        required=required,
        minimum=minimum,
        maximum=maximum,
        in_tile=in_tile,
        note=note,
    )


def number(
    name: str,
    th: str,
    en: str,
    audience: Audience = OFFICE,
    *,
    unit: str | None = None,
    required: bool = False,
    minimum: float | None = None,
    maximum: float | None = None,
    in_tile: bool = False,
    note: Text | None = None,
) -> Field:
    """A measured number with its unit (UCUM where there is one)."""
    return make(
        FieldType.NUMBER,
        name,
        th,
        en,
        audience,
        unit=unit,
        required=required,
        minimum=minimum,
        maximum=maximum,
        in_tile=in_tile,
        note=note,
    )


def yes_no(name: str, th: str, en: str, audience: Audience = OFFICE) -> Field:
    """True, false or unknown (null)."""
    return make(FieldType.BOOLEAN, name, th, en, audience)


def day(name: str, th: str, en: str, audience: Audience = OFFICE) -> Field:
    """A calendar date."""
    return make(FieldType.DATE, name, th, en, audience)


def moment(
    name: str, th: str, en: str, audience: Audience = OFFICE, *, required: bool = False
) -> Field:
    """A point in time with its offset."""
    return make(FieldType.DATETIME, name, th, en, audience, required=required)


def text_list(
    name: str,
    th: str,
    en: str,
    audience: Audience = OFFICE,
    *,
    codes: tuple[Code, ...] = (),
    personal: bool = False,
) -> Field:
    """Several values, each perhaps coded."""
    return make(FieldType.TEXT_LIST, name, th, en, audience, codes=codes, personal=personal)


def code(value: str, th: str, en: str) -> Code:
    """One value of a coded field."""
    return Code(value=value, label=Text(th=th, en=en))
