"""Settings of the server, read from the environment with the prefix `MUANG_`."""

import ipaddress
import os
from collections.abc import Callable
from functools import cached_property, lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, field_validator, model_validator

from db.settings import DatabaseSettings
from layers.errors import UnavailableError
from layers.model import Role
from layers.text import Text

_LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
_NOT_BY_CLAIM = frozenset({Role.PUBLIC, Role.TEAM})


class ServerSettings(DatabaseSettings):
    """Where the server listens, what address people type to reach it, and how they sign in.

    An address others can reach must be https: a password or a session never crosses a network
    in the open. Sign-ins the demo printed are accepted on this machine only.
    """

    host: str = Field(default="127.0.0.1", description="address the server listens on")
    port: int = Field(default=8000, ge=0, le=65535, description="port the server listens on")
    public_url: str = Field(
        default="",
        description="address people type; default http://host:port; https unless it is this "
        "machine only",
    )
    dashboard: Path = Field(
        default_factory=lambda: Path(str(files("maps"))) / "dashboard" / "dist",
        description="folder of the built dashboard",
    )
    rasters: Path | None = Field(
        default=None,
        description="folder of the towns' elevation and depth rasters and basemaps, one folder a "
        "town; never below the dashboard's; unset: neither is served",
    )
    trusted_proxies: str = Field(
        default="",
        description="addresses of reverse proxies, with commas, whose X-Forwarded-For is believed; "
        "none: there is no proxy; must be set where public_url is https",
    )
    rate_per_second: int = Field(
        default=5000,
        ge=0,
        description="units one caller may use a second (a tile 1, a page of features 10, a "
        "geo-query 100); 0: no limit",
    )
    keep_answers_days: int = Field(
        default=400,
        ge=1,
        le=36_500,
        description="days an answer to somebody signed in, and a closed event, can be shown as "
        "proof; answers to the public are kept for a day",
    )
    keep_sign_ins_days: int = Field(
        default=90,
        ge=1,
        le=36_500,
        description="days a session or token stays on record after it ended",
    )
    tile_cache_mb: int = Field(
        default=128,
        ge=0,
        le=16_384,
        description="megabytes of finished tiles kept in memory; 0: every tile is drawn anew",
    )
    rules: bool = Field(
        default=True,
        description="whether this server watches: rules raise incidents, and what nobody "
        "acknowledges escalates",
    )
    oidc_issuer: str = Field(
        default="", description="OpenID Connect: issuer; unset: people sign in with passwords only"
    )
    oidc_client_id: str = Field(default="", description="OpenID Connect: our client id")
    oidc_client_secret: str = Field(default="", description="OpenID Connect: our client secret")
    oidc_client_secret_file: Path | None = Field(
        default=None, description="OpenID Connect: file that holds the client secret"
    )
    oidc_name: str = Field(
        default="OpenID Connect", description="OpenID Connect: what the sign-in button calls it"
    )
    oidc_role_claim: str = Field(
        default="groups", description="OpenID Connect: claim that holds a person's groups"
    )
    oidc_roles: dict[str, Role] = Field(
        default_factory=dict,
        description='OpenID Connect: JSON from group to role, such as {"gis-staff": "staff"}: who '
        "is in one gets an account at first sign-in; empty: only accounts made beforehand",
    )

    @field_validator("public_url", "oidc_issuer")
    @classmethod
    def _has_no_slash_at_its_end(cls, url: str) -> str:
        return url.rstrip("/")

    @model_validator(mode="after")
    def _is_private_or_encrypted(self) -> Self:
        if not self.public_url:
            name = f"[{self.host}]" if ":" in self.host else self.host
            self.public_url = f"http://{name}:{self.port}"
        parts = urlsplit(self.public_url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise UnavailableError(
                Text(
                    th=f"MUANG_PUBLIC_URL “{self.public_url}” ไม่ใช่ที่อยู่ http หรือ https",
                    en=f"MUANG_PUBLIC_URL “{self.public_url}” is not an http or https address.",
                )
            )
        if self.loopback and not (is_loopback(self.host) or in_container()):
            raise UnavailableError(
                Text(
                    th=f"ไม่เปิดระบบที่ {self.host}: เครื่องอื่นเข้าถึงได้ แต่ MUANG_PUBLIC_URL "
                    f"({self.public_url}) เป็นที่อยู่ของเครื่องนี้เท่านั้น ตั้ง MUANG_HOST=127.0.0.1 "
                    "หรือวาง https ไว้ข้างหน้าแล้วตั้ง MUANG_PUBLIC_URL=https://…",
                    en=f"Not serving at {self.host}: others could reach it, but MUANG_PUBLIC_URL "
                    f"({self.public_url}) is an address of this machine only. Set "
                    "MUANG_HOST=127.0.0.1, or put https in front and set "
                    "MUANG_PUBLIC_URL=https://…",
                )
            )
        if not (self.loopback or self.tls):
            raise UnavailableError(
                Text(
                    th=f"ไม่เปิดระบบที่ {self.public_url}: เครื่องอื่นเข้าถึงได้โดยไม่เข้ารหัส รหัสผ่านและ"
                    "ข้อมูลส่วนบุคคลจะถูกอ่านได้ ใช้ https (MUANG_PUBLIC_URL=https://…) "
                    "หรือเปิดเฉพาะในเครื่องนี้ (MUANG_PUBLIC_URL=http://127.0.0.1:8000)",
                    en=f"Not serving at {self.public_url}: others could reach it without "
                    "encryption and read passwords and personal data on the way. Use https "
                    "(MUANG_PUBLIC_URL=https://…), or serve on this machine only "
                    "(MUANG_PUBLIC_URL=http://127.0.0.1:8000).",
                )
            )
        return self

    @model_validator(mode="after")
    def _knows_its_proxies(self) -> Self:
        """Behind a proxy nobody named, all callers are one: one limit, one count of guesses."""
        named = self.trusted_proxies.strip()
        if self.tls and not self.loopback and not named:
            raise no_proxy_named()
        for part in self.proxies:
            try:
                ipaddress.ip_address(part)
            except ValueError:
                raise UnavailableError(
                    Text(
                        th=f"MUANG_TRUSTED_PROXIES: “{part}” ไม่ใช่ที่อยู่ IP",
                        en=f"MUANG_TRUSTED_PROXIES: “{part}” is not an IP address.",
                    )
                ) from None
        return self

    @model_validator(mode="after")
    def _keeps_rasters_off_the_web(self) -> Self:
        if self.rasters is None:
            return self
        self.rasters = self.rasters.absolute()
        if self.rasters.resolve().is_relative_to(self.dashboard.resolve()):
            raise UnavailableError(
                Text(
                    th="MUANG_RASTERS อยู่ในโฟลเดอร์หน้าเว็บ ย้ายไปที่อื่น",
                    en="MUANG_RASTERS lies inside the dashboard's folder. Put it elsewhere.",
                )
            )
        return self

    @model_validator(mode="after")
    def _knows_its_provider(self) -> Self:
        if not self.oidc_issuer:
            return self
        if not self.oidc_client_secret and self.oidc_client_secret_file is not None:
            self.oidc_client_secret = self.oidc_client_secret_file.read_text("utf-8").strip()
        parts = urlsplit(self.oidc_issuer)
        safe = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.netloc))
        if not safe or not self.oidc_client_id or not self.oidc_client_secret:
            raise UnavailableError(
                Text(
                    th="ตั้งค่า OpenID Connect ไม่ครบ: MUANG_OIDC_ISSUER ต้องเป็น https และต้องมี "
                    "MUANG_OIDC_CLIENT_ID กับ MUANG_OIDC_CLIENT_SECRET",
                    en="OpenID Connect is not set up: MUANG_OIDC_ISSUER must be https, and "
                    "MUANG_OIDC_CLIENT_ID and MUANG_OIDC_CLIENT_SECRET are needed.",
                )
            )
        if _NOT_BY_CLAIM & set(self.oidc_roles.values()):
            raise UnavailableError(
                Text(
                    th="MUANG_OIDC_ROLES ให้บทบาท public หรือ team ไม่ได้ "
                    "(บัญชีทีมสร้างด้วย ./muang user add)",
                    en="MUANG_OIDC_ROLES cannot give the roles public or team (accounts of a crew "
                    "are made with ./muang user add).",
                )
            )
        return self

    @property
    def loopback(self) -> bool:
        """Whether only this machine itself reaches the published address."""
        return is_loopback(urlsplit(self.public_url).hostname or "")

    @property
    def tls(self) -> bool:
        """Whether the published address is encrypted."""
        return urlsplit(self.public_url).scheme == "https"

    @property
    def hosts(self) -> frozenset[str]:
        """Names the server answers for in a Host header."""
        return _LOOPBACK_NAMES | {urlsplit(self.public_url).hostname or ""}

    @cached_property
    def proxies(self) -> frozenset[str]:
        """Addresses of the reverse proxies in front."""
        if self.trusted_proxies.strip().lower() == "none":
            return frozenset()
        parts = (part.strip() for part in self.trusted_proxies.split(","))
        return frozenset(part for part in parts if part)

    @property
    def near(self) -> Callable[[str], bool] | None:
        """Who may call: this machine, where that is whom the address is published to; else all.

        In a container the machine's calls come from the private address of its port's publisher.
        """
        if not self.loopback:
            return None
        return is_private if in_container() else is_loopback

    @cached_property
    def cookie(self) -> str:
        """Name of the session's cookie. Browsers share cookies between ports: one for each town."""
        return f"__Host-muang-{self.town}"

    @property
    def known_cookie(self) -> str:
        """Name of the cookie by which a browser is known to have signed in before."""
        return f"{self.cookie}-known"


