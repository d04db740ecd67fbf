"""Which encodings a caller takes (RFC 9110, 12.5.3): listed, with a weight above nothing."""

from starlette.datastructures import Headers
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import Receive, Scope, Send


def accepts(accepted: str, encoding: str) -> bool:
    """Whether an Accept-Encoding header takes an encoding; a weight nobody can read is none."""
    weights: dict[str, float] = {}
    for part in accepted.lower().split(","):
        name, _, rest = part.partition(";")
        weights[name.strip()] = _weight(rest)
    return weights.get(encoding, weights.get("*", 0.0)) > 0


def _weight(parameters: str) -> float:
    name, _, value = parameters.partition("=")
    if not name.strip():
        return 1.0
    try:
        return float(value) if name.strip() == "q" else 0.0
    except ValueError:
        return 0.0


_LEFT_ALONE = ("/basemap/", "/exports/")
"""A basemap's tiles are packed already, and a range must stay the bytes it names; exports are
packed by the process that writes them, so that packing holds nobody up."""


class Gzip(GZipMiddleware):
    """Packs answers for those who take it; Starlette's looks for the word alone, `gzip;q=0` too."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI event stream."""
        if scope["type"] == "http" and scope["path"].startswith(_LEFT_ALONE):
            await self.app(scope, receive, send)
            return
        asked = Headers(scope=scope).get("accept-encoding", "") if scope["type"] == "http" else ""
        if asked and not accepts(asked, "gzip"):
            await self.app(scope, receive, send)
            return
        await super().__call__(scope, receive, send)
