"""What came out, beside what was wanted: printed for people, written as JSON for machines."""

import json
import os
import platform
import statistics
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path


@dataclass(frozen=True)
class Figure:
    """One measured thing: its value in each round, and the least (or most) it should be.

    Without a target it is only told. `unit` is "x" for a ratio of paired rounds.
    """

    part: str
    name: str
    rounds: list[float]
    target: float | None = None
    unit: str = "x"
    at_most: bool = False
    note: str = ""

    @property
    def median(self) -> float:
        """The middle of the rounds."""
        return statistics.median(self.rounds)

    @property
    def met(self) -> bool | None:
        """Whether it is as wanted; None when nothing is wanted."""
        if self.target is None:
            return None
        return self.median <= self.target if self.at_most else self.median >= self.target

    @property
    def verdict(self) -> str:
        """Met, or missed by how much of what was wanted."""
        if self.target is None:
            return ""
        wanted = f"{'at most' if self.at_most else 'target'} {self.target:g}"
        if self.met:
            return f"{wanted}: met"
        away = abs(self.median - self.target) / self.target
        return f"{wanted}: MISSED by {away:.0%}"

    def facts(self) -> dict[str, object]:
        """For the JSON."""
        return {**asdict(self), "median": self.median, "met": self.met}


@dataclass
class Report:
    """All figures of a run and what they were measured with."""

    parcels: int
    figures: list[Figure] = field(default_factory=list)
    tables: list[dict[str, object]] = field(default_factory=list)
    skipped: dict[str, str] = field(default_factory=dict)
    began: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))
    loads: list[str] = field(default_factory=lambda: [load_now()])

    def add(self, figure: Figure) -> None:
        """Take a figure, and say it."""
        self.figures.append(figure)
        told = f"{figure.median:.2f}{figure.unit}"
        if len(figure.rounds) > 1:
            told += f" ({min(figure.rounds):.2f} to {max(figure.rounds):.2f})"
        note = f"; {figure.note}" if figure.note else ""
        print(f"  {figure.name}: {told}; {figure.verdict or 'no target'}{note}", flush=True)

    def table(self, title: str, rows: Iterable[Mapping[str, object]]) -> None:
        """Keep rows that were printed."""
        self.tables += [{"table": title, **row} for row in rows]

    def skip(self, part: str, why: str) -> None:
        """Say what was not measured."""
        self.skipped[part] = why
        print(f"  {part}: not measured: {why}", flush=True)

    def summary(self) -> None:
        """All that has a target, at the end."""
        print(f"\n{self.parcels:,} parcels; load {' … '.join(self.loads)}")
        for figure in self.figures:
            if figure.target is not None:
                print(
                    f"{'met   ' if figure.met else 'MISSED'} {figure.part}, {figure.name}:"
                    f" {figure.median:.2f}{figure.unit} ({figure.verdict})"
                )
        for part, why in self.skipped.items():
            print(f"skipped {part}: {why}")

    def write(self, path: Path) -> None:
        """The whole as JSON."""
        self.loads.append(load_now())
        facts = {
            "parcels": self.parcels,
            "began": self.began,
            "ended": datetime.now(UTC).isoformat(timespec="seconds"),
            "processors": os.cpu_count(),
            "python": platform.python_version(),
            "loads": self.loads,
            "figures": [figure.facts() for figure in self.figures],
            "tables": self.tables,
            "skipped": self.skipped,
        }
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(facts, ensure_ascii=False, indent=1), encoding="utf-8")


def load_now() -> str:
    """The machine's load of the last one, five and fifteen minutes, and its processors."""
    return f"{' '.join(f'{part:.1f}' for part in os.getloadavg())} on {os.cpu_count()} processors"
