"""Asks a source over HTTP: bounded in time and size, only where it may, without saying the key.

Names are looked up here, every address is checked, and exactly the checked one is connected to,
with the name in the certificate's check: a name that turns into an address of the town hall's own
network leads nowhere. Redirects stay on the host that was asked for.
"""

import asyncio
import ipaddress
import socket
import ssl
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from urllib.parse import urljoin, urlsplit

import httpx

from etl.feeds.keys import PLACE
from layers.errors import UnavailableError
from layers.text import Text

MOST_BYTES = 32 * 1024 * 1024
WHOLE_S = 60.0
"""For an answer as a whole, however slowly it drips."""
_CONNECT_S, _READ_S = 10.0, 20.0
_REDIRECTS = 3
_AGENT = "muang-feed/1"
_MAY_PACK = "gzip"
_TOO_MANY, _UNAVAILABLE = 429, 503


class FetchError(UnavailableError):
    """The source gave no good answer. `retry_after_s` is what it asked for, `body` what it said."""

    def __init__(
        self,
        detail: Text,
        *,
        status: int | None = None,
        retry_after_s: float | None = None,
        body: bytes = b"",
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.retry_after_s = retry_after_s
        self.body = body


@dataclass(frozen=True)
class Ask:
    """One question: `{key}` in address and headers is put in at the last moment."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    key: str | None = field(default=None, repr=False)
    private: bool = False
    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True)
class Answer:
    """A good answer; `body` None: nothing new since the last one (304)."""

    status: int
    body: bytes | None
    etag: str | None
    last_modified: str | None


@dataclass(frozen=True)
class Limits:
    """How long and how large an answer may be."""

    whole_s: float = WHOLE_S
    read_s: float = _READ_S
    most_bytes: int = MOST_BYTES


async def fetch(ask: Ask, limits: Limits | None = None) -> Answer:
    """The answer of a source; FetchError says why there is none. Nothing it says holds the key."""
    bounds = limits or Limits()
    try:
        async with asyncio.timeout(bounds.whole_s):
            return await _fetch(ask, bounds)
    except TimeoutError:
        raise FetchError(
            Text(
                th=f"แหล่งข้อมูลตอบไม่ครบภายใน {bounds.whole_s:g} วินาที",
                en=f"The source did not finish its answer within {bounds.whole_s:g} s.",
            )
        ) from None
    except httpx.TimeoutException:
        raise FetchError(
            Text(th="แหล่งข้อมูลไม่ตอบ (หมดเวลา)", en="The source does not answer (timed out).")
        ) from None
    except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, ssl.SSLError, OSError) as error:
        raise FetchError(_lost(error)) from None


async def _fetch(ask: Ask, bounds: Limits) -> Answer:
    url = _with_key(ask.url, ask)
    headers = {name: _with_key(value, ask) for name, value in ask.headers.items()}
    headers |= {"User-Agent": _AGENT, "Accept-Encoding": _MAY_PACK}
    if ask.etag:
        headers["If-None-Match"] = ask.etag
    if ask.last_modified:
        headers["If-Modified-Since"] = ask.last_modified
    timeout = httpx.Timeout(bounds.read_s, connect=_CONNECT_S)
    async with httpx.AsyncClient(
        verify=_vouched(), timeout=timeout, follow_redirects=False, trust_env=False
    ) as client:
        for _ in range(_REDIRECTS + 1):
            request = await _request(client, url, headers, private=ask.private)
            answer = await client.send(request, stream=True)
            try:
                if not answer.has_redirect_location:
                    return await _taken(answer, bounds)
                url = _redirected(url, answer.headers["location"])
            finally:
                await answer.aclose()
    raise FetchError(Text(th="แหล่งข้อมูลส่งต่อวนไปมา", en="The source redirects again and again."))


@lru_cache(maxsize=1)
def _vouched() -> ssl.SSLContext:
    """The authorities certificates are checked against; reading them takes a tenth of a second."""
    return httpx.create_ssl_context(trust_env=False)


def _with_key(text: str, ask: Ask) -> str:
    return text.replace(PLACE, ask.key) if ask.key else text


async def _request(
    client: httpx.AsyncClient, url: str, headers: dict[str, str], *, private: bool
) -> httpx.Request:
    """A request to a checked address, in the name of the host."""
    parts = httpx.URL(url)
    host, port = parts.host, parts.port or (443 if parts.scheme == "https" else 80)
    address = await _checked(host, port, private=private)
    named = {"Host": parts.netloc.decode("ascii"), **headers}
    return client.build_request(
        "GET", parts.copy_with(host=address), headers=named, extensions={"sni_hostname": host}
    )


async def _checked(host: str, port: int, *, private: bool) -> str:
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise FetchError(
            Text(
                th=f"ไม่พบเครื่อง {host} (DNS) ตรวจอินเทอร์เน็ตหรือชื่อในที่อยู่",
                en=f"There is no host {host} (DNS): check the connection, or the name.",
            )
        ) from None
    addresses = [str(each[4][0]) for each in found]
    for address in addresses:
        if private or _is_public(address):
            return address
    raise FetchError(
        Text(
            th=f"{host} เป็นที่อยู่ภายใน จึงไม่ถาม (ถ้าตั้งใจ เพิ่มฟีดด้วย --private)",
            en=f"{host} is an address inside a private network and is not asked "
            "(if it is meant, add the feed with --private).",
        )
    )


def _is_public(address: str) -> bool:
    found = ipaddress.ip_address(address.partition("%")[0])
    mapped = getattr(found, "ipv4_mapped", None) or getattr(found, "sixtofour", None)
    return found.is_global and not found.is_multicast and (mapped is None or mapped.is_global)


def _redirected(url: str, location: str) -> str:
    try:
        target = urljoin(url, location)
        here, there = urlsplit(url), urlsplit(target)
        same = (here.scheme, here.hostname, here.port) == (there.scheme, there.hostname, there.port)
        to_tls = there.scheme == "https" and (here.hostname, here.port) == (there.hostname, None)
    except ValueError:
        same = to_tls = False
        target = there = None  # type: ignore[assignment]  # no address at all
    if not (same or to_tls) or there is None:
        raise FetchError(
            Text(
                th="แหล่งข้อมูลส่งต่อไปยังเครื่องอื่น จึงไม่ตาม ตรวจที่อยู่ของฟีด",
                en="The source redirects to another host, which is not followed: check the "
                "feed's address.",
            )
        )
    return target


async def _taken(answer: httpx.Response, bounds: Limits) -> Answer:
    etag, modified = answer.headers.get("etag"), answer.headers.get("last-modified")
    if answer.status_code == httpx.codes.NOT_MODIFIED:
        return Answer(answer.status_code, None, etag, modified)
    body = await _body(answer, bounds.most_bytes)
    if answer.status_code == httpx.codes.OK:
        return Answer(answer.status_code, body, etag, modified)
    raise FetchError(
        _status(answer.status_code),
        status=answer.status_code,
        retry_after_s=_retry_after(answer.headers.get("retry-after")),
        body=body,
    )


async def _body(answer: httpx.Response, most: int) -> bytes:
    """The whole body, unpacked by ourselves so that a small one cannot become a huge one."""
    packing = answer.headers.get("content-encoding", "identity").strip().lower()
    if packing not in ("identity", "", "gzip", "x-gzip"):
        raise FetchError(
            Text(th=f"แหล่งข้อมูลบีบอัดแบบ {packing}", en=f"The source packs its answer as {packing}.")
        )
    unpack = zlib.decompressobj(wbits=31) if "gzip" in packing else None
    found = bytearray()
    async for chunk in answer.aiter_raw():
        try:
            found += unpack.decompress(chunk, most + 1 - len(found)) if unpack else chunk
        except zlib.error:
            raise FetchError(
                Text(th="คำตอบที่บีบอัดมาเสีย", en="The packed answer is damaged.")
            ) from None
        if len(found) > most:
            raise FetchError(
                Text(
                    th=f"คำตอบใหญ่เกิน {most:,} ไบต์ จึงไม่รับ",
                    en=f"The answer is larger than {most:,} bytes and is refused.",
                )
            )
    if unpack and not unpack.eof:
        raise FetchError(Text(th="คำตอบขาดกลางทาง", en="The answer was cut off."))
    return bytes(found)


def _retry_after(told: str | None) -> float | None:
    """Seconds a source asks us to wait: a number, or a date."""
    if not told:
        return None
    if told.strip().isdecimal():
        return float(told.strip()[:9])
    try:
        at = parsedate_to_datetime(told)
    except (ValueError, TypeError):
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max(0.0, (at - datetime.now(UTC)).total_seconds())


def _status(status: int) -> Text:
    if status == _TOO_MANY:
        return Text(
            th="แหล่งข้อมูลขอให้ถามช้าลง (429)", en="The source asks us to ask less often (429)."
        )
    if status in (401, 403):
        return Text(
            th=f"แหล่งข้อมูลไม่รับกุญแจหรือไม่อนุญาต ({status})",
            en=f"The source does not accept the key, or refuses us ({status}).",
        )
    if status >= 500 or status == _UNAVAILABLE:  # noqa: PLR2004 - the servers' own faults
        return Text(th=f"แหล่งข้อมูลขัดข้อง ({status})", en=f"The source is out of order ({status}).")
    return Text(th=f"แหล่งข้อมูลตอบ {status}", en=f"The source answered {status}.")


def _lost(error: Exception) -> Text:
    """What went wrong on the way, without any address: it may hold the key."""
    if isinstance(error, ssl.SSLError) or "CERTIFICATE" in str(error).upper():
        return Text(
            th="ใบรับรอง TLS ของแหล่งข้อมูลใช้ไม่ได้", en="The source's TLS certificate is not good."
        )
    if isinstance(error, httpx.RemoteProtocolError):
        return Text(
            th="แหล่งข้อมูลตัดสายก่อนตอบครบ", en="The source broke off before its answer was whole."
        )
    return Text(
        th=f"ติดต่อแหล่งข้อมูลไม่ได้ ({type(error).__name__})",
        en=f"The source cannot be reached ({type(error).__name__}).",
    )
