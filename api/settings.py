"""Settings of the server, read from the environment with the prefix `MUANG_`."""

import ipaddress
from importlib.resources import files
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, field_validator, model_validator

from db.settings import DatabaseSettings
from layers.errors import UnavailableError
from layers.text import Text

_LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})


class ServerSettings(DatabaseSettings):
    """Where the server listens and what address people type to reach it.

    Until people can sign in, a caller without a token is the demo's administrator, so the
    published address must be this machine itself: anything else is refused at start.
    """

    host: str = Field(default="127.0.0.1", description="address the server listens on")
    port: int = Field(default=8000, ge=0, le=65535, description="port the server listens on")
    public_url: str = Field(default="", description="address people type; default http://host:port")
    dashboard: Path = Field(
        default_factory=lambda: Path(str(files("maps"))) / "dashboard" / "dist",
        description="folder of the built dashboard",
    )

    @field_validator("public_url")
    @classmethod
    def _has_no_slash_at_its_end(cls, url: str) -> str:
        return url.rstrip("/")

    @model_validator(mode="after")
    def _is_only_on_this_machine(self) -> Self:
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
        if not is_loopback(parts.hostname):
            raise UnavailableError(
                Text(
                    th=f"ไม่เปิดระบบที่ {self.public_url}: รุ่นนี้ยังไม่มีการลงชื่อเข้าใช้ ทุกคนที่เปิดได้"
                    "จะเห็นข้อมูลทั้งหมด เปิดเฉพาะในเครื่องนี้ "
                    "(MUANG_PUBLIC_URL=http://127.0.0.1:8000)",
                    en=f"Not serving at {self.public_url}: there is no sign-in yet, so everyone "
                    "who reaches it would see everything. Serve on this machine only "
                    "(MUANG_PUBLIC_URL=http://127.0.0.1:8000).",
                )
            )
        return self

    @property
    def hosts(self) -> frozenset[str]:
        """Names the server answers for in a Host header."""
        return _LOOPBACK_NAMES | {urlsplit(self.public_url).hostname or ""}


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine itself."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


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
