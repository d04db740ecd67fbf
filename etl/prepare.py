"""From files and an order to rows ready to load: read, place, map, join, check. Writes nothing."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pandas as pd

from etl import osm, values
from etl.cells import read_column
from etl.check import check
from etl.children import ChildSource
from etl.crs import TownArea
from etl.derive import derive
from etl.formats import Format
from etl.join import Joined, Table, attach, read_rows
from etl.order import ImportOrder, JoinOrder, Tell
from etl.originals import Originals
from etl.places import Placed, place
from etl.plan import ROW_NUMBER, Entry, Plan, make_plan
from etl.profile import SourceProfile
from etl.read import Read, Selection, read
from etl.report import FileReport
from etl.steps import Notes, Outcome
from etl.unpack import locate
from etl.values import Unreadable
from layers.errors import BadRequestError, RefusedError
from layers.model import Layer
from layers.text import Text

_KEY = "__join_key_{}"


@dataclass
class Prepared:
    """Rows ready to load, and everything that happened on the way.

    `frame` has the layer's fields (Python values) and `geom`, indexed by row number;
    `originals` and `tables` still hold the rows as they were.
    """

    frame: pd.DataFrame
    originals: Originals
    outcome: Outcome
    files: list[FileReport]
    key_columns: list[str | None]
    joins: list[Joined] = field(default_factory=list)
    child_source: ChildSource | None = None
    profile: SourceProfile | None = None


@dataclass(frozen=True)
class _Part:
    """One file made into rows."""

    frame: pd.DataFrame
    outcome: Outcome
    report: FileReport
    plan: Plan


def prepare(order: ImportOrder, town: TownArea, tell: Tell) -> Prepared:
    """Do everything short of loading. RefusedError when a file cannot be used as ordered."""
    originals = Originals()
    tables = [_read_table(order, join, tell) for join in order.joins]
    parts: list[_Part] = []
    for path in order.files:
        tell(path.name, 0, None)
        with tempfile.TemporaryDirectory(prefix="muang-") as folder:
            found = _read_file(order, town, path, Path(folder))
        parts.append(_rows_of(order, town, found, originals.add(found), tables))
    frame = pd.concat([part.frame for part in parts]) if len(parts) > 1 else parts[0].frame
    outcome = sum((part.outcome for part in parts), Outcome())
    prepared = Prepared(
        frame,
        originals,
        outcome,
        [part.report for part in parts],
        [_key_column(part.plan, order.layer) for part in parts],
        profile=_profile(order, order.files[0].name),
    )
    tell("join, check", 0, None)
    _join(prepared, order, parts, tables)
    prepared.frame, derived = derive(prepared.frame, order.layer)
    prepared.frame, more = check(prepared.frame, order.layer, town)
    prepared.outcome += more
    _tell_derived(prepared, derived)
    return prepared


def _profile(order: ImportOrder, name: str) -> SourceProfile | None:
    found = order.profile.for_file(order.layer.id, name)
    if found is None and name.endswith(".pbf") and order.layer_in_file is None:
        return osm.profile(order.layer.id)
    return found


def _read_file(order: ImportOrder, town: TownArea, path: Path, scratch: Path) -> Read:
    profile = _profile(order, path.name)
    source = locate(path, scratch, member=order.layer_in_file)
    extract = osm.EXTRACTS.get(order.layer.id) if order.layer_in_file is None else None
    chosen = source.format is Format.OSM_PBF and extract is not None
    found = read(
        source,
        scratch,
        layer=None if source.member else order.layer_in_file,
        encoding=order.encoding or (profile.encoding if profile else None),
        selection=Selection(extract.sql, osm.around(town)) if chosen and extract else None,
        limits=order.limits,
    )
    if chosen and extract:
        found = replace(found, table=osm.in_our_words(found.table, extract))
    if found.table.num_rows == 0 and chosen:
        raise RefusedError(
            Text(
                th=f"ไม่รับไฟล์ “{path.name}”: ไม่มี{order.layer.title.th}ในและรอบเขตเมือง",
                en=f"“{path.name}” is refused: it holds nothing for {order.layer.title.en} in or "
                "around the town.",
            )
        )
    if found.table.num_rows == 0:
        raise RefusedError(
            Text(
                th=f"ไม่รับไฟล์ “{path.name}”: ไม่มีแถวข้อมูลเลย",
                en=f"“{path.name}” is refused: it holds no rows at all.",
            )
        )
    return found


@dataclass(frozen=True)
class _Side:
    """A table to join as read, with its rows kept for listing."""

    table: Table
    originals: Originals
    encoding: str | None
    report: FileReport


def _read_table(order: ImportOrder, join: JoinOrder, tell: Tell) -> _Side:
    tell(join.path.name, 0, None)
    with tempfile.TemporaryDirectory(prefix="muang-") as folder:
        scratch = Path(folder)
        source = locate(join.path, scratch)
        found = read(source, scratch, encoding=order.encoding, limits=order.limits)
    originals = Originals()
    originals.add(found)
    cells = {name: found.table.column(name).to_pylist() for name in found.columns}
    table = Table(
        name=source.name,
        cells=cells,
        rows=found.table.num_rows,
        key=join.key,
        file_key=join.file_key or join.key,
    )
    return _Side(table, originals, found.encoding, _file_report(found))


def _rows_of(
    order: ImportOrder,
    town: TownArea,
    found: Read,
    rows: range,
    sides: Sequence[_Side],
) -> _Part:
    """One file's rows as the layer's fields, with the join keys beside them."""
    layer = order.layer
    profile = _profile(order, found.source.name)
    plan = make_plan(
        layer,
        [*found.columns, *(name for side in sides for name in side.table.cells)],
        file=found.source.name,
        mapping=order.mapping,
        constants=order.constants,
        profile=profile,
        join_key=_file_key(found, sides),
    )
    placed: Placed | None = None
    outcome = Outcome()
    if layer.geometry is None:
        frame = pd.DataFrame(index=list(rows))
    else:
        placed = place(
            found,
            rows,
            layer,
            town,
            asked_crs=order.crs or (profile.crs if profile else None),
            datum_operation=order.datum_operation or (profile.datum_operation if profile else None),
        )
        frame, outcome = placed.frame, placed.outcome
    frame, more = _map(frame, found, rows, plan, layer)
    for number, side in enumerate(sides):
        column = _join_column(found, side, plan, layer)
        cells = found.table.column(column).to_pylist()
        keys = [values.key(cells[row - rows.start]) for row in frame.index]
        frame = frame.assign(**{_KEY.format(number): pd.Series(keys, frame.index, dtype=object)})
    return _Part(frame, outcome + more, _file_report(found, placed, plan, order), plan)


def _map(
    frame: pd.DataFrame, found: Read, rows: range, plan: Plan, layer: Layer
) -> tuple[pd.DataFrame, Outcome]:
    """The plan's columns of this file as values; rows without a required value are refused."""
    notes = Notes()
    made = {}
    positions = [row - rows.start for row in frame.index]
    for entry in plan.entries:
        if entry.column is None:
            made[entry.field.name] = [_constant(entry)] * len(frame)
        elif entry.column == ROW_NUMBER:
            made[entry.field.name] = [str(row) for row in frame.index]
        elif entry.column in found.columns:
            cells = found.table.column(entry.column).to_pylist()
            made[entry.field.name] = read_column(
                entry,
                [cells[at] for at in positions],
                list(frame.index),
                notes,
                is_key=entry.field.name in layer.natural_key,
            ).found
            _note_money(entry, notes)
    mapped = {name: pd.Series(column, frame.index, dtype=object) for name, column in made.items()}
    return notes.take(frame.assign(**mapped))


