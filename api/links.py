"""Absolute addresses of our own resources, as the caller reached us."""

from typing import Any
from urllib.parse import urlencode, urlsplit

from starlette.requests import Request

from api.house_of import house_of

JSON = "application/json"
GEOJSON = "application/geo+json"
SCHEMA = "application/schema+json"

Link = dict[str, str]


def base_url(request: Request) -> str:
    """Scheme and host the caller used, without a slash at its end.

    The host was checked at the edge. Answering with it, and not with the configured address,
    keeps a page opened as `localhost` from asking `127.0.0.1`, another origin, for its tiles.
    """
    host = request.headers.get("host", "")
    public = urlsplit(house_of(request.scope).settings.public_url)
    scheme = public.scheme if host == public.netloc else request.url.scheme
    return f"{scheme}://{host or public.netloc}"


def link(rel: str, href: str, media_type: str, title: str | None = None) -> Link:
    """One link object."""
    made = {"rel": rel, "href": href, "type": media_type}
    if title:
        made["title"] = title
    return made


def with_query(href: str, parameters: dict[str, Any]) -> str:
    """An address with its query; parameters that are None are left out."""
    given = {name: value for name, value in parameters.items() if value is not None}
    return f"{href}?{urlencode(given, doseq=True)}" if given else href
