"""The report of an import and the look into a file, as lines a person reads: th, en, or both."""

from collections.abc import Iterable
from typing import Literal

from etl.formats import Format
from etl.looked import Look
from etl.report import ChildReport, FileReport, JoinReport, Report, Told
from layers.text import Text

Tongue = Literal["th", "en", "both"]

_ROWS = 5
_KEYS = 8
_SIGNS = {"repair": "+", "warning": "!", "note": "·"}


def render(report: Report, tongue: Tongue = "both") -> str:
    """The whole report as lines of text."""
    said = Speaker(tongue)
    lines = [
        said(
            Text(
                th=f"นำเข้า {report.layer} ของเมือง {report.town} (แบบ {report.mode})",
                en=f"Import of {report.layer} into {report.town} (mode {report.mode})",
            )
        )
        + (said(Text(th=" ทดลอง ไม่บันทึก", en=" dry run, nothing kept")) if report.dry_run else "")
    ]
    for file in report.files:
        lines += _file(file, said)
    for joined in report.joins:
        lines += _join(joined, said)
    lines += _counts(report, said)
    for group in report.refusals:
        rows = ", ".join(map(str, group.rows[:_ROWS])) + (" …" if group.count > _ROWS else "")
        where = said(Text(th=f"แถว {rows}", en=f"rows {rows}"))
        lines.append(f"  - {group.count:,}: {said(group.reason)} ({where})")
    lines += _nothing_new(report, said)
    lines += _preview(report, said)
    lines += findings_lines(report.findings, said)
    for child in report.children:
        lines += _child(child, said)
    if report.dataset_id is not None:
        number = report.dataset_id
        lines.append(
            said(
                Text(
                    th=f"ชุดข้อมูลหมายเลข {number} ดูด้วย ./muang imports show {number}"
                    f" ยกเลิกด้วย ./muang imports undo {number}",
                    en=f"dataset {number} (see it: ./muang imports show {number}; "
                    f"take it back: ./muang imports undo {number}); {report.seconds:.1f} s",
                )
            )
        )
    return "\n".join(lines)


class Speaker:
    """Turns a Text into one line: Thai, English, or English with Thai in front."""

    def __init__(self, tongue: Tongue) -> None:
        self._tongue = tongue

    def __call__(self, text: Text) -> str:
        """The text in the speaker's language or languages."""
        if self._tongue == "both":
            return text.en if text.th == text.en else f"{text.th} · {text.en}"
        return text.get(self._tongue)

    def short(self, text: Text) -> str:
        """English alone where both are spoken: for long technical lines."""
        return text.th if self._tongue == "th" else text.en


def _file(file: FileReport, said: Speaker) -> list[str]:
    inside = f" [{file.member or file.layer_in_file}]" if file.member else ""
    lines = [f"  {file.name}{inside}: {file.format}, {file.read:,} {said(_ROW_WORD)}"]
    if file.crs is not None and file.crs_evidence is not None:
        lines.append(f"    CRS {file.crs}: {said.short(file.crs_evidence)}")
    if file.operation is not None:
        codes = f" [{', '.join(file.operation_codes)}]" if file.operation_codes else ""
        accuracy = file.operation_accuracy_m
        known = "" if accuracy is None else f", {accuracy:g} m"
        word = said.short(Text(th="วิธีแปลงพิกัด", en="operation"))
        lines.append(f"    {word}: {file.operation}{codes}{known}")
    if file.mapping:
        lines.append(f"    {'; '.join(file.mapping)}")
    if file.profile:
        word = said.short(Text(th="แฟ้มตั้งค่า", en="profile"))
        lines.append(f"    {word}: {file.profile}")
    if file.unused_columns:
        word = said.short(Text(th="คอลัมน์ที่ไม่ได้ใช้", en="columns not used"))
        lines.append(f"    {word}: {', '.join(file.unused_columns)}")
    return lines


_ROW_WORD = Text(th="แถว", en="rows")


def _join(joined: JoinReport, said: Speaker) -> list[str]:
    lines = [
        "  "
        + said(
            Text(
                th=f"เชื่อม {joined.table} ด้วย {joined.key}: แถวในตาราง {joined.table_rows:,}"
                f" เชื่อมได้ {joined.table_rows_joined:,}",
                en=f"join {joined.table} by {joined.key}: {joined.table_rows_joined:,} of "
                f"{joined.table_rows:,} table rows joined {joined.file_rows_joined:,} of "
                f"{joined.file_rows:,} rows",
            )
        )
    ]
    for text, missing, without, keys in (
        (
            Text(th="แถวในตารางที่ไม่มีคู่", en="table rows without a partner"),
            joined.table_rows_unmatched,
            joined.table_rows_without_key,
            joined.table_keys_unmatched,
        ),
        (
            Text(th="แถวในไฟล์ที่ไม่มีคู่", en="file rows without a partner"),
            joined.file_rows_unmatched,
            joined.file_rows_without_key,
            joined.file_keys_unmatched,
        ),
    ):
        if missing or without:
            shown = ", ".join(f"{key} x {n}" if n > 1 else key for key, n in keys[:_KEYS])
            more = " …" if len(keys) > _KEYS else ""
            empty = said.short(Text(th="ไม่มีรหัส", en="without a key"))
            lines.append(f"    {said(text)}: {missing:,} ({shown}{more}); {without:,} {empty}")
    return lines