def _constant(entry: Entry) -> values.Value:
    try:
        column = read_column(entry, [entry.constant], [0], Notes())
    except Unreadable as error:
        raise _bad_constant(entry) from error
    if column.unreadable:
        raise _bad_constant(entry)
    return column.found[0]


def _bad_constant(entry: Entry) -> BadRequestError:
    words = ", ".join(code.value for code in entry.field.codes) or entry.field.type.value
    name = entry.field.name
    return BadRequestError(
        Text(
            th=f"ค่า “{entry.constant}” ใช้กับช่อง {name} ไม่ได้ ที่ใช้ได้: {words}",
            en=f"The value “{entry.constant}” cannot be used for {name}. It takes: {words}.",
        )
    )


def _note_money(entry: Entry, notes: Notes) -> None:
    if entry.unit is None or entry.field.unit != "THB":
        return
    notes.find(
        "other_currency",
        "warning",
        Text(
            th=f"{entry.field.name}: ตัวเลขเป็น {entry.unit} ไม่ใช่บาท เก็บตามเดิมโดยไม่แปลงค่า",
            en=f"{entry.field.name}: figures are {entry.unit}, not baht; kept as they are, "
            "not converted",
        ),
        count=1,
    )


def _file_key(found: Read, sides: Sequence[_Side]) -> str | None:
    keys = [side.table.file_key for side in sides if side.table.file_key in found.columns]
    return keys[0] if keys else None


