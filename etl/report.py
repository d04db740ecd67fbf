"""The report of an import: what was read, loaded, repaired and refused, and why. Always adds up."""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, computed_field, model_validator

from db.preview import Preview
from etl.steps import Finding, Refused, Severity
from layers.text import Text

_ROWS_SHOWN = 20


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class FileReport(_Record):
    """One input file: what it is, its checksum, its CRS and encoding with the evidence."""

    name: str
    sha256: str
    bytes: int
    format: str
    layer_in_file: str | None = None
    member: str | None = None
    read: int
    crs: str | None = None
    crs_evidence: Text | None = None
    encoding: str | None = None
    encoding_evidence: str = ""
    operation: str | None = None
    operation_codes: tuple[str, ...] = ()
    operation_accuracy_m: float | None = None
    mapping: tuple[str, ...] = ()
    unused_columns: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    fields: dict[str, str] = {}
    profile: str | None = None
    reader_messages: tuple[str, ...] = ()


class Step(_Record):
    """One step rows went through, with what it was told; `file` when it is about one file."""

    step: str
    file: str | None = None
    parameters: dict[str, str | float | int | list[str] | None] = {}


class Refusals(_Record):
    """Rows refused for one reason: how many, and the first row numbers."""

    reason: Text
    count: int
    rows: tuple[int, ...]


class Told(_Record):
    """A finding as the report keeps it; `kept` has every cell left out, with its rows."""

    kind: str
    severity: Severity
    text: Text
    count: int
    examples: tuple[str, ...] = ()
    kept: dict[str, tuple[int, ...]] = {}


class JoinReport(_Record):
    """What a join did, in both directions; keys with the number of rows that carry them."""

    table: str
    key: str
    table_rows: int
    table_rows_joined: int
    table_rows_unmatched: int
    table_rows_without_key: int
    table_keys_unmatched: tuple[tuple[str, int], ...]
    file_rows: int
    file_rows_joined: int
    file_rows_unmatched: int
    file_rows_without_key: int
    file_keys_unmatched: tuple[tuple[str, int], ...]


class ChildReport(_Record):
    """Child records made from a joined table: table rows read = loaded + refused."""

    layer: str
    dataset_id: int | None
    read: int
    loaded: int
    refused: int
    records: int
    refusals: tuple[Refusals, ...]


class ChangedField(_Record):
    """How a field of one row changes."""

    key: str
    field: str
    before: Any
    after: Any


class PreviewReport(_Record):
    """What a rehearsed import would do: a few keys, and how often which field changes."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    fields: dict[str, int]
    changed: tuple[ChangedField, ...]


class Report(_Record):
    """The whole import. `read == loaded + refused`, checked when the report is made."""

    layer: str
    town: str
    mode: Literal["upsert", "replace", "append"]
    dry_run: bool
    source: str
    files: tuple[FileReport, ...]
    read: int
    loaded: int
    inserted: int
    updated: int
    unchanged: int
    deleted: int
    repaired: int
    refused: int
    refusals: tuple[Refusals, ...]
    findings: tuple[Told, ...]
    joins: tuple[JoinReport, ...] = ()
    children: tuple[ChildReport, ...] = ()
    dataset_id: int | None = None
    preview: PreviewReport | None = None
    chain: tuple[Step, ...] = ()
    versions: dict[str, str] = {}
    seconds: float = 0.0

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        if self.read != self.loaded + self.refused:
            raise ValueError(
                f"read {self.read} is not loaded {self.loaded} + refused {self.refused}"
            )
        if self.loaded != self.inserted + self.updated + self.unchanged:
            raise ValueError("loaded is not inserted + updated + unchanged")
        if self.refused != sum(group.count for group in self.refusals):
            raise ValueError("refused rows and their reasons do not add up")
        return self

    @computed_field  # type: ignore[prop-decorator]  # mypy knows no decorated property
    @property
    def warnings(self) -> tuple[Told, ...]:
        """Findings a person should look at."""
        return tuple(told for told in self.findings if told.severity == "warning")


class Refusing:
    """Refused rows counted by reason as they come; of each reason the first numbers are kept."""

    def __init__(self) -> None:
        self.count = 0
        self._reasons: dict[tuple[str, str], tuple[int, list[int]]] = {}

    def add(self, refused: Iterable[Refused]) -> None:
        """Take in rows of a batch."""
        for each in refused:
            self.add_group(each.reason, 1, (each.row,))

    def add_group(self, reason: Text, count: int, rows: Iterable[int]) -> None:
        """Take in rows that were refused for one reason; `rows` may be only the first of them."""
        self.count += count
        known, kept = self._reasons.get((reason.th, reason.en), (0, []))
        if len(kept) < _ROWS_SHOWN:
            kept = sorted([*kept, *rows])[:_ROWS_SHOWN]
        self._reasons[reason.th, reason.en] = (known + count, kept)

    @property
    def groups(self) -> tuple[Refusals, ...]:
        """By reason, the most frequent first."""
        found = [
            Refusals(reason=Text(th=th, en=en), count=count, rows=tuple(rows))
            for (th, en), (count, rows) in self._reasons.items()
        ]
        return tuple(sorted(found, key=lambda group: -group.count))


def grouped(refused: Iterable[Refused]) -> tuple[Refusals, ...]:
    """Refused rows by reason, the most frequent first."""
    refusing = Refusing()
    refusing.add(refused)
    return refusing.groups


def preview_report(preview: Preview | None) -> PreviewReport | None:
    """What the database foretold, for the report."""
    return None if preview is None else PreviewReport.model_validate(asdict(preview))


def told(findings: Iterable[Finding]) -> tuple[Told, ...]:
    """Findings for the report: repairs first, then warnings, then notes."""
    order = {"repair": 0, "warning": 1, "note": 2}
    return tuple(
        Told(
            kind=finding.kind,
            severity=finding.severity,
            text=finding.said,
            count=finding.count,
            examples=finding.shown,
            kept=dict(finding.kept),
        )
        for finding in sorted(findings, key=lambda finding: order[finding.severity])
    )
