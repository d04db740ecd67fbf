"""`muang imports files|sweep`: the raw files of imports, brought back or cleared away."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from layers.text import Text
from ops.progress import Progress, both

TownOption = Annotated[str | None, typer.Option(help="รหัสเมือง · town id")]
AsJson = Annotated[bool, typer.Option("--json", help="print one JSON object")]


def files(
    number: Annotated[int, typer.Argument(help="หมายเลข · number of the import")],
    folder: Annotated[Path, typer.Argument(help="โฟลเดอร์ปลายทาง · where to")],
    *,
    town: TownOption = None,
    as_json: AsJson = False,
) -> None:
    """นำไฟล์ต้นฉบับกลับมา · Write the files of an import into a folder, as they were brought."""
    from ops.commands.imports import loader
    from ops.raw_files import bring_back

    with loader(town, Progress()) as (town_id, conn):
        made = bring_back(conn, town_id, number, folder)
    if as_json:
        print(json.dumps({"town": town_id, "files": [str(path) for path in made]}))
        return
    for path in made:
        print(path)


def sweep_(*, town: TownOption = None, as_json: AsJson = False) -> None:
    """ล้างไฟล์ต้นฉบับที่หมดอายุหรือไม่มีการนำเข้าใดใช้ · Clear away raw files nothing names any more."""
    from ops.commands.imports import loader
    from ops.raw_files import sweep

    with loader(town, Progress()) as (town_id, conn):
        count, size = sweep(conn, town_id)
    if as_json:
        print(json.dumps({"town": town_id, "removed": count, "bytes": size}))
        return
    print(
        both(
            Text(
                th=f"ลบไฟล์ต้นฉบับ {count:,} ไฟล์ {size / 1e6:,.1f} MB",
                en=f"{count:,} raw files removed, {size / 1e6:,.1f} MB.",
            )
        )
    )


def made_with(report: Mapping[str, Any]) -> str:
    """The versions an import was made with, and its steps, in one line each."""
    versions = ", ".join(f"{name} {version}" for name, version in report["versions"].items())
    steps = " > ".join(step["step"] for step in report["chain"])
    return both(Text(th=f"ขั้นตอน: {steps} | {versions}", en=f"Steps: {steps}; {versions}."))


def raw_sentence(file: dict[str, Any]) -> str:
    """Where one raw file is, how large, and until when it is kept."""
    name, size = file["name"], f"{file['size'] / 1e6:,.2f} MB"
    if not file["kept"]:
        return both(
            Text(
                th=f"ไฟล์ต้นฉบับ {name} ({size}): ไม่ได้เก็บไว้ หรือลบแล้ว",
                en=f"Raw file {name} ({size}): not kept, or forgotten by now.",
            )
        )
    until = file["forget_at"]
    th = f" เก็บถึง {until:%Y-%m-%d} เพราะมีข้อมูลส่วนบุคคล" if until else ""
    en = f", kept until {until:%Y-%m-%d} because it holds personal data" if until else ""
    return both(
        Text(
            th=f"ไฟล์ต้นฉบับ {name} ({size}) เข้ารหัสไว้ที่ {file['path']}{th}",
            en=f"Raw file {name} ({size}), sealed, in {file['path']}{en}.",
        )
    )
