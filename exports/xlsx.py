"""An Excel workbook, written row by row into the zip: no row is held, no formula can arise.

Sheet 1: titles in the asker's language, one row a feature, geometry as WKT in the last column.
Last sheet: what each column is and where the data comes from. Dates are real dates shown as
2026-11-21, times real times of Thailand (Excel knows no offset); both say so on the last sheet.
Text is text (`inlineStr`): a cell that begins with = stays the words it is.
"""

import re
import zipfile
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta, timezone
from html import escape
from typing import Any

from exports import about as facts
from exports.order import About, Chunk, Order, Row
from exports.sink import Sink
from exports.text import plain

MOST_ROWS = 1_048_575
"""Rows of a sheet beside its titles."""
MOST_CHARACTERS = 32_767
"""Characters Excel keeps in a cell."""
_THAI_TIME = timezone(timedelta(hours=7))
_EPOCH = date(1899, 12, 30)
_FIRST = date(1900, 3, 1)
"""Before it Excel counts a day that never was; such dates are written as text."""
_BAD = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_STYLES = (
    f'{_XML}<styleSheet xmlns="{_MAIN}"><numFmts count="2">'
    '<numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd"/>'
    '<numFmt numFmtId="165" formatCode="yyyy\\-mm\\-dd\\ hh:mm:ss"/></numFmts>'
    '<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>'
    '<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill>'
    '<fill><patternFill patternType="gray125"/></fill></fills>'
    '<borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs>'
    '<cellXfs count="4"><xf numFmtId="0" fontId="0"/>'
    '<xf numFmtId="164" fontId="0" applyNumberFormat="1"/>'
    '<xf numFmtId="165" fontId="0" applyNumberFormat="1"/>'
    '<xf numFmtId="0" fontId="1" applyFont="1"/></cellXfs></styleSheet>'
)


def xlsx(order: Order, about: About, chunks: Iterable[Chunk]) -> Iterator[bytes]:
    """The workbook's bytes as they come."""
    sink = Sink()
    made = _Workbook(order, about, sink)
    for chunk in chunks:
        made.add(chunk)
        yield sink.take()
    made.close()
    yield sink.take()


