"""`muang quality`: looks for overlaps, gaps, repeats and strays, and keeps what it finds."""

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from layers.text import Text
from ops.progress import Progress

if TYPE_CHECKING:
    from db.derived import AnyConnection
    from db.quality import Quality
    from layers.model import Layer


def register(app: typer.Typer) -> None:
    """Add `quality`."""
    app.command("quality")(quality)


def quality(
    layer: Annotated[
        str | None, typer.Argument(help="ชั้นข้อมูล ไม่ระบุ = ทุกชั้น · layer id; all when not given")
    ] = None,
    *,
    town: Annotated[str | None, typer.Option(help="รหัสเมือง · town id")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
) -> None:
    """ตรวจคุณภาพข้อมูล · Look for overlaps, gaps, repeats and strays; what was mended vanishes."""
    from db.quality import checked
    from layers import catalog
    from ops.commands.imports import actor, loader

    asked = (catalog.get(layer),) if layer else tuple(filter(checked, catalog.LAYERS))
    progress = Progress()
    with loader(town, progress) as (town_id, conn):
        found = [look(conn, each, actor(), progress) for each in asked]
    if as_json:
        told = {"town": town_id, "layers": [asdict(each) for each in found]}
        print(json.dumps(told, ensure_ascii=False))
        return
    for each in found:
        print(sentence(each))


def look(conn: "AnyConnection", layer: "Layer", actor: str, progress: Progress) -> "Quality":
    """Look at one layer and number the changes; the hook after an import and after an undo."""
    from db.changes import number_changes
    from db.quality import refresh

    title = Text(th=f"ตรวจคุณภาพ {layer.title.th}", en=f"Checking {layer.title.en}")
    conn.commit()
    with progress.step(title):
        found = refresh(conn, layer, actor)
        number_changes(conn)
    return found


def sentence(found: "Quality") -> str:
    """What a look found, in one line, in the reader's language."""
    from etl.words import Speaker
    from layers.quality_findings import KINDS
    from ops.language import tongue

    labels = {code.value: code.label for code in KINDS}
    counts_th = ", ".join(f"{labels[k.kind].th} {k.found:,}" for k in found.kinds) or "ไม่พบปัญหา"
    counts_en = ", ".join(f"{labels[k.kind].en.lower()} {k.found:,}" for k in found.kinds)
    return Speaker(tongue())(
        Text(
            th=f"{found.layer}: {counts_th} (พบใหม่ {found.appeared:,} แก้แล้ว {found.vanished:,},"
            f" {found.seconds:,.1f} วินาที)",
            en=f"{found.layer}: {counts_en or 'nothing wrong'} ({found.appeared:,} new, "
            f"{found.vanished:,} gone, {found.seconds:,.1f} s).",
        )
    )


def findings(conn: "AnyConnection", dataset_id: int) -> list[dict[str, Any]]:
    """What is wrong now with the rows an import brought, for `imports show`."""
    from db.quality import findings_of

    return [asdict(each) for each in findings_of(conn, dataset_id)]
