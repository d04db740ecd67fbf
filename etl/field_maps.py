"""Field maps as they are shown before an import and saved for the next one."""

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

import pyarrow as pa
from pydantic import BaseModel, ConfigDict

from etl.cells import decide, survey
from etl.crs import TownArea
from etl.intake import profile_of, read_file
from etl.mask import HIDDEN, looks_personal, shown
from etl.order import ImportOrder
from etl.plan import Entry, Plan, make_plan
from etl.profile import NO_PROFILE, Constant, SourceProfile, TownProfile, load
from etl.read import Read
from etl.report import FileReport
from etl.tally import Tally
from etl.values import is_nothing
from layers.errors import MuangError, RefusedError
from layers.model import Field
from layers.text import Text

_SAMPLES = 3
_ROWS = 2_000
_NAME = re.compile(r"[\w฀-๿][\w฀-๿ .\-]{0,59}")


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class MapRow(_Record):
    """One field: where it would come from, how surely, and some cells with what they become.

    `readable` is the share of the filled cells looked at that can be read as the field wants.
    """

    field: str
    title: Text
    required: bool
    source: str | None
    how: str
    confidence: float
    samples: tuple[str, ...] = ()
    readable: float | None = None
    trouble: Text | None = None


class FieldMap(_Record):
    """What a file's columns would become in a layer, before anything is loaded."""

    file: str
    layer: str
    profile: str | None
    rows: tuple[MapRow, ...]
    unmapped: tuple[str, ...]
    unused: tuple[tuple[str, tuple[str, ...]], ...]
    problem: Text | None = None


def preview(order: ImportOrder, path: Path, folder: Path) -> FieldMap:
    """Read the beginning of a file and show the field map an import would use.

    A plan that cannot be made (no key, a required field missing) is not raised but told in
    `problem`: that is what one looks for here.
    """
    found = read_file(order, TownArea(4326), path, folder)
    profile = profile_of(order, path.name, found.columns)
    problem: Text | None = None
    plan = Plan((), found.columns)
    try:
        plan = make_plan(
            order.layer,
            found.columns,
            file=path.name,
            mapping=order.mapping,
            constants=order.constants,
            profile=profile,
        )
    except MuangError as error:
        problem = error.detail
    cells = _first_cells(found)
    taken = {entry.field.name for entry in plan.entries}
    return FieldMap(
        file=path.name,
        layer=order.layer.id,
        profile=None if profile is None else profile.name or order.profile.name or None,
        rows=tuple(_row(entry, cells, path.name) for entry in plan.entries),
        unmapped=tuple(each.name for each in order.layer.fields if each.name not in taken),
        unused=tuple((name, _samples(name, cells.get(name, []), None)) for name in plan.unused),
        problem=problem,
    )


def _first_cells(found: Read) -> Mapping[str, list[object]]:
    first: pa.Table | None = next((table for _start, table in found.batches()), None)
    if first is None:
        return {}
    return {name: first.column(name).slice(0, _ROWS).to_pylist() for name in found.columns}


def _row(entry: Entry, cells: Mapping[str, list[object]], file: str) -> MapRow:
    column = cells.get(entry.column or "", [])
    filled = [cell for cell in column if not is_nothing(cell)]
    readable: float | None = None
    trouble: Text | None = None
    if filled:
        seen = survey(entry)
        if seen is not None:
            seen.see(filled)
        try:
            tally = Tally(entry)
            decide(entry, seen, file=file).apply(filled, range(1, len(filled) + 1), tally)
            readable = round(1 - tally.failed / len(filled), 3)
        except RefusedError as error:
            trouble = error.detail
    constant = None if entry.constant is None else repr(entry.constant)
    return MapRow(
        field=entry.field.name,
        title=entry.field.title,
        required=entry.field.required,
        source=entry.source or constant,
        how=entry.how,
        # a name says one thing, the cells another: a guess is as sure as the weaker of the two
        confidence=round(min(entry.confidence, 1.0 if readable is None else readable), 2)
        if entry.how == "guessed"
        else 1.0,
        samples=_samples(entry.column or "", column, entry.field),
        readable=readable,
        trouble=trouble,
    )