class _Workbook:
    def __init__(self, order: Order, about: About, sink: Sink) -> None:
        self._order, self._about = order, about
        self._zip = zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED, compresslevel=4)
        self._zip.writestr("xl/styles.xml", _STYLES)
        self._names: list[str] = []
        self._rows = 0
        self._too_long = 0
        self._sheet: Any = None
        self._begin()

    def add(self, chunk: Chunk) -> None:
        """Write some rows."""
        while chunk:
            room = MOST_ROWS - self._rows
            taken, chunk = chunk[:room], chunk[room:]
            self._sheet.write("".join(map(self._row, taken)).encode())
            self._rows += len(taken)
            if chunk:
                self._end()
                self._begin()

    def close(self) -> None:
        """Write the sheet about the data, and the list of sheets."""
        self._end()
        thai = self._order.lang == "th"
        self._open("ที่มาของข้อมูล" if thai else "About")
        for row in self._about_rows():
            self._sheet.write(_line([_text(cell) for cell in row]).encode())
        self._end()
        numbers = range(1, len(self._names) + 1)
        sheets = "".join(
            f'<sheet name="{escape(name)}" sheetId="{n}" r:id="rId{n}"/>'
            for n, name in zip(numbers, self._names, strict=True)
        )
        self._zip.writestr(
            "xl/workbook.xml",
            f'{_XML}<workbook xmlns="{_MAIN}" xmlns:r="{_RELATIONS}"><sheets>{sheets}</sheets>'
            "</workbook>",
        )
        parts = [(f"worksheets/sheet{n}.xml", "worksheet") for n in numbers]
        linked = "".join(
            f'<Relationship Id="rId{n}" Type="{_RELATIONS}/{kind}" Target="{target}"/>'
            for n, (target, kind) in enumerate([*parts, ("styles.xml", "styles")], start=1)
        )
        self._relations("xl/_rels/workbook.xml.rels", linked)
        self._relations(
            "_rels/.rels",
            f'<Relationship Id="rId1" Type="{_RELATIONS}/officeDocument" '
            'Target="xl/workbook.xml"/>',
        )
        overrides = "".join(
            f'<Override PartName="/xl/{target}" ContentType="{_TYPE}.{kind}+xml"/>'
            for target, kind in [*parts, ("styles.xml", "styles"), ("workbook.xml", "sheet.main")]
        )
        self._zip.writestr(
            "[Content_Types].xml",
            f'{_XML}<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels" '
            'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            f"{overrides}</Types>",
        )
        self._zip.close()

    def _relations(self, name: str, inner: str) -> None:
        self._zip.writestr(
            name,
            f'{_XML}<Relationships xmlns="{_PACKAGE}/relationships">{inner}</Relationships>',
        )

    def _begin(self) -> None:
        order = self._order
        title = order.title_th if order.lang == "th" else order.title_en
        number = len(self._names) + 1
        self._open(title if number == 1 else f"{title} {number}")
        self._sheet.write(_line([_text(name, style=3) for name in titles(order)]).encode())
        self._rows = 0

    def _open(self, name: str) -> None:
        self._names.append(re.sub(r"[\[\]:*?/\\]", " ", name)[:31])
        number = len(self._names)
        self._sheet = self._zip.open(f"xl/worksheets/sheet{number}.xml", "w", force_zip64=True)
        self._sheet.write(
            (
                f'{_XML}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0">'
                '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>'
                "</sheetView></sheetViews><sheetData>"
            ).encode()
        )

    def _end(self) -> None:
        self._sheet.write(b"</sheetData></worksheet>")
        self._sheet.close()

    def _row(self, row: Row) -> str:
        cells = [self._cell(value) for value in row]
        return _line(cells)

    def _cell(self, value: Any) -> str:
        if value is None:
            return "<c/>"
        made = _number(value)
        if made is not None:
            return made
        told = value if isinstance(value, str) else plain(value)
        if len(told) > MOST_CHARACTERS:
            self._too_long += 1
            return "<c/>"
        return _text(told)

    def _about_rows(self) -> list[list[str]]:
        order = self._order
        said = facts.document(order, self._about)
        rows = [["ช่อง · field", "ชื่อ", "title", "หน่วย · unit", "ชนิด · type"]]
        rows += [
            [column.name, column.title_th, column.title_en, column.unit or "", column.kind]
            for column in order.columns
        ]
        rows += [[], ["layer", order.layer, order.title_th, order.title_en]]
        rows += [
            [name, str(said[name])]
            for name in ("source", "licence", "as_of", "version", "exported_at", "crs")
            if said.get(name) is not None
        ]
        rows += [[name, told] for name, told in order.selection.items()]
        rows.append(["town", order.town_th, order.town_en])
        if order.synthetic:
            rows.append(["synthetic", "ข้อมูลสมมติเพื่อการสาธิต", "synthetic demonstration data"])
        rows.append(
            [
                "dates",
                "วันที่เป็น ค.ศ. (ปี-เดือน-วัน) เวลาเป็นเวลาไทย",
                "dates are Gregorian (year-month-day), times are Thai time (+07:00)",
            ]
        )
        if self._too_long:
            rows.append(
                [
                    "left out",
                    f"ข้อความยาวเกิน {MOST_CHARACTERS} ตัวอักษร เว้นว่างไว้ {self._too_long} ช่อง",
                    f"{self._too_long} cells left empty: longer than {MOST_CHARACTERS} characters",
                ]
            )
        return rows


def titles(order: Order) -> list[str]:
    """Titles of the columns in the asker's language; a repeated one tells its field's name too."""
    # without the unit, which the last sheet tells: an import knows a column by its title
    found = [column.title_th if order.lang == "th" else column.title_en for column in order.columns]
    told = [
        f"{title} [{column.name}]" if found.count(title) > 1 else title
        for title, column in zip(found, order.columns, strict=True)
    ]
    return [*told, "WKT"] if order.geometry is not None else told


def _number(value: Any) -> str | None:
    """The cell of what Excel keeps as a number: numbers, yes and no, days, times; else None."""
    if isinstance(value, bool):
        return f'<c t="b"><v>{int(value)}</v></c>'
    if isinstance(value, int | float):
        # Excel keeps 15 digits: a longer whole number is written as the text it is
        return f"<c><v>{value!r}</v></c>" if abs(value) < 1e15 else None  # noqa: PLR2004
    if isinstance(value, datetime):
        local = value.astimezone(_THAI_TIME).replace(tzinfo=None)
        days = (local - datetime(_EPOCH.year, _EPOCH.month, _EPOCH.day)) / timedelta(days=1)  # noqa: DTZ001
        return f'<c s="2"><v>{days!r}</v></c>' if local.date() >= _FIRST else None
    if isinstance(value, date) and value >= _FIRST:
        return f'<c s="1"><v>{(value - _EPOCH).days}</v></c>'
    return None


def _line(cells: list[str]) -> str:
    return f"<row>{''.join(cells)}</row>"


def _text(told: str, style: int = 0) -> str:
    safe = escape(_BAD.sub(lambda found: f"_x{ord(found.group()):04X}_", told))
    return f'<c t="inlineStr" s="{style}"><is><t xml:space="preserve">{safe}</t></is></c>'