def _counts(report: Report, said: Speaker) -> list[str]:
    words = [
        (Text(th="อ่าน", en="read"), report.read),
        (Text(th="นำเข้า", en="loaded"), report.loaded),
        (Text(th="ซ่อม", en="repaired"), report.repaired),
        (Text(th="ไม่รับ", en="refused"), report.refused),
    ]
    line = ", ".join(f"{said(word)} {count:,}" for word, count in words)
    parts = [
        (Text(th="ใหม่", en="new"), report.inserted),
        (Text(th="แก้ไข", en="changed"), report.updated),
        (Text(th="เหมือนเดิม", en="unchanged"), report.unchanged),
        (Text(th="ลบของเดิม", en="old rows removed"), report.deleted),
    ]
    detail = ", ".join(f"{said(word)} {count:,}" for word, count in parts if count)
    return [f"{line} ({detail})" if detail else line]


def _nothing_new(report: Report, said: Speaker) -> list[str]:
    if report.inserted or report.updated or report.deleted:
        return []
    return [
        "  "
        + said(
            Text(
                th="ทุกแถวที่รับเหมือนที่มีอยู่แล้ว ไม่มีอะไรเปลี่ยน",
                en="every row taken is there already: nothing changed",
            )
        )
    ]


def _preview(report: Report, said: Speaker) -> list[str]:
    """What a rehearsal foretells: which rows and fields."""
    found = report.preview
    if found is None:
        return []
    lines = []
    for text, keys, count in (
        (Text(th="จะเพิ่ม", en="would be added"), found.added, report.inserted),
        (Text(th="จะเอาออก", en="would be removed"), found.removed, report.deleted),
    ):
        if count:
            more = " …" if count > len(keys) else ""
            lines.append(f"  {said(text)} {count:,}: {', '.join(keys)}{more}")
    if report.updated:
        fields = ", ".join(f"{name} {count:,}" for name, count in found.fields.items())
        text = Text(th="จะแก้", en="would be changed")
        lines.append(f"  {said(text)} {report.updated:,} ({fields})")
        lines += [
            f"    {each.key}: {each.field} {each.before} -> {each.after}" for each in found.changed
        ]
    return lines


def findings_lines(findings: Iterable[Told], said: Speaker) -> list[str]:
    """One line a finding, marked by how grave it is."""
    lines = []
    for told in findings:
        if told.kind in _TOLD_WITH_JOIN:
            continue
        examples = f" [{'; '.join(told.examples)}]" if told.examples else ""
        lines.append(f"  {_SIGNS[told.severity]} {told.count:,}: {said(told.text)}{examples}")
    return lines


_TOLD_WITH_JOIN = ("rows_without_table_row", "table_rows_without_row")


def _child(child: ChildReport, said: Speaker) -> list[str]:
    lines = [
        "  "
        + said(
            Text(
                th=f"{child.layer}: {child.records:,} ระเบียน จากตาราง {child.read:,} แถว"
                f" (ใช้ {child.loaded:,} ไม่รับ {child.refused:,})",
                en=f"{child.layer}: {child.records:,} records from {child.read:,} table rows "
                f"({child.loaded:,} used, {child.refused:,} refused)",
            )
        )
    ]
    lines += [f"    - {group.count:,}: {said(group.reason)}" for group in child.refusals[:_KEYS]]
    return lines


def render_look(found: Look, tongue: Tongue = "both") -> str:
    """What is in a file, as lines of text."""
    said = Speaker(tongue)
    lines = [f"{found.file}: {found.format}, {found.bytes:,} bytes, sha256 {found.sha256[:16]}…"]
    word = _CELL_WORD if found.format == Format.GEOTIFF.value else _ROW_WORD
    for layer in found.layers:
        types = ", ".join(f"{kind} {count:,}" for kind, count in layer.geometry_types.items())
        lines.append(f"  {layer.name or '-'}: {layer.read:,} {said(word)} {types}".rstrip())
        lines.append(f"    CRS {layer.crs or '?'}: {said(layer.crs_evidence)}")
        if layer.bounds_lonlat is not None:
            lines.append(f"    bbox {', '.join(f'{value:.5f}' for value in layer.bounds_lonlat)}")
        encoding = layer.encoding or "?"
        sure = f" ({layer.encoding_confidence:.0%})" if layer.encoding else ""
        lines.append(f"    {said.short(_ENCODING)} {encoding}{sure}: {layer.encoding_evidence}")
        lines += [
            f"    {column.name} ({column.type}): {column.filled:,} [{'; '.join(column.examples)}]"
            for column in layer.columns
        ]
        lines += [f"    ! {problem.count:,}: {said(problem.text)}" for problem in layer.problems]
    return "\n".join(lines)


_CELL_WORD = Text(th="ช่อง", en="cells")
_ENCODING = Text(th="รหัสตัวอักษร", en="encoding")
