"""What passes between the steps of an import: a frame, and what each step has to report.

A file goes through the steps in batches of some 20,000 rows, so that memory stays flat. A frame is
one batch: a pandas DataFrame of object columns (Python values), one row per row of the file,
indexed by row number in the import from 1; geometry, when there is any, is shapely in the column
`geom`. A step takes a frame and gives a frame with some rows fewer and an `Outcome`; it never reads
or writes anything. Findings of the batches with the same kind and the same text become one, so
what differs from batch to batch belongs into `total`, `most`, `words` or the examples.
"""

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import pandas as pd

from layers.text import Text

GEOM = "geom"
Severity = Literal["repair", "warning", "note"]
EXAMPLES = 5
_WORDS_KEPT = 1000
FLAWS_KEPT = 10_000
"""Flaws kept one by one in an import; beyond that they are counted and summed only."""


@dataclass(frozen=True)
class Refused:
    """A row that will not be loaded, by its number in the import, with the reason.

    Rows are told by reason; `detail` is what differs from row to row, such as the place.
    """

    row: int
    reason: Text
    detail: Text | None = None

    @property
    def whole(self) -> Text:
        """The reason with the row's own detail."""
        if self.detail is None:
            return self.reason
        return Text(
            th=f"{self.reason.th} {self.detail.th}", en=f"{self.reason.en} {self.detail.en}"
        )


@dataclass(frozen=True)
class Flaw:
    """What was wrong with the shape of one row that is loaded repaired, where, and the change.

    `at` is in the town's CRS, `at_in_file` in the file's; `change` is after less before, in m2
    for areas and m for lines. `shape_md5` is that of the WKB of the shape as it will be stored.
    """

    row: int
    kind: str
    reason: Text
    at: tuple[float, float] | None
    at_in_file: tuple[float, float] | None
    change: float
    shape_md5: str = ""


@dataclass(frozen=True)
class Finding:
    """Something a person should know: what, in how many rows, and a few examples.

    `kind` is a stable machine word. A `repair` changed rows that are then loaded, a `warning`
    concerns rows that are loaded as they are, a `note` is information. Where `total` and `most`
    are given (what all rows, and the worst of them, come to), the text has places for them, so
    that findings of several batches become one (`merged`); `said` fills them in. `ranks` of the
    examples put the greatest first; `words` are counted and stand for the examples. `kept` holds
    every different cell that did not become a value, with the rows it stands in.
    """

    kind: str
    severity: Severity
    text: Text
    count: int = 0
    examples: tuple[str, ...] = ()
    total: float | None = None
    most: float = 0.0
    ranks: tuple[float, ...] = ()
    words: Mapping[str, int] = field(default_factory=dict)
    kept: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    @property
    def shown(self) -> tuple[str, ...]:
        """The examples, or the commonest words with how often each is there."""
        if self.words:
            common = Counter(self.words).most_common(EXAMPLES)
            return tuple(f"“{word}” x {count}" for word, count in common)
        return self.examples[:EXAMPLES]

    @property
    def said(self) -> Text:
        """The text with its figures."""
        if self.total is None:
            return self.text
        figures = {"total": self.total, "most": self.most}
        return Text(th=self.text.th.format(**figures), en=self.text.en.format(**figures))

    def __add__(self, other: "Finding") -> "Finding":
        """Two findings of one kind and text as one; without ranks the first's examples lead."""
        examples, ranks = self.examples + other.examples, self.ranks + other.ranks
        if ranks and len(ranks) == len(examples):
            order = sorted(range(len(ranks)), key=lambda at: -ranks[at])
            examples = tuple(examples[at] for at in order)
            ranks = tuple(ranks[at] for at in order)
        words = Counter(self.words)
        words.update(other.words)
        return replace(
            self,
            count=self.count + other.count,
            examples=examples[:EXAMPLES],
            total=None if self.total is None else self.total + (other.total or 0.0),
            most=max(self.most, other.most),
            ranks=ranks[:EXAMPLES],
            words=dict(words.most_common(_WORDS_KEPT)),
            kept={
                word: self.kept.get(word, ()) + other.kept.get(word, ())
                for word in (*self.kept, *other.kept)
            },
        )


def merged(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Findings with the same kind and the same text as one each, in the order first met."""
    found: dict[tuple[str, str, str], Finding] = {}
    for finding in findings:
        key = (finding.kind, finding.severity, finding.text.en)
        found[key] = found[key] + finding if key in found else finding
    return tuple(found.values())


@dataclass(frozen=True)
class Outcome:
    """What one step did: rows it refused and what it found."""

    refused: tuple[Refused, ...] = ()
    findings: tuple[Finding, ...] = ()
    flaws: tuple[Flaw, ...] = ()

    def __add__(self, other: "Outcome") -> "Outcome":
        flaws = self.flaws
        if other.flaws:
            flaws = (self.flaws + other.flaws)[:FLAWS_KEPT]
        return Outcome(
            self.refused + other.refused, merged((*self.findings, *other.findings)), flaws
        )


NOTHING = Outcome()


@dataclass
class Notes:
    """Collects refusals and findings while a step runs; `take` gives the frame without them."""

    refused: list[Refused] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    flaws: list[Flaw] = field(default_factory=list)

    def refuse(self, rows: Iterable[Hashable], reason: Text, detail: Text | None = None) -> None:
        """Refuse rows for one reason."""
        self.refused += [Refused(int(str(row)), reason, detail) for row in rows]

    def find(
        self,
        kind: str,
        severity: Severity,
        text: Text,
        *,
        count: int,
        examples: Sequence[object] = (),
        total: float | None = None,
        most: float = 0.0,
        ranks: Sequence[float] = (),
        words: Mapping[str, int] | None = None,
        kept: Mapping[str, Sequence[int]] | None = None,
    ) -> None:
        """Note a finding, unless it concerns no row at all."""
        if count:
            shown = tuple(str(example) for example in examples[:EXAMPLES])
            placed = tuple(ranks[:EXAMPLES])
            rows = {word: tuple(numbers) for word, numbers in (kept or {}).items()}
            self.findings.append(
                Finding(
                    kind, severity, text, count, shown, total, most, placed, dict(words or {}), rows
                )
            )

    def take(self, frame: pd.DataFrame) -> tuple[pd.DataFrame, Outcome]:
        """The frame without the refused rows, and the outcome."""
        gone = {refusal.row for refusal in self.refused}
        kept = frame.loc[[row not in gone for row in frame.index]] if gone else frame
        return kept, Outcome(
            tuple(self.refused), tuple(self.findings), tuple(self.flaws[:FLAWS_KEPT])
        )


class Findings:
    """Findings of many batches, added up as they come."""

    def __init__(self) -> None:
        self.findings: tuple[Finding, ...] = ()

    def add(self, findings: Iterable[Finding]) -> None:
        """Take in the findings of one more batch."""
        self.findings = merged((*self.findings, *findings))
