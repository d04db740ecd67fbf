"""The configured OpenID Connect provider: its own description, asked for once in ten minutes.

Anybody may begin a sign-in, so a provider that is away is not asked again for each of them either.
"""

import asyncio
import time
from typing import Any
from urllib.parse import urlsplit

import httpx

from api.settings import ServerSettings, is_loopback
from layers.errors import UnavailableError
from layers.text import Text

KEEP_SECONDS = 600.0
AWAY_SECONDS = 5.0
_TIMEOUT_SECONDS = 10
_ADDRESSES = ("authorization_endpoint", "token_endpoint", "jwks_uri")


class Provider:
    """What one provider says of itself, kept for a while."""

    def __init__(self, settings: ServerSettings) -> None:
        self._issuer = settings.oidc_issuer
        self._asking = asyncio.Lock()
        self._kept: dict[str, Any] | None = None
        self._until = 0.0

    async def document(self, client: httpx.AsyncClient) -> dict[str, Any]:
        """The provider's description; UnavailableError when it cannot be had or is another's."""
        async with self._asking:
            if time.monotonic() >= self._until:
                self._kept = await self._asked(client)
                keep = AWAY_SECONDS if self._kept is None else KEEP_SECONDS
                self._until = time.monotonic() + keep
            if self._kept is None:
                raise away()
            return self._kept

    async def _asked(self, client: httpx.AsyncClient) -> dict[str, Any] | None:
        try:
            found = await read(client, f"{self._issuer}/.well-known/openid-configuration")
            if str(found.get("issuer", "")).rstrip("/") != self._issuer:
                return None
            for name in _ADDRESSES:
                check_address(found.get(name))
        except (httpx.HTTPError, ValueError, UnavailableError):
            return None
        return found


def client() -> httpx.AsyncClient:
    """What asks the provider; it follows no redirects."""
    # a proxy of the machine's environment is a matter of its administrator
    return httpx.AsyncClient(timeout=_TIMEOUT_SECONDS, follow_redirects=False)


async def read(client: httpx.AsyncClient, address: str, **options: Any) -> dict[str, Any]:
    """A JSON object from an address; httpx.HTTPError or ValueError when there is none."""
    answer = await client.get(address, **options)
    answer.raise_for_status()
    return an_object(answer)


def an_object(answer: httpx.Response) -> dict[str, Any]:
    """The JSON object of an answer; ValueError when it is anything else."""
    found = answer.json()
    if not isinstance(found, dict):
        raise ValueError("not a JSON object")  # noqa: TRY004 - what it says is wrong, not its type
    return found


def check_address(address: object) -> None:
    """UnavailableError unless it is https, or on this machine."""
    parts = urlsplit(address if isinstance(address, str) else "")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.netloc)):
        raise away()


def away() -> UnavailableError:
    """The sentence for a provider that does not answer, or not as itself."""
    return UnavailableError(
        Text(
            th="ติดต่อผู้ให้บริการยืนยันตัวตนไม่ได้ในขณะนี้ ลองใหม่หรือใช้รหัสผ่าน",
            en="The sign-in provider cannot be reached. Try again, or use a password.",
        )
    )
