"""What could not be read of one column, added up over the pieces of a file and told once."""

from collections import Counter
from dataclasses import dataclass, field

from etl.dates import DateStyle, DateSurvey
from etl.mask import shown
from etl.plan import Entry
from etl.steps import EXAMPLES, Notes
from layers.model import FieldType
from layers.text import Text

_WORDS = 1_000
_ROWS = 1_000


@dataclass
class Tally:
    """Cells of one field that could not be read or lie outside its range.

    `words` counts different cells (as they may be shown, the first 1,000), `rows` holds the
    first 1,000 row numbers of each, which the report keeps; rows to be refused are in `refused`,
    with the cell.
    """

    entry: Entry
    words: Counter[str] = field(default_factory=Counter)
    rows: dict[str, list[int]] = field(default_factory=dict)
    failed: int = 0
    beyond: int = 0
    beyond_rows: list[str] = field(default_factory=list)
    refused: list[tuple[int, str]] = field(default_factory=list)

    def unreadable(self, row: int, cell: object) -> None:
        """A cell that could not be read."""
        self.failed += 1
        word = shown(cell, self.entry.field)
        if self.entry.field.required:
            self.refused.append((row, word))
        if word in self.words or len(self.words) < _WORDS:
            self.words[word] += 1
            kept = self.rows.setdefault(word, [])
            if len(kept) < _ROWS:
                kept.append(row)

    def outside(self, row: int, cell: object) -> None:
        """A value outside the field's range."""
        self.beyond += 1
        if len(self.beyond_rows) < EXAMPLES:
            self.beyond_rows.append(f"row {row}: {shown(cell, self.entry.field)}")

    def take_refused(self, notes: Notes) -> None:
        """Refuse the rows whose required cell could not be read so far (after each piece)."""
        wanted = self.entry.field
        for row, word in self.refused:
            notes.refuse(
                [row],
                Text(
                    th=f"อ่านค่า “{word}” ของช่อง {wanted.title.th} ไม่ได้",
                    en=f"The value “{word}” of {wanted.name} cannot be read.",
                ),
            )
        self.refused.clear()

    def tell(
        self, notes: Notes, style: DateStyle | None = None, seen: DateSurvey | None = None
    ) -> None:
        """Everything about the column as findings, after its last piece."""
        self.take_refused(notes)
        if seen is not None and style is not None:
            _tell_dates(self.entry, style, seen, notes)
        if not self.entry.field.required:
            self._tell_failed(notes)
        notes.find(
            "out_of_range",
            "warning",
            Text(
                th=f"{self.entry.field.name}: ค่านอกช่วงที่เป็นไปได้ในตาราง ถูกเว้นว่าง",
                en=f"{self.entry.field.name}: values of the table outside the possible range "
                "left empty",
            ),
            count=self.beyond,
            examples=self.beyond_rows,
        )

    def _tell_failed(self, notes: Notes) -> None:
        wanted = self.entry.field
        examples = [
            f"“{word}” x {count} (row {', '.join(map(str, self.rows[word][:3]))})"
            for word, count in self.words.most_common()
        ]
        if wanted.codes:
            known = ", ".join(code.value for code in wanted.codes)
            text = Text(
                th=f"{wanted.name}: คำที่ไม่อยู่ในรายการรหัส ({known}) ถูกเว้นว่าง",
                en=f"{wanted.name}: words that are not in the code list ({known}) left empty",
            )
            self._find("unknown_code", text, examples, notes)
            return
        text = Text(
            th=f"{wanted.name}: ค่าที่อ่านเป็น{_KINDS[wanted.type].th}ไม่ได้ ถูกเว้นว่าง",
            en=f"{wanted.name}: values that are not {_KINDS[wanted.type].en} left empty",
        )
        self._find("unreadable_value", text, examples, notes)

    def _find(self, kind: str, text: Text, examples: list[str], notes: Notes) -> None:
        notes.find(kind, "warning", text, count=self.failed, examples=examples, kept=self.rows)


def _tell_dates(entry: Entry, style: DateStyle, seen: DateSurvey, notes: Notes) -> None:
    name = entry.field.name
    notes.find(
        "short_years",
        "note",
        Text(
            th=f"{name}: ปีสองหลักอ่านเป็น พ.ศ. 25xx",
            en=f"{name}: two-digit years read as Buddhist era 25xx",
        ),
        count=seen.short if style.short_buddhist else 0,
    )
    notes.find(
        "day_numbers",
        "note",
        Text(
            th=f"{name}: ตัวเลขล้วนอ่านเป็นเลขวันของสเปรดชีต",
            en=f"{name}: bare numbers read as a spreadsheet's day numbers",
        ),
        count=seen.serial if style.serials else 0,
    )
    notes.find(
        "month_first",
        "note",
        Text(th=f"{name}: อ่านเป็น เดือน/วัน/ปี", en=f"{name}: read as month/day/year"),
        count=seen.second if style.order == "mdy" else 0,
    )


_KINDS = {
    FieldType.TEXT: Text(th="ข้อความ", en="text"),
    FieldType.INTEGER: Text(th="จำนวนเต็ม", en="a whole number"),
    FieldType.NUMBER: Text(th="ตัวเลข", en="a number"),
    FieldType.BOOLEAN: Text(th="ใช่/ไม่ใช่", en="yes or no"),
    FieldType.DATE: Text(th="วันที่", en="a date"),
    FieldType.DATETIME: Text(th="วันเวลา", en="a date and time"),
    FieldType.TEXT_LIST: Text(th="รายการ", en="a list"),
}
