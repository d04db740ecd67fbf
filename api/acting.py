"""Who acts: the sign-in, and the person at it where several share one."""

from typing import Annotated
from urllib.parse import unquote_to_bytes

from fastapi import Header

from api.viewer import Viewer
from db.steps import Actor
from layers.errors import BadRequestError
from layers.text import Text

_LONGEST = 100

ActingName = Annotated[
    str | None,
    Header(
        alias="Acting-Name",
        description="Name of the person, where several share one sign-in: UTF-8, percent-encoded, "
        "at most 100 characters. Record and event log bear it with the sign-in's",
        min_length=1,
        max_length=12 * _LONGEST,
    ),
]


def actor(who: Viewer, by: str | None) -> Actor:
    """Who acts; the record bears the name given, with the sign-in it came by."""
    name = who.display_name or who.principal
    if by and by != name:
        return Actor(who.principal, f"{by} ({name})", typed=True)
    return Actor(who.principal, name)


def named(text: str | None) -> str | None:
    """The name an `Acting-Name` header tells; BadRequestError for one that is no name."""
    if text is None:
        return None
    try:
        name = unquote_to_bytes(text.encode("latin-1")).decode().strip()
    except UnicodeError:
        name = ""
    if not 0 < len(name) <= _LONGEST or not name.isprintable():
        raise BadRequestError(
            Text(
                th="Acting-Name ต้องเป็นชื่อคนไม่เกิน 100 ตัวอักษร เข้ารหัส UTF-8 แบบ percent-encoding",
                en="Acting-Name must be a person's name of at most 100 characters, in UTF-8 and "
                "percent-encoded.",
            )
        )
    return name
