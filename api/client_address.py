"""The address a request came from, through a reverse proxy where one is configured."""

import ipaddress

from starlette.datastructures import Headers
from starlette.types import Scope


def of(scope: Scope, proxies: frozenset[str]) -> str:
    """The caller's address; what `X-Forwarded-For` says counts only when a named proxy says it."""
    client = scope.get("client")
    address = str(client[0]) if client else ""
    if address in proxies:
        said = Headers(scope=scope).get("x-forwarded-for", "").rpartition(",")[2].strip()
        address = _address(said) or address
    return address


def _address(text: str) -> str | None:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return None
