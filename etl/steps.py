"""What passes between the steps of an import: a frame, and what each step has to report.

A frame is a pandas DataFrame of object columns (Python values), one row per row of the file,
indexed by row number from 1; geometry, when there is any, is shapely in the column `geom`.
A step takes a frame and gives a frame with some rows fewer and an `Outcome`; it never reads or
writes anything.
"""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

import pandas as pd

from layers.text import Text

GEOM = "geom"
Severity = Literal["repair", "warning", "note"]
EXAMPLES = 5


@dataclass(frozen=True)
class Refused:
    """A row that will not be loaded, by its number in the import, with the reason."""

    row: int
    reason: Text


@dataclass(frozen=True)
class Finding:
    """Something a person should know: what, in how many rows, and a few examples.

    `kind` is a stable machine word. A `repair` changed rows that are then loaded, a `warning`
    concerns rows that are loaded as they are, a `note` is information.
    """

    kind: str
    severity: Severity
    text: Text
    count: int = 0
    examples: tuple[str, ...] = ()


@dataclass(frozen=True)
class Outcome:
    """What one step did: rows it refused and what it found."""

    refused: tuple[Refused, ...] = ()
    findings: tuple[Finding, ...] = ()

    def __add__(self, other: "Outcome") -> "Outcome":
        return Outcome(self.refused + other.refused, self.findings + other.findings)


NOTHING = Outcome()


@dataclass
class Notes:
    """Collects refusals and findings while a step runs; `take` gives the frame without them."""

    refused: list[Refused] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def refuse(self, rows: Iterable[Hashable], reason: Text) -> None:
        """Refuse rows for one reason."""
        self.refused += [Refused(int(str(row)), reason) for row in rows]

    def find(
        self,
        kind: str,
        severity: Severity,
        text: Text,
        *,
        count: int,
        examples: Sequence[object] = (),
    ) -> None:
        """Note a finding, unless it concerns no row at all."""
        if count:
            shown = tuple(str(example) for example in examples[:EXAMPLES])
            self.findings.append(Finding(kind, severity, text, count, shown))

    def take(self, frame: pd.DataFrame) -> tuple[pd.DataFrame, Outcome]:
        """The frame without the refused rows, and the outcome."""
        gone = {refusal.row for refusal in self.refused}
        kept = frame.loc[[row not in gone for row in frame.index]] if gone else frame
        return kept, Outcome(tuple(self.refused), tuple(self.findings))
