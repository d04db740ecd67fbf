"""Which language a caller reads: `?lang=`, then Accept-Language, then Thai."""

from typing import Annotated, get_args
from urllib.parse import parse_qs

from fastapi import Depends, Query, Request
from starlette.types import Scope

from layers.text import Lang

DEFAULT: Lang = "th"
LANGS: tuple[Lang, ...] = get_args(Lang)


def from_header(accept_language: str | None) -> Lang | None:
    """The best of our languages in an Accept-Language header; None when it names neither."""
    found: list[tuple[float, int, Lang]] = []
    for place, part in enumerate((accept_language or "").split(",")):
        tag, _, rest = part.strip().partition(";")
        primary = tag.split("-")[0].strip().lower()
        weight = _weight(rest)
        if weight > 0:
            found += [(-weight, place, lang) for lang in LANGS if lang == primary]
    return min(found)[2] if found else None


def _weight(rest: str) -> float:
    name, _, value = rest.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0


def of_scope(scope: Scope) -> Lang:
    """The caller's language straight from an ASGI scope; a wrong `?lang=` is passed over here."""
    asked = parse_qs(scope.get("query_string", b"").decode("latin-1")).get("lang", [""])[-1]
    for lang in LANGS:
        if lang == asked:
            return lang
    headers: list[tuple[bytes, bytes]] = scope.get("headers", [])
    accept = [value.decode("latin-1") for name, value in headers if name == b"accept-language"]
    return from_header(",".join(accept)) or DEFAULT


async def caller(  # awaited by FastAPI; a plain function would run in a thread
    request: Request,
    lang: Annotated[
        Lang | None, Query(description="Language of titles and sentences: th or en")
    ] = None,
) -> Lang:
    """Route dependency: the caller's language."""
    return lang or of_scope(request.scope)


CallerLang = Annotated[Lang, Depends(caller)]
"""Route parameter: the caller's language; documents and checks `?lang=`."""
