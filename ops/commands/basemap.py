"""`muang basemap`: make the town's basemap, or say what there is."""

import json
from dataclasses import asdict
from typing import Annotated

import typer

from layers.text import Text
from ops.progress import Progress


def register(app: typer.Typer) -> None:
    """Add `basemap`."""
    app.command("basemap")(basemap)


def basemap(
    *,
    town: Annotated[str | None, typer.Option(help="รหัสเมือง · town id")] = None,
    if_changed: Annotated[
        bool, typer.Option("--if-changed", help="only if the public layers changed")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
) -> None:
    """สร้างแผนที่ฐาน · Make the grey basemap (one PMTiles file) of a town's public layers."""
    from layers.errors import UnavailableError
    from ops.basemap import need_basemap
    from ops.session import choose_town, database

    progress = Progress()
    with database(progress) as server:
        town_id = choose_town(server, town)
        found = need_basemap(server, town_id, progress, always=not if_changed)
    if found is None:
        raise UnavailableError(
            Text(
                th="ยังไม่มีข้อมูลสาธารณะให้วาด หรือไม่มีที่เก็บไฟล์ (MUANG_RASTERS)",
                en="There is nothing public to draw yet, or nowhere to keep files (MUANG_RASTERS).",
            )
        )
    if as_json:
        told = asdict(found) | {"made_at": found.made_at.isoformat()}
        print(json.dumps(told, ensure_ascii=False))
        return
    progress.say(
        Text(
            th=f"{found.file}: {found.tiles} แผ่น {found.size_bytes:,} ไบต์ "
            f"แผ่นใหญ่สุด {found.largest_tile:,} ไบต์",
            en=f"{found.file}: {found.tiles} tiles, {found.size_bytes:,} bytes, "
            f"the largest {found.largest_tile:,}.",
        )
    )
