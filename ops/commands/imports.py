"""`muang import`, `muang imports`, `muang inspect`: files into layers, and the register of it."""

import getpass
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from layers.errors import BadRequestError
from layers.text import Text
from ops.commands import raw
from ops.commands.field_map import field_map, keep, maps_of
from ops.progress import Progress, both

if TYPE_CHECKING:
    from db.datasets import DatasetRecord
    from db.derived import AnyConnection
    from etl.order import ImportOrder
    from layers.rasters import Raster

TownOption = Annotated[str | None, typer.Option(help="รหัสเมือง · town id")]
AsJson = Annotated[bool, typer.Option("--json", help="print one JSON object")]

Mode = Literal["upsert", "replace", "append"]
_WILDEST_ERROR_M = 100


def register(app: typer.Typer) -> None:
    """Add `import`, `imports list|show|undo|redo|refused|resubmit|files|sweep` and `inspect`."""
    from ops.commands import refused

    app.command("import")(import_)
    group = typer.Typer(no_args_is_help=True, help="สิ่งที่นำเข้าแล้ว · What was imported.")
    group.command("list")(list_all)
    group.command("show")(show)
    group.command("undo")(undo)
    group.command("files")(raw.files)
    group.command("sweep")(raw.sweep_)
    group.command("field-map")(field_map)
    group.command("redo")(redo)
    refused.add_to(group)
    app.add_typer(group, name="imports")
    app.command("inspect")(inspect)