def _samples(name: str, column: Iterable[object], field: Field | None) -> tuple[str, ...]:
    """A few different cells; of columns about persons only that there are some."""
    found = dict.fromkeys(shown(cell, field) for cell in column if not is_nothing(cell))
    if found and looks_personal(name):
        return (HIDDEN,)
    return tuple(found)[:_SAMPLES]


# ---------------------------------------------------------------- saving


def used(order: ImportOrder, name: str, told: FileReport) -> SourceProfile:
    """The field map an import used, to be saved as `name` and found again by name or columns."""
    profile = profile_of(order, told.name, told.columns)
    base = profile or SourceProfile(layer=order.layer.id)
    constants: dict[str, Constant] = {**base.set, **order.constants}
    return base.model_copy(
        update={
            "name": name,
            # another year of the same file: 2568 and 01 may become 2569 and 02
            "files": (re.sub(r"[0-9๐-๙]+", "*", told.name),),
            "columns": told.columns,
            "map": told.fields,
            "set": constants,
            "crs": order.crs or base.crs,
            "datum_operation": order.datum_operation or base.datum_operation,
            "encoding": order.encoding or base.encoding,
            "source": order.source or base.source,
            # how a column is written already stands behind its name in `map`
            "units": {},
        }
    )


def check_name(name: str) -> None:
    """RefusedError for a name that cannot be found again."""
    if not _NAME.fullmatch(name):
        raise RefusedError(
            Text(
                th=f"ชื่อ “{name}” ใช้ไม่ได้ ใช้ตัวอักษร ตัวเลข เว้นวรรค . - _ ไม่เกิน 60 ตัว",
                en=f"The name “{name}” cannot be used: letters, digits, blanks, . - _, at most 60.",
            )
        )


def save(path: Path, source: SourceProfile) -> None:
    """Put a field map into a town's file, in place of one of the same name and layer; whole.

    BadRequestError when the file was spoilt by hand: it is never overwritten then.
    """
    kept = load(path).sources if path.is_file() else NO_PROFILE.sources
    others = [each for each in kept if (each.name, each.layer) != (source.name, source.layer)]
    content = dump(NO_PROFILE.model_copy(update={"sources": (source, *others)}))
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.new")
    draft.write_text(content, encoding="utf-8")
    load(draft)
    draft.replace(path)


def dump(town: TownProfile) -> str:
    """A profile as TOML that reads back the same."""
    lines = ["# Field maps saved by ./muang import --save-map; yours to change."]
    for source in town.sources:
        lines += ["", "[[source]]"]
        whole = source.model_dump(mode="json", exclude_defaults=True)
        tables = {key: value for key, value in whole.items() if isinstance(value, dict) and value}
        lines += [f"{key} = {_toml(value)}" for key, value in whole.items() if key not in tables]
        for key, table in tables.items():
            lines += _table(f"source.{key}", table)
    return "\n".join([*lines, ""])


def _table(name: str, table: Mapping[str, object]) -> list[str]:
    inner = {key: value for key, value in table.items() if isinstance(value, dict)}
    plain = {key: value for key, value in table.items() if key not in inner}
    lines = ["", f"[{name}]"] if plain else []
    lines += [f"{_key(key)} = {_toml(value)}" for key, value in plain.items()]
    for key, value in inner.items():
        lines += _table(f"{name}.{_key(key)}", value)
    return lines


def _key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_\-]+", key) else _toml(key)


def _toml(value: object) -> str:
    if isinstance(value, str):
        # JSON's text is TOML's, but for DEL, which TOML wants escaped
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, list | tuple):
        return f"[{', '.join(_toml(each) for each in value)}]"
    return json.dumps(value)
