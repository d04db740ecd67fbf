"""Office tables (XLSX, XLS, ODS) by calamine, a sheet at a time, as text cell by cell."""

import datetime as dt
import math
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from etl.reading import shapes, titles
from etl.reading.out import check_columns, unique, write_cells
from etl.reading.trouble import Meta, Order, Trouble, note

_MAX_UNPACKED = 2 * 1024**3
_MAX_PARTS = 5_000
_MAX_RATIO = 500
_SMALL = 32 * 1024**2
_HEAD = 64 * 1024
_TRY_ROWS = 30
_MERGED = 1_000_000
_VISIBLE = "SheetVisibleEnum.Visible"


def layers(order: Order) -> list[str]:
    """Names of the sheets that hold anything, the visible ones when there are any."""
    book = _open(order)
    kept: list[str] = []
    hidden: list[str] = []
    for sheet in book.sheets_metadata:
        if str(sheet.typ) != "SheetTypeEnum.WorkSheet":
            continue
        if _sheet(book, sheet.name).height > 0:
            (kept if str(sheet.visible) == _VISIBLE else hidden).append(str(sheet.name))
    return kept or hidden


def read(order: Order, folder: Path) -> Meta:
    """Read one sheet into the folder."""
    book = _open(order)
    if order["layer"] not in book.sheet_names:
        raise Trouble("choose", wanted=order["layer"], layers=layers(order))
    sheet = _sheet(book, order["layer"])
    if sheet.height == 0:
        raise Trouble("empty")
    merged = _merged(sheet)
    rows = _rows(sheet, merged)
    first = []
    for row in rows:
        if any(cell for cell in row):
            first.append(row)
        if len(first) == _TRY_ROWS:
            break
    if not first:
        raise Trouble("empty")
    # a title merged over the columns would else fill them all
    at = titles.header_at([_once(row) for row in first])
    header = unique([(cell or "").strip() for cell in first[at]])
    check_columns(len(header))
    found = _Rows(first[at + 1 :], rows)
    shape = shapes.choose(header, first[at + 1 :])
    sink = write_cells(folder, header, found, shape.of if shape else None)
    notes = [note("title_rows", at)] if at else []
    notes += [note("merged_cells", len(merged))] if merged else []
    return {
        "rows": sink.rows,
        "crs": shape.crs if shape else None,
        "encoding": "UTF-8",
        "encoding_evidence": f"{order['kind']} is always Unicode",
        "encoding_confidence": 1.0,
        "geometry_type": None,
        "has_geometry": shape is not None,
        "messages": [],
        "notes": notes + (shape.notes() if shape else []),
        "texts": sink.texts,
    }


class _Rows:
    """Rows with something in them."""

    def __init__(self, first: list[list[str | None]], rest: Iterator[list[str | None]]) -> None:
        self._first = first
        self._rest = rest

    def __iter__(self) -> Iterator[list[str | None]]:
        for part in (self._first, self._rest):
            for row in part:
                if any(cell for cell in row):
                    yield row


def _once(row: Sequence[str | None]) -> list[str | None]:
    """A row with each value where it first stands."""
    seen: set[str] = set()
    made: list[str | None] = []
    for cell in row:
        made.append(None if cell in seen else cell)
        seen.add(cell or "")
    return made if len(seen) < 3 else list(row)  # noqa: PLR2004


def _open(order: Order) -> Any:
    import python_calamine  # noqa: PLC0415  after the limits, on purpose

    path = Path(order["path"])
    if path.suffix != ".xls":
        _check_parts(path)
    try:
        return python_calamine.CalamineWorkbook.from_path(str(path))
    except python_calamine.PasswordError as error:
        raise Trouble("password") from error
    except (python_calamine.CalamineError, OSError, ValueError) as error:
        raise Trouble("unreadable", message=str(error)) from error


def _sheet(book: Any, name: str) -> Any:
    import python_calamine  # noqa: PLC0415

    try:
        return book.get_sheet_by_name(name)
    except (python_calamine.CalamineError, OSError, ValueError) as error:
        raise Trouble("damaged", message=str(error)) from error


def _check_parts(path: Path) -> None:
    """Refuse an office file that unpacks beyond reason or brings a document type definition."""
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
            whole = sum(part.file_size for part in parts)
            packed = sum(part.compress_size for part in parts)
            if len(parts) > _MAX_PARTS or whole > _MAX_UNPACKED:
                raise Trouble("bomb")
            if whole > _SMALL and whole > _MAX_RATIO * max(1, packed):
                raise Trouble("bomb")
            for part in parts:
                if part.filename.lower().endswith((".xml", ".rels", ".vml")):
                    with archive.open(part) as handle:
                        head = handle.read(_HEAD).replace(b"\x00", b"")
                    if b"<!DOCTYPE" in head or b"<!ENTITY" in head:
                        raise Trouble("dtd")
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError) as error:
        raise Trouble("damaged", message=str(error)) from error


def _merged(sheet: Any) -> dict[tuple[int, int], tuple[int, int]]:
    """Cells hidden under a merged one, and which cell speaks for them (from the first used)."""
    try:
        ranges = sheet.merged_cell_ranges or []
    except Exception:  # noqa: BLE001  calamine has them for XLSX and XLS only
        return {}
    top, left = sheet.start or (0, 0)
    found: dict[tuple[int, int], tuple[int, int]] = {}
    for (row_0, column_0), (row_1, column_1) in ranges:
        if (row_1 - row_0 + 1) * (column_1 - column_0 + 1) + len(found) > _MERGED:
            raise Trouble("bomb")
        for row in range(row_0, row_1 + 1):
            for column in range(column_0, column_1 + 1):
                if (row, column) != (row_0, column_0):
                    found[row - top, column - left] = (row_0 - top, column_0 - left)
    return found


def _rows(sheet: Any, merged: dict[tuple[int, int], tuple[int, int]]) -> Iterator[list[str | None]]:
    """Every row as text; what is merged downwards stands in each of its rows."""
    spoken = dict.fromkeys(merged.values())
    values: dict[tuple[int, int], str | None] = dict(spoken)
    for number, cells in enumerate(sheet.iter_rows()):
        row = [_text(cell) for cell in cells]
        for column in range(len(row)) if merged else ():
            place = (number, column)
            if place in values:
                values[place] = row[column]
            elif place in merged:
                row[column] = values.get(merged[place])
        yield row


def _text(cell: object) -> str | None:  # noqa: PLR0911  one for each kind of cell
    """A cell as text: dates in ISO, whole numbers without a point, nothing for an empty one."""
    match cell:
        case None | "":
            return None
        case bool():
            return "true" if cell else "false"
        case float():
            if not math.isfinite(cell):
                return None
            return str(int(cell)) if cell.is_integer() and abs(cell) < 2**53 else repr(cell)
        case dt.datetime():
            midnight = cell.time() == dt.time()
            return cell.date().isoformat() if midnight else cell.isoformat(" ", "seconds")
        case dt.date() | dt.time():
            return cell.isoformat()
        case _:
            return str(cell).replace("_x000D_", "")