def in_container() -> bool:
    """Whether we run inside a container, whose ports are published by somebody else."""
    marks = (Path("/.dockerenv"), Path("/run/.containerenv"))
    return any(mark.exists() for mark in marks) or "container" in os.environ


def no_proxy_named() -> UnavailableError:
    """The sentence for an https address in front of which stands a proxy nobody named."""
    return UnavailableError(
        Text(
            th="ตั้ง MUANG_TRUSTED_PROXIES เป็นที่อยู่ของ reverse proxy ที่ทำ https อยู่ข้างหน้า "
            "มิฉะนั้นทุกคนจะถูกนับเป็นคนเดียว (none ถ้าไม่มี proxy)",
            en="Set MUANG_TRUSTED_PROXIES to the address of the reverse proxy that does https in "
            "front: without it all callers are counted as one (none: there is no proxy).",
        )
    )


@lru_cache(maxsize=1024)
def is_private(address: str) -> bool:
    """Whether an address is of a private network or this machine."""
    found = _ip(address)
    return found is not None and found.is_private


@lru_cache(maxsize=1024)
def is_loopback(host: str) -> bool:
    """Whether a host name or address, perhaps with a port, is this machine itself."""
    name = urlsplit(f"//{host}").hostname or "" if host.count(":") <= 1 or "[" in host else host
    if name.lower() == "localhost":
        return True
    found = _ip(name)
    return found is not None and found.is_loopback


def _ip(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The address of a text; IPv4 within IPv6 is IPv4, whatever Python says of its network."""
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return mapped or found


def from_environment() -> ServerSettings:
    """The settings, or UnavailableError with a sentence naming what is missing or wrong."""
    try:
        return ServerSettings()
    except ValidationError as error:
        names = ", ".join(
            "MUANG_" + str(part["loc"][0]).upper() for part in error.errors() if part["loc"]
        )
        raise UnavailableError(
            Text(
                th=f"ตั้งค่าตัวแปรนี้ไม่ครบหรือไม่ถูกต้อง: {names} (./muang up ตั้งให้เอง)",
                en=f"These settings are missing or wrong: {names} (./muang up sets them itself).",
            )
        ) from error
