"""What is wrong with a request, in words: FastAPI's validation errors in two languages."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from fastapi.exceptions import RequestValidationError

from layers.errors import BadRequestError
from layers.text import Text

Context = dict[str, Any]

_MOMENT = Text(
    th="ต้องเป็นวันเวลาพร้อมเขตเวลา เช่น 2026-11-22T06:00:00+07:00",
    en="must be a time with its zone, such as 2026-11-22T06:00:00+07:00",
)

_SENTENCES: dict[str, Callable[[Context], Text]] = {
    "missing": lambda _: Text(th="ต้องระบุ", en="is needed"),
    "extra_forbidden": lambda _: Text(th="ไม่มีช่องนี้", en="is not a field of this request"),
    "json_invalid": lambda _: Text(th="ไม่ใช่ JSON ที่ถูกต้อง", en="is not valid JSON"),
    "literal_error": lambda c: Text(
        th=f"ต้องเป็น {c.get('expected')}", en=f"must be {c.get('expected')}"
    ),
    "enum": lambda c: Text(th=f"ต้องเป็น {c.get('expected')}", en=f"must be {c.get('expected')}"),
    "int_parsing": lambda _: Text(th="ต้องเป็นจำนวนเต็ม", en="must be a whole number"),
    "int_type": lambda _: Text(th="ต้องเป็นจำนวนเต็ม", en="must be a whole number"),
    "float_parsing": lambda _: Text(th="ต้องเป็นตัวเลข", en="must be a number"),
    "float_type": lambda _: Text(th="ต้องเป็นตัวเลข", en="must be a number"),
    "finite_number": lambda _: Text(th="ต้องเป็นตัวเลข", en="must be a finite number"),
    "greater_than_equal": lambda c: Text(
        th=f"ต้องไม่น้อยกว่า {c.get('ge')}", en=f"must be at least {c.get('ge')}"
    ),
    "less_than_equal": lambda c: Text(
        th=f"ต้องไม่เกิน {c.get('le')}", en=f"must be at most {c.get('le')}"
    ),
    "greater_than": lambda c: Text(
        th=f"ต้องมากกว่า {c.get('gt')}", en=f"must be greater than {c.get('gt')}"
    ),
    "less_than": lambda c: Text(
        th=f"ต้องน้อยกว่า {c.get('lt')}", en=f"must be less than {c.get('lt')}"
    ),
    "int_from_float": lambda _: Text(th="ต้องเป็นจำนวนเต็ม", en="must be a whole number"),
    "string_unicode": lambda _: Text(
        th="มีอักขระที่ไม่สมบูรณ์", en="holds half a character, which is no text"
    ),
    "string_pattern_mismatch": lambda _: Text(
        th="มีอักขระที่ใช้ไม่ได้ หรือผิดรูปแบบ",
        en="holds a character that cannot be used, or is not in its form",
    ),
    "string_too_short": lambda c: Text(
        th=f"ต้องมีอย่างน้อย {c.get('min_length')} อักขระ",
        en=f"needs at least {c.get('min_length')} characters",
    ),
    "string_too_long": lambda c: Text(
        th=f"ยาวได้ไม่เกิน {c.get('max_length')} อักขระ",
        en=f"may have at most {c.get('max_length')} characters",
    ),
    "model_attributes_type": lambda _: Text(
        th="ต้องเป็นวัตถุ JSON เช่น {}", en="must be a JSON object such as {}"
    ),
    "model_type": lambda _: Text(th="ต้องเป็นวัตถุ JSON เช่น {}", en="must be a JSON object such as {}"),
    "union_tag_invalid": lambda c: Text(
        th=f"{c.get('discriminator')} ต้องเป็น {c.get('expected_tags')}",
        en=f"needs {c.get('discriminator')} to be one of {c.get('expected_tags')}",
    ),
    "union_tag_not_found": lambda c: Text(
        th=f"ต้องระบุ {c.get('discriminator')}", en=f"needs {c.get('discriminator')}"
    ),
    "datetime_from_date_parsing": lambda _: _MOMENT,
    "datetime_parsing": lambda _: _MOMENT,
    "datetime_type": lambda _: _MOMENT,
    "timezone_aware": lambda _: _MOMENT,
    "string_type": lambda _: Text(th="ต้องเป็นข้อความ", en="must be text"),
    "list_type": lambda _: Text(th="ต้องเป็นรายการ", en="must be a list"),
    "too_short": lambda c: Text(
        th=f"ต้องมีอย่างน้อย {c.get('min_length')} รายการ",
        en=f"needs at least {c.get('min_length')} items",
    ),
    "too_long": lambda c: Text(
        th=f"มีได้ไม่เกิน {c.get('max_length')} รายการ",
        en=f"may have at most {c.get('max_length')} items",
    ),
    "uuid_parsing": lambda _: Text(th="ไม่ใช่รหัสที่ถูกต้อง", en="is not a valid id"),
}
_OTHER = Text(th="ใช้ไม่ได้ ดูรูปแบบที่ /docs", en="cannot be used; see /docs for its form")


@dataclass(frozen=True)
class Part:
    """One part of a request and the sentence about it."""

    where: str
    detail: Text


def parts(exc: RequestValidationError) -> tuple[Part, ...]:
    """Every wrong part once, in the order found."""
    found: dict[str, Part] = {}
    for error in exc.errors():
        where = ".".join(str(step) for step in error.get("loc", ()))
        found.setdefault(where, Part(where, _sentence(error)))
    return tuple(found.values())


def _sentence(error: dict[str, Any]) -> Text:
    cause = (error.get("ctx") or {}).get("error")
    if isinstance(cause, SentenceError):
        return cause.sentence
    make = _SENTENCES.get(error.get("type", ""))
    return make(error.get("ctx") or {}) if make else _OTHER


class SentenceError(ValueError):
    """Raised by our own validators: the sentence reaches the caller as it is."""

    def __init__(self, sentence: Text) -> None:
        super().__init__(sentence.en)
        self.sentence = sentence


def summary(exc: RequestValidationError) -> Text:
    """One sentence for the whole request: its first wrong part, and how many more there are."""
    wrong = parts(exc)
    if not wrong:
        return Text(th="อ่านคำขอไม่ได้", en="The request cannot be read.")
    first, more = wrong[0], len(wrong) - 1
    place = first.where.partition(".")[2] or first.where
    th, en = f"“{place}” {first.detail.th}", f"“{place}” {first.detail.en}."
    if more:
        th = f"{th} และมีอีก {more} จุดที่ใช้ไม่ได้"
        en = f"{en} There is 1 more problem." if more == 1 else f"{en} There are {more} more."
    return Text(th=th, en=en)


def refuse_unknown(given: Iterable[str], known: Iterable[str]) -> None:
    """Refuse query parameters that do not exist, naming them and those that do."""
    names = sorted(set(known))
    unknown = sorted(set(given) - set(names))
    if not unknown:
        return
    wrong, right = ", ".join(f"“{name}”" for name in unknown), ", ".join(names)
    raise BadRequestError(
        Text(
            th=f"ไม่มีพารามิเตอร์ {wrong} ที่ใช้ได้คือ {right}",
            en=f"There is no query parameter {wrong}. Those that exist: {right}.",
        ),
        unknown=unknown,
        known=names,
    )


def refuse_repeated(names: Iterable[str]) -> None:
    """Refuse a query parameter that is given more than once: nobody can say which was meant."""
    given = list(names)
    twice = sorted({name for name in given if given.count(name) > 1})
    if twice:
        raise BadRequestError(
            Text(
                th=f"ระบุ {', '.join(twice)} ซ้ำ ให้ระบุเพียงครั้งเดียว",
                en=f"{', '.join(twice)} is given more than once. Give it once.",
            )
        )
