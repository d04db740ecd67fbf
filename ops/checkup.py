"""The checks of `muang doctor`: each looks at one thing and changes nothing."""

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from layers.errors import MuangError
from layers.text import Text
from ops import apt, tuning
from ops.checkout import Checkout
from ops.cluster import Cluster
from ops.dashboard import source_hash
from ops.postgres import find_postgres
from ops.processes import holder_of, is_free
from ops.running import serving

_DISK_GB = 2
_MEMORY_MB = 1800
_PORT = 8000


@dataclass(frozen=True)
class Finding:
    """What one check saw; `says` tells what to do when it is not `ok`."""

    name: str
    ok: bool
    says: Text


def checkup() -> list[Finding]:
    """Every check, in the order in which a first start needs them."""
    checkout = Checkout.here()
    checks: tuple[Callable[[Checkout], Iterator[Finding]], ...] = (
        _python,
        _memory,
        _disk,
        _postgres,
        _database,
        _dashboard,
        _port,
    )
    found: list[Finding] = []
    for check in checks:
        try:
            found += check(checkout)
        except MuangError as error:
            found.append(Finding(check.__name__.strip("_"), ok=False, says=error.detail))
    return found


def _python(checkout: Checkout) -> Iterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    yield Finding("python", ok=True, says=_plain(f"Python {version}, {sys.prefix}"))
    utf8 = sys.getfilesystemencoding().lower() == "utf-8"
    says = _plain("UTF-8") if utf8 else Text(th="ตั้ง LC_ALL=C.UTF-8", en="Set LC_ALL=C.UTF-8.")
    yield Finding("locale", utf8, says)
    writable = os.access(checkout.root, os.W_OK)
    yield Finding("checkout", writable, _plain(f"{checkout.root} ({checkout.key})"))


def _memory(_checkout: Checkout) -> Iterator[Finding]:
    has = tuning.memory_mb()
    text = Text(th=f"หน่วยความจำ {has:,} MB", en=f"memory {has:,} MB (at least {_MEMORY_MB:,})")
    yield Finding("memory", has >= _MEMORY_MB, text)


def _disk(checkout: Checkout) -> Iterator[Finding]:
    free = shutil.disk_usage(checkout.root).free / 1e9
    text = Text(th=f"ที่ว่างในดิสก์ {free:.1f} GB", en=f"disk space {free:.1f} GB (at least {_DISK_GB})")
    yield Finding("disk", free >= _DISK_GB, text)


def _postgres(_checkout: Checkout) -> Iterator[Finding]:
    if os.environ.get("MUANG_DATABASE_URL"):
        yield Finding("postgis", ok=True, says=_plain("MUANG_DATABASE_URL"))
        return
    if found := find_postgres():
        version = ".".join(map(str, found.postgis))
        text = f"PostgreSQL {found.major}, PostGIS {version}, {found.bindir}"
        yield Finding("postgis", ok=True, says=_plain(text))
    elif apt.is_here():
        text_missing = Text(
            th="ยังไม่มี PostGIS: ./muang up จะติดตั้งให้", en="no PostGIS yet: ./muang up installs it"
        )
        yield Finding("postgis", ok=True, says=text_missing)
    else:
        yield Finding(
            "postgis",
            ok=False,
            says=Text(
                th="ไม่มี PostGIS: ติดตั้งเอง หรือตั้ง MUANG_DATABASE_URL หรือใช้ docker compose",
                en="no PostGIS: install it, set MUANG_DATABASE_URL, or use docker compose",
            ),
        )


def _database(checkout: Checkout) -> Iterator[Finding]:
    url = os.environ.get("MUANG_DATABASE_URL")
    if not url:
        cluster = Cluster(checkout)
        place = cluster.place
        if not cluster.running():
            text = Text(th=f"ฐานข้อมูลปิดอยู่ ({place.data})", en="the private database is not running")
            yield Finding("database", ok=True, says=text)
            return
        url = cluster.url
        yield Finding("database", ok=True, says=_plain(f"{place.data}, user {place.identity.name}"))
    yield from _server(url)


def _server(url: str) -> Iterator[Finding]:
    from db.connect import connect_admin
    from db.migrate import current_revision, newest_revision
    from db.towns import list_towns

    for town in list_towns(url):
        with connect_admin(url, town.id) as conn:
            revision = current_revision(conn)
        current = revision == newest_revision()
        says = Text(
            th=f"เมือง {town.id} รุ่น {revision}" + ("" if current else " ใช้ ./muang db migrate"),
            en=f"town {town.id}, revision {revision}"
            + ("" if current else f" is not {newest_revision()}: run ./muang db migrate"),
        )
        yield Finding(f"town {town.id}", current, says)


def _dashboard(checkout: Checkout) -> Iterator[Finding]:
    built = (checkout.dashboard / "dist" / "index.html").exists()
    stamp = checkout.state / "dashboard.stamp"
    fits = built and stamp.exists() and stamp.read_text() == source_hash(checkout.dashboard)
    says = (
        Text(th="หน้าจอสร้างแล้ว", en="the dashboard is built")
        if fits
        else Text(th="./muang up จะสร้างหน้าจอใหม่", en="./muang up will build the dashboard")
    )
    yield Finding("dashboard", ok=True, says=says)


def _port(checkout: Checkout) -> Iterator[Finding]:
    record = serving(checkout)
    if record:
        yield Finding("port", ok=True, says=_plain(f"{record.url}/ ({record.town})"))
    elif is_free("127.0.0.1", _PORT):
        yield Finding("port", ok=True, says=Text(th="พอร์ต 8000 ว่าง", en="port 8000 is free"))
    else:
        holder = holder_of(_PORT)
        who = f"{holder.pid}: {holder.command}" if holder else "?"
        says = Text(
            th=f"พอร์ต 8000 ไม่ว่าง ({who}) ใช้ ./muang up --port 8001",
            en=f"port 8000 is held by {who}: use ./muang up --port 8001",
        )
        yield Finding("port", ok=False, says=says)


def _plain(text: str) -> Text:
    return Text(th=text, en=text)
