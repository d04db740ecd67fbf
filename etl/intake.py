"""Reading what an order names: files into the scratch folder, tables to join into memory."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from etl import osm
from etl.crs import TownArea
from etl.formats import Format
from etl.join import Table
from etl.order import ImportOrder, JoinOrder
from etl.originals import Originals
from etl.places import Placing
from etl.plan import Plan
from etl.profile import SourceProfile
from etl.read import Read, Selection, attributes, read
from etl.report import FileReport
from etl.unpack import locate
from layers.errors import RefusedError
from layers.text import Text


@dataclass(frozen=True)
class Side:
    """A table to join as read, with its rows kept for listing."""

    table: Table
    originals: Originals
    report: FileReport


def profile_of(
    order: ImportOrder, name: str, columns: Collection[str] = ()
) -> SourceProfile | None:
    """What the order's profile, or OpenStreetMap's extract, says about a file.

    Once its columns are known they may tell what its name does not.
    """
    found = order.profile.for_file(order.layer.id, name, columns)
    if found is None and name.endswith(".pbf") and order.layer_in_file is None:
        return osm.profile(order.layer.id)
    return found


def read_file(order: ImportOrder, town: TownArea, path: Path, folder: Path) -> Read:
    """One file of the order, read into a folder; RefusedError when it holds no row."""
    profile = profile_of(order, path.name)
    source = locate(path, folder, member=order.layer_in_file)
    extract = osm.EXTRACTS.get(order.layer.id) if order.layer_in_file is None else None
    chosen = source.format is Format.OSM_PBF and extract is not None
    found = read(
        source,
        folder,
        layer=source.inner(order.layer_in_file),
        encoding=order.encoding or (profile.encoding if profile else None),
        selection=Selection(extract.sql, osm.around(town)) if chosen and extract else None,
        limits=order.limits,
    )
    if chosen and extract and found.rows:
        turned = replace(found, turn=partial(osm.in_our_words, extract=extract))
        _start, first = next(turned.batches(1))
        found = replace(turned, columns=attributes(first.column_names))
    if found.rows == 0 and chosen:
        raise RefusedError(
            Text(
                th=f"ไม่รับไฟล์ “{path.name}”: ไม่มี{order.layer.title.th}ในและรอบเขตเมือง",
                en=f"“{path.name}” is refused: it holds nothing for {order.layer.title.en} in or "
                "around the town.",
            )
        )
    if found.rows == 0:
        raise RefusedError(
            Text(
                th=f"ไม่รับไฟล์ “{path.name}”: ไม่มีแถวข้อมูลเลย",
                en=f"“{path.name}” is refused: it holds no rows at all.",
            )
        )
    return found


def read_table(order: ImportOrder, join: JoinOrder, folder: Path) -> Side:
    """One table to join, whole."""
    source = locate(join.path, folder)
    found = read(source, folder, encoding=order.encoding, limits=order.limits)
    originals = Originals()
    originals.add(found)
    whole = found.table
    cells: Mapping[str, list[object]] = {
        name: whole.column(name).to_pylist() for name in found.columns
    }
    table = Table(
        name=source.name,
        cells=cells,
        rows=found.rows,
        key=join.key,
        file_key=join.file_key or join.key,
    )
    return Side(table, originals, file_report(found))


def file_report(
    found: Read,
    placing: Placing | None = None,
    plan: Plan | None = None,
    profile: str | None = None,
) -> FileReport:
    """What the report says of one file."""
    source = found.source
    return FileReport(
        name=source.name,
        sha256=source.sha256,
        bytes=source.size,
        format=source.format.value,
        layer_in_file=found.layer,
        member=source.member,
        read=found.rows,
        crs=placing.choice.name if placing else None,
        crs_evidence=placing.choice.evidence if placing else None,
        encoding=found.encoding,
        encoding_evidence=found.encoding_evidence,
        operation=placing.operation.name if placing else None,
        operation_codes=placing.operation.codes if placing else (),
        operation_accuracy_m=placing.operation.accuracy_m if placing else None,
        mapping=tuple(entry.told() for entry in plan.entries) if plan else (),
        unused_columns=plan.unused if plan else (),
        columns=found.columns if plan else (),
        fields={entry.field.name: entry.source for entry in plan.entries if entry.source}
        if plan
        else {},
        profile=profile,
        reader_messages=found.messages[:20],
    )
