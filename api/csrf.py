"""Requests another site's page made a browser send: refused before anything is done.

A browser sends the session's cookie by itself. What changes something therefore also needs a
header only our own page can know (an HMAC of the session's token, told by `/me`), and must come
from our own address by what the browser itself says about its origin.
"""

import hashlib
import hmac

from starlette.datastructures import Headers
from starlette.types import Scope

from api.settings import ServerSettings
from layers.errors import ForbiddenError
from layers.text import Text

HEADER = "X-CSRF-Token"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def token_for(secret: str, session_token: str) -> str:
    """The header's value for a session, in hex."""
    return hmac.new(secret.encode(), f"csrf:{session_token}".encode(), hashlib.sha256).hexdigest()


def check(scope: Scope, settings: ServerSettings, session_token: str) -> None:
    """ForbiddenError unless the request is safe, or ours by header and by origin."""
    if scope["method"] in _SAFE:
        return
    check_origin(scope, settings)
    given = Headers(scope=scope).get(HEADER, "")
    # compared as bytes: a header may hold characters that are not ASCII
    wanted = token_for(settings.secret, session_token)
    if not hmac.compare_digest(given.encode(), wanted.encode()):
        raise _foreign()


def check_origin(scope: Scope, settings: ServerSettings) -> None:
    """ForbiddenError unless the browser says that the request comes from our own page."""
    headers = Headers(scope=scope)
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site is None and origin is None:
        raise _foreign()
    if site is not None and site != "same-origin":
        raise _foreign()
    if origin is not None and origin.lower() not in _ours(headers.get("host", ""), settings):
        raise _foreign()


def check_origin_if_any(scope: Scope, settings: ServerSettings) -> None:
    """For signing in, which carries no session yet: a program names no origin, a browser does."""
    headers = Headers(scope=scope)
    if "origin" in headers or "sec-fetch-site" in headers:
        check_origin(scope, settings)


def _ours(host: str, settings: ServerSettings) -> frozenset[str]:
    """Our own origins, as reached by this request; the host was checked at the edge."""
    if settings.tls:
        return frozenset({f"https://{host.lower()}"})
    return frozenset({f"http://{host.lower()}", f"https://{host.lower()}"})


def _foreign() -> ForbiddenError:
    return ForbiddenError(
        Text(
            th="คำขอนี้ไม่ได้มาจากหน้าจอของระบบ โหลดหน้าใหม่แล้วลองอีกครั้ง",
            en="This request did not come from this system's own page. Reload the page and try "
            "again.",
        )
    )
