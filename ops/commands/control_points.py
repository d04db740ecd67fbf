"""`muang town control-points`: which datum operation a file needs, by places known twice."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from layers.errors import BadRequestError
from layers.text import Text
from ops.progress import Progress

if TYPE_CHECKING:
    from db.derived import AnyConnection
    from etl.control import Control, ControlPoint
    from etl.crs import TownArea
    from etl.words import Tongue


def control_points(  # noqa: PLR0917  Typer maps each to an option
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="CSV: name,x,y,true_x,true_y")
    ] = None,
    add: Annotated[
        list[str] | None,
        typer.Option(help="name=x,y=true_x,true_y or name=x,y=layer:key (a stored point)"),
    ] = None,
    crs: Annotated[
        str | None, typer.Option(help="what the file's numbers are said to be in, EPSG:n")
    ] = None,
    true_crs: Annotated[
        str | None, typer.Option(help="CRS of the true places (default: degrees or the town's)")
    ] = None,
    town: Annotated[str | None, typer.Option(help="รหัสเมือง · town id")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
) -> None:
    """ตรวจหมุดควบคุม · Try every datum operation on known points and print what is left over."""
    from db.towns import get_town
    from etl.control import check, parse_points
    from etl.crs import TownArea, parse
    from ops.commands.imports import loader
    from ops.language import tongue

    truth = None if true_crs is None else parse(true_crs)
    stated = None if crs is None else parse(crs)
    with loader(town, Progress()) as (town_id, conn):
        area = TownArea(get_town(conn).srid)
        points = [] if file is None else parse_points(_content(file), area, truth)
        points += [_added(conn, words, area) for words in add or ()]
    found = check(points, area, stated)
    if as_json:
        print(json.dumps({"town": town_id, **found.model_dump(mode="json")}, ensure_ascii=False))
    else:
        print(render(found, tongue()))


def _content(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BadRequestError(
            Text(
                th=f"เปิดไฟล์หมุด “{file}” ไม่ได้ ต้องเป็น CSV รหัส UTF-8",
                en=f"The control points “{file}” cannot be read; it must be a CSV in UTF-8.",
            )
        ) from error


def _added(conn: "AnyConnection", words: str, area: "TownArea") -> "ControlPoint":
    from db.places import stored_point
    from etl.control import point
    from layers import catalog

    parts = words.split("=")
    pairs = [part.split(",") for part in parts[1:]]
    try:
        name, in_file = parts[0], (float(pairs[0][0]), float(pairs[0][1]))
        if len(pairs[1]) == 1:
            layer_id, _colon, key = parts[2].partition(":")
            true, crs = stored_point(conn, catalog.get(layer_id), key), area.crs
            return point(name, in_file, true, area, crs)
        return point(name, in_file, (float(pairs[1][0]), float(pairs[1][1])), area)
    except (IndexError, ValueError) as error:
        raise BadRequestError(
            Text(
                th=f"เขียน --add เป็น ชื่อ=x,y=x จริง,y จริง หรือ ชื่อ=x,y=ชั้นข้อมูล:รหัส ไม่ใช่ “{words}”",
                en=f"Write --add as name=x,y=true_x,true_y or name=x,y=layer:key, not “{words}”.",
            )
        ) from error


def render(found: "Control", tongue: "Tongue") -> str:
    """The check as lines of text: each operation, then what is left at each point."""
    from etl.words import Speaker

    said = Speaker(tongue)
    heads = Text(
        th=f"หมุดควบคุม {found.points} จุด เทียบใน {found.town_crs} (เมตร: ที่แปลงได้ ลบ ที่จริง)",
        en=f"{found.points} control points, in {found.town_crs} (metres: turned minus true)",
    )
    lines = [said(heads)]
    for trial in found.trials:
        sign = "!" if trial.forbidden else "*" if trial.operation == found.best else " "
        lines.append(
            f"{sign} {trial.operation:<10} {trial.crs:<11} RMS {trial.rms_m:>9,.2f}"
            f"  mean E {trial.mean_east_m:>+9,.2f} N {trial.mean_north_m:>+9,.2f}"
            f"  spread {trial.spread_m:>8,.2f}  {said(trial.name)}"
        )
    lines += [
        f"    {residual.name}: E {residual.east_m:+,.2f}  N {residual.north_m:+,.2f}"
        f"  = {residual.distance_m:,.2f}"
        for residual in found.trials[0].residuals
    ]
    lines += [f"! {said(warning)}" for warning in found.warnings]
    return "\n".join([*lines, said(found.verdict)])