def _join_column(found: Read, side: _Side, plan: Plan, layer: Layer) -> str:
    """The file's column a table is joined by: the one named, else the one that became the key."""
    wanted = side.table.file_key
    if wanted in found.columns:
        return wanted
    entry = plan.entry(layer.natural_key[0])
    if entry is not None and entry.column in found.columns:
        return entry.column
    raise RefusedError(
        Text(
            th=f"ไม่รับไฟล์ “{found.source.name}”: ไม่มีคอลัมน์ “{wanted}” สำหรับเชื่อมกับ"
            f" {side.table.name} เขียน --join ไฟล์:รหัสในตาราง=รหัสในไฟล์",
            en=f"“{found.source.name}” is refused: it has no column “{wanted}” to join "
            f"{side.table.name} by. Write --join FILE:KEY_OF_TABLE=KEY_OF_FILE.",
        )
    )


def _join(
    prepared: Prepared, order: ImportOrder, parts: Sequence[_Part], sides: Sequence[_Side]
) -> None:
    """Bring the tables' fields to the rows, and make child records."""
    taken = {name for part in parts for name in part.frame.columns}
    for number, side in enumerate(sides):
        notes = Notes()
        entries = [
            entry
            for entry in parts[0].plan.entries
            if entry.column in side.table.cells and entry.field.name not in taken
        ]
        taken |= {entry.field.name for entry in entries}
        for entry in entries:
            _note_money(entry, notes)
        rows = read_rows(side.table, entries, notes)
        keys = prepared.frame[_KEY.format(number)]
        prepared.frame, joined = attach(
            prepared.frame, keys, table=side.table, rows=rows, layer=order.layer, notes=notes
        )
        prepared.joins.append(joined)
        prepared.files.append(side.report)
        if prepared.child_source is None:
            prepared.child_source = ChildSource(rows, joined, keys, side.originals)
        prepared.frame, more = notes.take(prepared.frame.drop(columns=_KEY.format(number)))
        prepared.outcome += more


def _key_column(plan: Plan, layer: Layer) -> str | None:
    entry = plan.entry(layer.natural_key[0])
    return entry.column if entry else None


def _tell_derived(prepared: Prepared, derived: tuple[str, ...]) -> None:
    notes = Notes()
    notes.find(
        "derived",
        "note",
        Text(th=f"คำนวณให้เอง: {', '.join(derived)}", en=f"worked out by us: {', '.join(derived)}"),
        count=len(prepared.frame) if derived else 0,
    )
    prepared.outcome += notes.take(prepared.frame)[1]


def _file_report(
    found: Read,
    placed: Placed | None = None,
    plan: Plan | None = None,
    order: ImportOrder | None = None,
) -> FileReport:
    source = found.source
    profile = order and order.profile.name and _profile(order, source.name)
    return FileReport(
        name=source.name,
        sha256=source.sha256,
        bytes=source.size,
        format=source.format.value,
        layer_in_file=found.layer,
        member=source.member,
        read=found.table.num_rows,
        crs=placed.choice.name if placed else None,
        crs_evidence=placed.choice.evidence if placed else None,
        encoding=found.encoding,
        encoding_evidence=found.encoding_evidence,
        operation=placed.operation.name if placed else None,
        operation_codes=placed.operation.codes if placed else (),
        operation_accuracy_m=placed.operation.accuracy_m if placed else None,
        mapping=tuple(entry.told() for entry in plan.entries) if plan else (),
        unused_columns=plan.unused if plan else (),
        profile=order.profile.name if order and profile else None,
        reader_messages=found.messages[:20],
    )
