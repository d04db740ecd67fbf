"""`muang town`: make a town from its boundary, list the towns, show one."""

import json
from pathlib import Path
from typing import Annotated

import typer

from layers.errors import BadRequestError
from layers.text import Text
from ops.commands.control_points import control_points
from ops.progress import Progress, both

AsJson = Annotated[bool, typer.Option("--json", help="print one JSON object")]


def register(app: typer.Typer) -> None:
    """Add `town new`, `town list`, `town show` and `town control-points`."""
    group = typer.Typer(no_args_is_help=True, help="เมือง · Towns.")
    group.command("new")(new)
    group.command("list")(list_all)
    group.command("show")(show)
    group.command("control-points")(control_points)
    app.add_typer(group, name="town")


def new(
    town_id: Annotated[str, typer.Argument(metavar="ID", help="a-z, 0-9, _")],
    *,
    name_th: Annotated[str, typer.Option(help="ชื่อเมือง · name in Thai")],
    boundary: Annotated[Path, typer.Option(help="ไฟล์แนวเขต · file of its boundary")],
    crs: Annotated[str, typer.Option(help="the town's projected CRS, such as EPSG:32648")],
    name_en: Annotated[str | None, typer.Option(help="ชื่ออังกฤษ · name in English")] = None,
    boundary_crs: Annotated[
        str | None, typer.Option(help="CRS of the boundary file, if it does not say")
    ] = None,
    boundary_layer: Annotated[str | None, typer.Option(help="layer in that file")] = None,
    code: Annotated[
        list[str] | None, typer.Option(help="official code, such as province=34")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """สร้างเมือง · Make a town: its own database in its own CRS, with its boundary."""
    from db.connect import check_town_id
    from db.towns import TownSpec
    from etl.found_town import Founding, found_town, town_srid
    from etl.order import parse_pairs
    from etl.words import render
    from ops.commands.imports import actor
    from ops.language import tongue
    from ops.session import database

    check_town_id(town_id)
    if not name_th.strip():
        raise BadRequestError(Text(th="ต้องมีชื่อเมือง", en="The town needs a name (--name-th)."))
    spec = TownSpec(
        id=town_id,
        name=Text(th=name_th, en=name_en or name_th),
        srid=town_srid(crs),
        codes=parse_pairs("--code", tuple(code or ())),
    )
    founding = Founding(spec, boundary, actor(), boundary_crs, boundary_layer)
    progress = Progress()
    with database(progress) as server:
        title = Text(th=f"สร้างเมือง {town_id}", en=f"Making the town {town_id}")
        with progress.step(title) as step:
            report = found_town(server.url, server.secret, founding, step.report)
    if as_json:
        facts = {"town": spec.model_dump(mode="json"), "boundary": report.model_dump(mode="json")}
        print(json.dumps(facts, ensure_ascii=False))
        return
    print(render(report, tongue()))
    progress.say(
        Text(
            th=f"สร้างเมือง {town_id} แล้ว (EPSG:{spec.srid}) เปิดดูด้วย ./muang up --town {town_id}",
            en=f"The town {town_id} is made (EPSG:{spec.srid}). "
            f"See it: ./muang up --town {town_id}",
        )
    )


def list_all(*, as_json: AsJson = False) -> None:
    """แสดงเมือง · List the towns of the server."""
    from db.towns import list_towns
    from ops.session import database

    with database(Progress()) as server:
        towns = list_towns(server.url)
    if as_json:
        found = [town.model_dump(mode="json") for town in towns]
        print(json.dumps({"towns": found}, ensure_ascii=False))
        return
    if not towns:
        print(both(Text(th="ยังไม่มีเมือง", en="There is no town yet.")))
    for town in towns:
        made = both(Text(th=" ข้อมูลสมมติ", en="synthetic")) if town.synthetic else ""
        print(f"{town.id:<16} EPSG:{town.srid}  {both(town.name)} {made}".rstrip())


def show(
    town_id: Annotated[str | None, typer.Argument(metavar="[ID]")] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """แสดงเมืองหนึ่ง · Show a town: names, codes, CRS, and how much each layer holds."""
    from db.overview import row_counts
    from db.towns import get_town
    from layers import catalog
    from ops.commands.imports import loader

    with loader(town_id, Progress()) as (_found, conn):
        town = get_town(conn)
        counts = row_counts(conn)
    if as_json:
        facts = {**town.model_dump(mode="json"), "layers": counts}
        print(json.dumps(facts, ensure_ascii=False))
        return
    made = both(Text(th=" ข้อมูลสมมติ", en="synthetic data")) if town.synthetic else ""
    print(f"{town.id}: {both(town.name)} {made}".rstrip())
    print(f"EPSG:{town.srid}")
    for name, value in town.codes.items():
        print(f"  {name}: {value}")
    for layer_id, count in counts.items():
        print(f"  {layer_id:<16} {count:>9,}  {both(catalog.get(layer_id).title)}")