def actor() -> str:
    """Who imports, as the change log will name them."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        # a container may run under a number no name belongs to
        name = f"uid {os.getuid()}"
    return f"{name} (muang)"


@contextmanager
def loader(town: str | None, progress: Progress) -> Iterator[tuple[str, "AnyConnection"]]:
    """The town a command means, and a connection to it as the `loader` login."""
    from db.connect import Machine, connect
    from ops.session import choose_town, database

    with database(progress) as server:
        town_id = choose_town(server, town)
        with connect(server.url, server.secret, town_id, Machine.LOADER) as conn:
            yield town_id, conn


def import_(  # noqa: PLR0917  Typer maps each to an option
    layer: Annotated[str, typer.Argument(help="ชั้นข้อมูล · layer id, or elevation, depth")],
    files: Annotated[list[str], typer.Argument(help="ไฟล์ · files")],
    town: TownOption = None,
    layer_in_file: Annotated[str | None, typer.Option(help="layer or zip member to read")] = None,
    join: Annotated[
        list[str] | None, typer.Option(help="FILE:KEY, or FILE:KEY_OF_TABLE=KEY_OF_FILE")
    ] = None,
    map_: Annotated[
        list[str] | None, typer.Option("--map", help="target=source column, or source:unit, @row")
    ] = None,
    set_: Annotated[list[str] | None, typer.Option("--set", help="target=value for all")] = None,
    crs: Annotated[str | None, typer.Option(help="EPSG:n of the file")] = None,
    datum_operation: Annotated[
        str | None, typer.Option(help="EPSG:n of the datum operation")
    ] = None,
    encoding: Annotated[str | None, typer.Option(help="of the text, such as cp874")] = None,
    mode: Annotated[Mode, typer.Option(help="what happens to rows already there")] = "upsert",
    source: Annotated[str | None, typer.Option(help="whose data it is")] = None,
    profile: Annotated[Path | None, typer.Option(help="field maps and code lists (TOML)")] = None,
    save_map: Annotated[
        str | None, typer.Option(help="keep the field map under this name for next time")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="do it all, keep nothing")] = False,
    as_json: AsJson = False,
) -> None:
    """นำเข้าไฟล์ · Load real files into a layer, or a GeoTIFF as elevation or depth."""
    from etl.order import ImportOrder, parse_join, parse_pairs
    from etl.profile import NO_PROFILE, load
    from layers import catalog, rasters

    paths, more = _files_and_pairs(files, mapped=bool(map_))
    if raster := rasters.get(layer):
        said = RasterWords(crs, datum_operation, source, parse_pairs("--set", tuple(set_ or ())))
        taken = not (layer_in_file or join or map_ or encoding or profile or mode == "append")
        if len(paths) != 1 or not taken or set(said.constants) - {"datum", "error_m", "surface"}:
            raise BadRequestError(
                Text(
                    th=f"แรสเตอร์ {layer} รับไฟล์เดียว กับ --crs --datum-operation --source "
                    "--set datum=… --set error_m=… --set surface=dtm|dsm --dry-run --json เท่านั้น",
                    en=f"The raster {layer} takes one file, and of the options only --crs, "
                    "--datum-operation, --source, --set datum=…, --set error_m=…, "
                    "--set surface=dtm or dsm, --dry-run and --json.",
                )
            )
        _run_raster(raster, paths[0], said, town, dry_run=dry_run, as_json=as_json)
        return
    order = ImportOrder(
        layer=catalog.get(layer),
        files=tuple(paths),
        actor=actor(),
        mode=mode,
        layer_in_file=layer_in_file,
        joins=tuple(parse_join(text) for text in join or ()),
        mapping=parse_pairs("--map", (*(map_ or ()), *more)),
        constants=parse_pairs("--set", tuple(set_ or ())),
        crs=crs,
        datum_operation=datum_operation,
        encoding=encoding,
        source=source,
        dry_run=dry_run,
        profile=NO_PROFILE if profile is None else load(profile),
    )
    _run(order, town, own_profile=profile is None, save_map=save_map, as_json=as_json)


def _files_and_pairs(words: list[str], *, mapped: bool) -> tuple[list[Path], tuple[str, ...]]:
    """`--map a=b c=d` is how people write it: `c=d` after the files belongs to --map."""
    pairs = tuple(word for word in words if mapped and "=" in word and not Path(word).exists())
    files = [Path(word) for word in words if word not in pairs]
    if not files:
        raise BadRequestError(Text(th="ไม่ได้ระบุไฟล์", en="No file was named."))
    return files, pairs


def _run(
    order: "ImportOrder",
    town: str | None,
    *,
    own_profile: bool,
    save_map: str | None,
    as_json: bool,
) -> None:
    from dataclasses import replace

    from etl.field_maps import check_name
    from etl.run import run
    from etl.words import render
    from ops.commands.quality import look, sentence
    from ops.language import tongue
    from ops.raw_files import kept

    progress = Progress()
    if save_map is not None:
        check_name(save_map)
    with loader(town, progress) as (town_id, conn):
        if own_profile:
            order = replace(order, profile=maps_of(town_id))
        names = ", ".join(path.name for path in order.files)
        title = Text(th=f"นำเข้า {order.layer.id}: {names}", en=f"Importing {names}")
        files = [] if order.dry_run else [*order.files, *(join.path for join in order.joins)]
        with (
            kept(conn, town_id, files, personal=order.layer.personal),
            progress.step(title) as step,
        ):
            report = run(conn, order, step.report)
        found = None if order.dry_run else look(conn, order.layer, order.actor, progress)
    if save_map is not None and not order.dry_run:
        progress.say(keep(order, report, town_id, save_map))
    if as_json:
        told = report.model_dump(mode="json") | {"quality": found and asdict(found)}
        print(json.dumps(told, ensure_ascii=False))
        return
    print(render(report, tongue()))
    if found is not None and found.kinds:
        print(sentence(found))


@dataclass(frozen=True)
class RasterWords:
    """What is said about a raster file on the command line."""

    crs: str | None
    datum_operation: str | None
    source: str | None
    constants: Mapping[str, Any]


def _run_raster(
    raster: "Raster",
    path: Path,
    said: RasterWords,
    town: str | None,
    *,
    dry_run: bool,
    as_json: bool,
) -> None:
    from etl.raster_report import render_raster
    from etl.rasters import RasterOrder, import_raster
    from ops.language import tongue
    from ops.rasters import raster_root
    from ops.raw_files import kept

    progress = Progress()
    datum = said.constants.get("datum")
    with loader(town, progress) as (town_id, conn):
        order = RasterOrder(
            raster=raster,
            file=path,
            actor=actor(),
            folder=raster_root() / town_id,
            crs=said.crs,
            datum_operation=said.datum_operation,
            datum=None if datum is None else str(datum),
            error_m=_error_m(said.constants),
            surface=_surface(said.constants),
            source=said.source,
            dry_run=dry_run,
        )
        title = Text(th=f"นำเข้า {raster.id}: {path.name}", en=f"Importing {path.name}")
        with (
            kept(conn, town_id, [] if dry_run else [path], personal=False),
            progress.step(title) as step,
        ):
            report = import_raster(conn, order, step.report)
    if as_json:
        print(json.dumps(report.model_dump(mode="json"), ensure_ascii=False))
    else:
        print(render_raster(report, tongue()))


def _error_m(constants: Mapping[str, Any]) -> float | None:
    """The standard error of a height, as `--set error_m=0.2` says it."""
    if "error_m" not in constants:
        return None
    try:
        error = float(constants["error_m"])
    except ValueError:
        error = 0.0
    if not 0 < error < _WILDEST_ERROR_M:
        raise BadRequestError(
            Text(
                th="error_m ต้องเป็นเมตร มากกว่า 0 และน้อยกว่า 100",
                en="error_m is metres, more than 0 and less than 100.",
            )
        )
    return error


def _surface(constants: Mapping[str, Any]) -> Literal["dtm", "dsm"] | None:
    """What heights are of, as `--set surface=dtm` says it."""
    match constants.get("surface"):
        case None:
            return None
        case "dtm":
            return "dtm"
        case "dsm":
            return "dsm"
    raise BadRequestError(
        Text(
            th="surface ต้องเป็น dtm (พื้นดิน) หรือ dsm (ผิว)",
            en="surface is dtm (ground) or dsm (roofs and trees).",
        )
    )


def list_all(*, town: TownOption = None, as_json: AsJson = False) -> None:
    """แสดงการนำเข้า · List what was imported, newest first."""
    from db.datasets import list_datasets

    with loader(town, Progress()) as (town_id, conn):
        records = list_datasets(conn)
    if as_json:
        found = [_facts(record) for record in records]
        print(json.dumps({"town": town_id, "imports": found}, ensure_ascii=False, default=str))
        return
    if not records:
        print(both(Text(th="ยังไม่มีการนำเข้า", en="Nothing was imported yet.")))
    for record in records:
        report = record.report or {}
        counts = f"{report.get('loaded', '?')}/{report.get('read', '?')}"
        undone = both(Text(th=" [ยกเลิกแล้ว]", en="taken back")) if record.undone_at else ""
        when = f"{record.started_at:%Y-%m-%d %H:%M}"
        print(
            f"{record.id:>5}  {when}  {record.layer:<16} {record.mode:<8} {counts:>15}  "
            f"{record.actor}  {record.source} {undone}".rstrip()
        )


def _facts(record: Any) -> dict[str, Any]:
    report = record.report or {}
    return {
        "id": record.id,
        "layer": record.layer,
        "mode": record.mode,
        "source": record.source,
        "licence": record.licence,
        "files": record.files,
        "actor": record.actor,
        "started_at": record.started_at.isoformat(),
        "undone_at": record.undone_at.isoformat() if record.undone_at else None,
        "resubmits": record.resubmits,
        **{name: report.get(name) for name in ("read", "loaded", "repaired", "refused")},
    }


def show(
    number: Annotated[int, typer.Argument(help="หมายเลข · number of the import")],
    *,
    town: TownOption = None,
    as_json: AsJson = False,
) -> None:
    """แสดงรายงาน · Show one import: its report and every refused row, whole."""
    from db.datasets import get_dataset, refusals_of
    from etl.raster_report import RasterReport, render_raster
    from etl.report import Report
    from etl.words import render
    from ops.commands.quality import findings
    from ops.commands.raw import made_with, raw_sentence
    from ops.language import tongue
    from ops.raw_files import told

    with loader(town, Progress()) as (town_id, conn):
        record = get_dataset(conn, number)
        refusals = refusals_of(conn, number)
        wrong = findings(conn, number)
        originals = told(conn, town_id, record.files)
    rows = [
        {"row": r.row, "key": r.key, "reason": r.reason.model_dump(), "data": dict(r.data)}
        for r in refusals
    ]
    if as_json:
        whole = {"town": town_id, **_facts(record), "report": record.report, "refused_rows": rows}
        whole |= {"findings": wrong, "raw_files": originals}
        print(json.dumps(whole, ensure_ascii=False, default=str))
        return
    stored = dict(record.report or {})
    stored.pop("warnings", None)
    if stored.get("what") == "raster":
        print(render_raster(RasterReport.model_validate(stored), tongue()))
    elif "mode" in stored:
        print(render(Report.model_validate(stored), tongue()))
    else:
        figures = ", ".join(
            f"{name} {stored[name]:,}"
            for name in ("read", "loaded", "records", "refused")
            if isinstance(stored.get(name), int)
        )
        print(f"{record.id} {record.layer} {record.mode} {record.source}: {figures}")
    for row in rows:
        print(json.dumps(row, ensure_ascii=False))
    for each in wrong:
        print(both(Text(th=each["th"], en=each["en"])))
    for each in originals:
        print(raw_sentence(each))
    if stored.get("chain"):
        print(made_with(stored))


def undo(
    number: Annotated[int, typer.Argument(help="หมายเลข · number of the import")],
    *,
    town: TownOption = None,
    as_json: AsJson = False,
) -> None:
    """ยกเลิกการนำเข้า · Take an import back, with the child records it brought."""
    from db.datasets import get_dataset
    from db.undo import undo as take_back
    from layers import catalog, rasters
    from ops.commands.quality import look

    with loader(town, Progress()) as (town_id, conn):
        record = get_dataset(conn, number)
        if rasters.get(record.layer):
            _undo_raster(conn, record, town_id, as_json=as_json)
            return
        progress = Progress()
        done = take_back(conn, number, actor())
        look(conn, catalog.get(record.layer), actor(), progress)
    facts = [
        {"id": each, "restored": c.inserted, "changed_back": c.updated, "removed": c.deleted}
        for each, c in done.items()
    ]
    if as_json:
        print(json.dumps({"town": town_id, "undone": facts}, ensure_ascii=False))
        return
    for each, counts in done.items():
        print(
            both(
                Text(
                    th=f"ยกเลิกการนำเข้า {each} แล้ว: เอาออก {counts.deleted:,} คืนค่า"
                    f" {counts.updated:,} คืนแถว {counts.inserted:,}",
                    en=f"Import {each} taken back: {counts.deleted:,} rows removed, "
                    f"{counts.updated:,} changed back, {counts.inserted:,} restored.",
                )
            )
        )


def redo(
    number: Annotated[int, typer.Argument(help="หมายเลข · number of the import")],
    *,
    town: TownOption = None,
    as_json: AsJson = False,
) -> None:
    """นำกลับการนำเข้าที่ยกเลิก · Bring back an import that was taken back."""
    from db.datasets import get_dataset
    from db.undo import redo as bring_back
    from layers import rasters

    with loader(town, Progress()) as (town_id, conn):
        record = get_dataset(conn, number)
        if rasters.get(record.layer):
            raise BadRequestError(
                Text(
                    th="นำแรสเตอร์ที่ยกเลิกแล้วกลับไม่ได้ โปรดนำเข้าไฟล์ใหม่",
                    en="A raster that was taken back is gone: import its file again.",
                )
            )
        done = bring_back(conn, number, actor())
    if as_json:
        facts = [
            {"id": each, "inserted": c.inserted, "changed": c.updated, "removed": c.deleted}
            for each, c in done.items()
        ]
        print(json.dumps({"town": town_id, "redone": facts}, ensure_ascii=False))
        return
    for each, counts in done.items():
        print(
            both(
                Text(
                    th=f"นำการนำเข้า {each} กลับแล้ว: เพิ่ม {counts.inserted:,} แก้ {counts.updated:,}"
                    f" ลบ {counts.deleted:,}",
                    en=f"Import {each} is back: {counts.inserted:,} rows inserted, "
                    f"{counts.updated:,} changed, {counts.deleted:,} removed.",
                )
            )
        )


def _undo_raster(
    conn: "AnyConnection", record: "DatasetRecord", town_id: str, *, as_json: bool
) -> None:
    """Take a raster's import back: the file before it is in use again."""
    from db.rasters import take_back, versions
    from etl.rasters import sweep
    from ops.rasters import raster_root

    conn.commit()
    gone = take_back(conn, record, actor())
    left = [version.file for version in versions(conn, record.layer)]
    sweep(conn, raster_root() / town_id)
    now = left[0] if left else None
    if as_json:
        facts = [{"id": record.id, "removed_file": gone, "file_in_use": now}]
        print(json.dumps({"town": town_id, "undone": facts}, ensure_ascii=False))
        return
    print(
        both(
            Text(
                th=f"ยกเลิกการนำเข้า {record.id} แล้ว แรสเตอร์ {record.layer} ที่ใช้: {now or 'ไม่มี'}",
                en=f"Import {record.id} taken back. The raster {record.layer} in use: "
                f"{now or 'none'}.",
            )
        )
    )


def inspect(
    file: Annotated[Path, typer.Argument(help="ไฟล์ · file")],
    *,
    encoding: Annotated[str | None, typer.Option(help="of the text, such as cp874")] = None,
    as_json: AsJson = False,
) -> None:
    """ดูไฟล์ · Say what is in a file without loading it."""
    from etl.look import look
    from etl.words import render_look
    from ops.language import tongue

    found = look(file, encoding=encoding)
    if as_json:
        print(json.dumps(found.model_dump(mode="json"), ensure_ascii=False))
    else:
        print(render_look(found, tongue()))
