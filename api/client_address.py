"""The address a request came from, through the reverse proxies that are configured."""

import ipaddress
from functools import lru_cache

from starlette.datastructures import Headers
from starlette.types import Scope

_HOUSEHOLD_BITS = 64
"""One connection of IPv6 has this much of the address to itself."""


def of(scope: Scope, proxies: frozenset[str]) -> str:
    """The caller's address, of IPv6 its network.

    What `X-Forwarded-For` says counts only as far as named proxies said it: it is read from its
    end, whose parts they wrote, to the first address that is none of theirs.
    """
    client = scope.get("client")
    address = _address(str(client[0])) if client else None
    if address is not None and address not in proxies:
        return _counted(address)
    said = ",".join(Headers(scope=scope).getlist("x-forwarded-for")).split(",")
    while address in proxies and said:
        before = _address(said.pop())
        if before is None:
            break
        address = before
    return _counted(address) if address else ""


@lru_cache(maxsize=4096)
def _address(text: str) -> str | None:
    """An address in its plain form, without port, brackets or the form of IPv4 within IPv6."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return str(mapped or found)


@lru_cache(maxsize=4096)
def _counted(address: str) -> str:
    if ipaddress.ip_address(address).version == 4:  # noqa: PLR2004
        return address
    return str(ipaddress.ip_network(f"{address}/{_HOUSEHOLD_BITS}", strict=False))
