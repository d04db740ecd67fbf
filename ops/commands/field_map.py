"""`muang imports field-map`: what a file's columns would become, before anything is loaded."""

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from layers.text import Text
from ops.checkout import Checkout
from ops.progress import Progress

if TYPE_CHECKING:
    from etl.field_maps import FieldMap
    from etl.order import ImportOrder
    from etl.profile import TownProfile
    from etl.report import Report
    from etl.words import Tongue


def saved_maps(town_id: str) -> Path:
    """Where the field maps saved for a town are kept on this machine."""
    return Checkout.here().state / "field-maps" / f"{town_id}.toml"


def maps_of(town_id: str) -> "TownProfile":
    """A town's field maps: those saved here, then those shipped."""
    from etl.profile import of_town

    return of_town(town_id, saved_maps(town_id))


def keep(order: "ImportOrder", report: "Report", town_id: str, name: str) -> Text:
    """Save what an import used as `name`; the sentence that says so."""
    from etl.field_maps import save, used

    path = saved_maps(town_id)
    save(path, used(order, name, report.files[0]))
    return Text(
        th=f"เก็บผังช่อง “{name}” ไว้ที่ {path} แล้ว ครั้งต่อไปใช้เองเมื่อชื่อไฟล์หรือคอลัมน์ตรงกัน",
        en=f"The field map “{name}” is kept in {path}: used by itself for a file of that name or "
        "with these columns.",
    )


def field_map(  # noqa: PLR0917  Typer maps each to an option
    layer: Annotated[str, typer.Argument(help="ชั้นข้อมูล · layer id")],
    file: Annotated[Path, typer.Argument(help="ไฟล์ · file")],
    town: Annotated[str | None, typer.Option(help="รหัสเมือง · town id")] = None,
    layer_in_file: Annotated[str | None, typer.Option(help="layer or zip member to read")] = None,
    map_: Annotated[
        list[str] | None, typer.Option("--map", help="target=source column, or source:unit, @row")
    ] = None,
    set_: Annotated[list[str] | None, typer.Option("--set", help="target=value for all")] = None,
    encoding: Annotated[str | None, typer.Option(help="of the text, such as cp874")] = None,
    profile: Annotated[Path | None, typer.Option(help="field maps and code lists (TOML)")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
) -> None:
    """ดูผังช่อง · Show which column would fill which field, how surely, with sample values."""
    from etl.field_maps import preview
    from etl.order import ImportOrder, parse_pairs
    from etl.profile import load
    from layers import catalog
    from ops.commands.imports import actor
    from ops.language import tongue
    from ops.session import choose_town, database

    wanted = catalog.get(layer)
    if profile is None:
        with database(Progress()) as server:
            known = maps_of(choose_town(server, town))
    else:
        known = load(profile)
    order = ImportOrder(
        layer=wanted,
        files=(file,),
        actor=actor(),
        layer_in_file=layer_in_file,
        mapping=parse_pairs("--map", tuple(map_ or ())),
        constants=parse_pairs("--set", tuple(set_ or ())),
        encoding=encoding,
        profile=known,
    )
    with tempfile.TemporaryDirectory(prefix="muang-") as folder:
        found = preview(order, file, Path(folder))
    if as_json:
        print(json.dumps(found.model_dump(mode="json"), ensure_ascii=False))
    else:
        print(render(found, tongue()))


def render(found: "FieldMap", tongue: "Tongue") -> str:
    """The field map as lines of text."""
    from etl.words import Speaker

    said = Speaker(tongue)
    named = f" ({found.profile})" if found.profile else ""
    lines = [f"{found.file} -> {found.layer}{named}"]
    for row in found.rows:
        sure = f"{row.confidence:>4.0%}" if row.how == "guessed" else "    "
        samples = f"  [{'; '.join(row.samples)}]" if row.samples else ""
        lines.append(f"  {row.field:<18} = {row.source or '-':<24} {row.how:<9}{sure}{samples}")
        if row.readable is not None and row.readable < 1:
            share = Text(th=f"อ่านได้ {row.readable:.0%}", en=f"{row.readable:.0%} can be read")
            lines.append(f"    ! {said(share)}")
        if row.trouble is not None:
            lines.append(f"    ! {said(row.trouble)}")
    empty = Text(th="ช่องที่ยังว่าง", en="fields nothing fills")
    lines.append(f"  {said(empty)}: {', '.join(found.unmapped) or '-'}")
    over = Text(th="คอลัมน์ที่ไม่ได้ใช้", en="columns not used")
    lines.append(f"  {said(over)}:")
    lines += [f"    {name}: {'; '.join(samples)}" for name, samples in found.unused]
    if found.problem is not None:
        lines.append(f"! {said(found.problem)}")
    else:
        again = Text(
            th="ถ้าใช่ นำเข้าด้วย ./muang import … --save-map ชื่อ ถ้าไม่ใช่ แก้ด้วย --map ช่อง=คอลัมน์",
            en="If that is right, ./muang import … --save-map NAME; if not, --map field=column",
        )
        lines.append(said(again))
    return "\n".join(lines)
