"""`as_of`, `since` and `until`: moments of the town's past as requests name them."""

import contextlib
from datetime import datetime
from typing import Annotated

from fastapi import Query

from layers.errors import BadRequestError
from layers.text import Text

AS_OF = "as_of"
_FIRST_YEAR, _LAST_YEAR = 1900, 2200
LOWEST_TILE_ZOOM = 14
"""Lower tiles gather too much of the town for a read that has no tables made for it."""

AsOf = Annotated[
    str | None,
    Query(
        description="The town as it was at this time (RFC 3339 with offset)",
        examples=["2026-11-20T08:00:00+07:00"],
    ),
]


def moment(text: str, name: str = AS_OF) -> datetime:
    """An RFC 3339 time with its offset; BadRequestError says what it should look like."""
    found = None
    with contextlib.suppress(ValueError):
        # a plus sign that nobody escaped arrives as a space
        found = datetime.fromisoformat(text.strip().replace(" ", "+"))
    # without an offset nobody knows which noon is meant
    if found is None or found.tzinfo is None or not is_sane(found):
        raise BadRequestError(
            Text(
                th=f"{name} “{text}” ใช้ไม่ได้ ต้องเป็นวันเวลาพร้อมเขตเวลา เช่น 2026-11-20T08:00:00+07:00",
                en=f"{name} “{text}” cannot be used. Write a date and time with its offset, such "
                "as 2026-11-20T08:00:00+07:00.",
            )
        )
    return found


def is_sane(found: datetime) -> bool:
    """Whether a moment lies in the years a town's records can, in whatever offset it is told."""
    return _FIRST_YEAR <= found.year <= _LAST_YEAR


def optional(text: str | None) -> datetime | None:
    """`moment` of what may not have been given."""
    return None if text is None else moment(text)


def refuse_low_zoom(z: int) -> None:
    """BadRequestError for a tile of the past below the zoom such tiles are offered at."""
    if z < LOWEST_TILE_ZOOM:
        raise BadRequestError(
            Text(
                th=f"แผ่นกระเบื้องย้อนเวลา (as_of) มีตั้งแต่ระดับซูม {LOWEST_TILE_ZOOM} ไม่มีที่ {z}",
                en=f"Tiles of the past (as_of) are offered from zoom {LOWEST_TILE_ZOOM} on, "
                f"not at {z}.",
            )
        )
