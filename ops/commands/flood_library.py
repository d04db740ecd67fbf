"""`muang flood library build|list|show|depth`: what each stage of a gauge floods."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from layers.errors import BadRequestError, NotFoundError
from layers.text import Text
from ops.progress import Progress, both

if TYPE_CHECKING:
    from db.flood_library import LibraryRecord

TownOption = Annotated[str | None, typer.Option(help="รหัสเมือง · town id")]
AsJson = Annotated[bool, typer.Option("--json", help="print one JSON object")]
Gauge = Annotated[str, typer.Argument(help="รหัสสถานี · gauge code")]


def add_to(group: typer.Typer) -> None:
    """Add `library` with its commands."""
    library = typer.Typer(no_args_is_help=True, help="คลังระดับน้ำ · What each stage floods.")
    library.command("build")(build)
    library.command("list")(list_all)
    library.command("show")(show)
    library.command("depth")(depth)
    group.add_typer(library, name="library")


def build(  # noqa: PLR0917  Typer maps each to an option
    gauge: Gauge,
    low: Annotated[float, typer.Option("--from", help="lowest stage, m MSL")],
    high: Annotated[float, typer.Option("--to", help="highest stage, m MSL")],
    town: TownOption = None,
    step: Annotated[float, typer.Option(help="m between stages")] = 0.1,
    seed: Annotated[str, typer.Option(help="water, lowest, or a GeoJSON file")] = "water",
    method: Annotated[Literal["level", "hand"], typer.Option(help="level or hand")] = "level",
    river: Annotated[Path | None, typer.Option(help="GeoJSON line, drawn downstream")] = None,
    slope: Annotated[float | None, typer.Option(help="m fall per m of river")] = None,
    at: Annotated[str | None, typer.Option(help="LON,LAT of the gauge")] = None,
    marks: Annotated[Path | None, typer.Option(help="CSV: lon,lat,level_m,stage_m,name")] = None,
    error: Annotated[float | None, typer.Option(help="standard error of heights, m")] = None,
    gauge_datum: Annotated[str | None, typer.Option(help="what the gauge counts from")] = None,
    offset: Annotated[float | None, typer.Option(help="m added to the ground's heights")] = None,
    offset_error: Annotated[float | None, typer.Option(help="its standard error, m")] = None,
    *,
    insist_datum: Annotated[bool, typer.Option(help="use a datum nobody knows; marked")] = False,
    insist_dsm: Annotated[bool, typer.Option(help="use a surface model; marked")] = False,
    as_json: AsJson = False,
    cell: Annotated[float | None, typer.Option(help="m, coarser cells: a quick library")] = None,
) -> None:
    """สร้างคลังของสถานี · Build the library of a gauge; the one before stays until it is done."""
    from ops.commands.imports import actor, loader
    from ops.flood_ground import LibraryOrder
    from ops.flood_library import build_library
    from ops.rasters import raster_root

    order = LibraryOrder(
        gauge=gauge,
        low_m=low,
        high_m=high,
        actor=actor(),
        step_m=step,
        seed=seed,
        method=method,
        gauge_datum=gauge_datum,
        offset_m=offset,
        offset_error_m=offset_error,
        error_m=error,
        slope=slope,
        river=river,
        at=_place(at),
        marks=marks,
        insist_datum=insist_datum,
        insist_dsm=insist_dsm,
        cell_m=cell,
    )
    progress = Progress()
    title = Text(th=f"สร้างคลังระดับน้ำ {gauge}", en=f"Building the stage library of {gauge}")
    with loader(town, progress) as (town_id, conn), progress.step(title) as step_:
        made = build_library(conn, order, raster_root() / town_id, step_.report)
    print(json.dumps(made, ensure_ascii=False) if as_json else _told(gauge, made))


def _place(at: str | None) -> tuple[float, float] | None:
    if at is None:
        return None
    try:
        lon, lat = (float(part) for part in at.split(","))
    except ValueError as error:
        raise BadRequestError(
            Text(th="--at คือ ลองจิจูด,ละติจูด", en="--at is LON,LAT in degrees.")
        ) from error
    return lon, lat


def list_all(*, town: TownOption = None, as_json: AsJson = False) -> None:
    """คลังที่ใช้อยู่ · The library in use of each gauge."""
    from db.flood_library import libraries
    from ops.commands.imports import loader

    with loader(town, Progress()) as (_, conn):
        found = libraries(conn)
    if as_json:
        told = [{"gauge": each.gauge, "dataset_id": each.dataset_id} for each in found]
        print(json.dumps(told, ensure_ascii=False))
        return
    for each in found:
        print(_line(each.gauge, each.facts) + f"  (import {each.dataset_id})")
    if not found:
        print(both(Text(th="ยังไม่มีคลัง", en="There is no library yet.")))


def show(gauge: Gauge, *, town: TownOption = None, as_json: AsJson = False) -> None:
    """คลังของสถานี · A gauge's library: stages, areas, error, datum, caveats."""
    from ops.commands.imports import loader

    with loader(town, Progress()) as (_, conn):
        found = _one(conn, gauge)
    print(json.dumps(found.facts, ensure_ascii=False) if as_json else _told(gauge, found.facts))


