"""`muang imports refused` and `resubmit`: rows that were refused, as a file and back again."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from layers.errors import RefusedError
from layers.text import Text
from ops.commands.imports import AsJson, TownOption, actor, loader
from ops.progress import Progress, both


def add_to(group: typer.Typer) -> None:
    """Add the commands to `muang imports`."""
    group.command("refused")(refused)
    group.command("resubmit")(resubmit)


def refused(
    number: Annotated[int, typer.Argument(help="หมายเลข · number of the import")],
    *,
    out: Annotated[Path | None, typer.Option(help="FILE.csv or FILE.geojson to write")] = None,
    town: TownOption = None,
    as_json: AsJson = False,
) -> None:
    """แถวที่ไม่รับ · List refused rows with their reasons, or write them to a file to mend."""
    from db.datasets import get_dataset, refusals_of
    from etl.refused import write
    from ops.language import tongue

    with loader(town, Progress()) as (town_id, conn):
        record = get_dataset(conn, number)
        refusals = refusals_of(conn, number)
    if out is not None:
        write(refusals, record, out)
    if as_json:
        rows = [
            {"row": r.row, "key": r.key, "reason": r.reason.model_dump(), "data": dict(r.data)}
            for r in refusals
        ]
        told = {"town": town_id, "import": number, "refused": len(rows)}
        extra = {"rows": rows} if out is None else {"file": str(out)}
        print(json.dumps(told | extra, ensure_ascii=False, default=str))
        return
    if not refusals:
        print(both(Text(th="ไม่มีแถวที่ไม่รับ", en="No row was refused.")))
        return
    if out is not None:
        count = len(refusals)
        said = Text(
            th=f"เขียน {count:,} แถวลง {out} แก้แล้วส่งกลับด้วย ./muang imports resubmit {number} {out}",
            en=f"{count:,} rows written to {out}. Mend them and bring them back: "
            f"./muang imports resubmit {number} {out}",
        )
        print(both(said))
        return
    speaks = tongue()
    for refusal in refusals:
        reason = both(refusal.reason) if speaks == "both" else refusal.reason.get(speaks)
        print(f"{refusal.row:>8}  {refusal.key or '-':<24}  {reason}")


def resubmit(
    number: Annotated[int, typer.Argument(help="หมายเลข · number of the first import")],
    file: Annotated[Path, typer.Argument(help="ไฟล์ที่แก้แล้ว · the mended file")],
    *,
    crs: Annotated[str | None, typer.Option(help="EPSG:n of the file, if it is another")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="do it all, keep nothing")] = False,
    town: TownOption = None,
    as_json: AsJson = False,
) -> None:
    """ส่งแถวที่แก้แล้ว · Bring mended rows back, read as the first file was and linked to it."""
    from db.datasets import get_dataset
    from etl.refused import order_again
    from etl.run import run
    from etl.words import render
    from layers import rasters
    from ops.language import tongue

    progress = Progress()
    with loader(town, progress) as (_town_id, conn):
        record = get_dataset(conn, number)
        if rasters.get(record.layer):
            raise RefusedError(
                Text(
                    th="แรสเตอร์ไม่มีแถว จึงส่งแถวกลับไม่ได้",
                    en="A raster has no rows: nothing of it can be brought again row by row.",
                )
            )
        order = replace(order_again(record, file, actor()), dry_run=dry_run)
        if crs is not None:
            order = replace(order, crs=crs)
        title = Text(th=f"ส่งแถวกลับ {file.name}", en=f"Bringing back {file.name}")
        with progress.step(title) as step:
            report = run(conn, order, step.report)
    if as_json:
        told = report.model_dump(mode="json") | {"resubmits": number}
        print(json.dumps(told, ensure_ascii=False))
    else:
        print(render(report, tongue()))
