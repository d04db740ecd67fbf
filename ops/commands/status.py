"""`muang status`: what of this checkout runs, and where."""

import json
from typing import Annotated, Any

import typer

from layers.text import Text
from ops.checkout import Checkout
from ops.progress import both


def register(app: typer.Typer) -> None:
    """Add `status`."""
    app.command("status")(status)


def status(
    *, as_json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False
) -> None:
    """แสดงสถานะ · Say what runs: server, database, towns. Starts and changes nothing."""
    facts = _facts(Checkout.here())
    if as_json:
        print(json.dumps(facts, ensure_ascii=False))
        return
    server, base = facts["server"], facts["database"]
    if not server:
        print(both(Text(th="เซิร์ฟเวอร์: ปิดอยู่ (เปิดด้วย ./muang up)", en="server: not running")))
    elif server["ready"]:
        print(both(Text(th="เซิร์ฟเวอร์: เปิดอยู่", en="server: ready")), server["url"] + "/")
    else:
        print(both(Text(th="เซิร์ฟเวอร์: ยังไม่พร้อม", en="server: not ready")), server["reason"])
    where = base["data"] or "MUANG_DATABASE_URL"
    if base["running"]:
        print(both(Text(th="ฐานข้อมูล: เปิดอยู่", en="database: running")), where)
    else:
        print(both(Text(th="ฐานข้อมูล: ปิดอยู่", en="database: not running")), where)
    for town in facts["towns"]:
        print(f"  {town['id']}: {town['name_th']} · {town['name_en']} (EPSG:{town['srid']})")


def _facts(checkout: Checkout) -> dict[str, Any]:
    from urllib.parse import urlsplit

    from db.towns import list_towns
    from ops.running import serving
    from ops.server import Address, readiness

    url, base = _database(checkout)
    towns = list_towns(url) if url else ()
    record = serving(checkout)
    server: dict[str, Any] | None = None
    if record:
        parts = urlsplit(record.url)
        ready, reason = readiness(Address(parts.hostname or "127.0.0.1", parts.port or 80))
        server = {"url": record.url, "town": record.town, "pid": record.pid}
        server |= {"ready": ready, "reason": reason or None}
    named = [
        {"id": t.id, "name_th": t.name.th, "name_en": t.name.en, "srid": t.srid} for t in towns
    ]
    return {"server": server, "database": base, "towns": named}


def _database(checkout: Checkout) -> tuple[str | None, dict[str, Any]]:
    import os

    from ops.cluster import Cluster

    if url := os.environ.get("MUANG_DATABASE_URL"):
        return url, {"private": False, "running": True, "data": None, "port": None}
    cluster = Cluster(checkout)
    postmaster = cluster.running()
    facts = {
        "private": True,
        "running": postmaster is not None,
        "data": str(cluster.place.data),
        "port": cluster.port if postmaster else None,
    }
    return (cluster.url if postmaster else None), facts