def depth(
    gauge: Gauge,
    stage: Annotated[float, typer.Argument(help="m MSL")],
    out: Annotated[Path, typer.Argument(help="ไฟล์ .tif · file to write")],
    *,
    town: TownOption = None,
) -> None:
    """เขียนแรสเตอร์ความลึกของระดับหนึ่ง · Write the depth raster (COG) of one stage."""
    from ops.commands.imports import loader
    from ops.flood_cells import write_depth
    from ops.rasters import raster_root

    with loader(town, Progress()) as (town_id, conn):
        write_depth(_one(conn, gauge), raster_root() / town_id, stage, out)
    print(out)


def _one(conn: Any, gauge: str) -> "LibraryRecord":
    from db.flood_library import libraries

    found = next((each for each in libraries(conn) if each.gauge == gauge), None)
    if found is None:
        raise NotFoundError(
            Text(
                th=f"สถานี {gauge} ยังไม่มีคลัง สร้างด้วย ./muang flood library build",
                en=f"Gauge {gauge} has no library yet: ./muang flood library build",
            )
        )
    return found


def _line(gauge: str, facts: dict[str, Any]) -> str:
    stages = [each["stage_m"] for each in facts["stages"]]
    return (
        f"{gauge}: {len(stages)} stages {stages[0]:.2f}-{stages[-1]:.2f} m MSL, "
        f"cells {facts['cell_m']:.1f} m, error ±{facts['error_m']:.2f} m"
    )


def _told(gauge: str, facts: dict[str, Any]) -> str:
    lines = [_line(gauge, facts)]
    for each in facts["stages"]:
        area = sum(each["area_m2"].values()) / 1e6
        low, high = each["stage_low_m"], each["stage_high_m"]
        ends = " - ".join("?" if end is None else f"{end:.2f}" for end in (low, high))
        lines.append(f"  {each['stage_m']:8.2f} m  {area:9.3f} km2   [{ends}]")
    lines.append(f"  not modelled: {facts['not_modelled_m2'] / 1e6:.3f} km2")
    if fitted := facts["calibration"]:
        marks = ", ".join(f"{each:+.2f}" for each in fitted["residuals_m"])
        lines.append(
            f"  marks: offset {fitted['offset_m']:+.3f} m, slope {fitted['slope']:.2e}, "
            f"residuals {marks} m, rmse {fitted['rmse_m']:.3f} m"
        )
    lines += [f"  ! {both(Text(**caveat))}" for caveat in facts["caveats"]]
    if "dataset_id" in facts:
        lines.append(
            f"  {facts['seconds']} s; take it back: ./muang imports undo {facts['dataset_id']}"
        )
    return "\n".join(lines)
