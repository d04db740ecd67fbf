"""From files and an order to batches of rows ready to load: read, place, map, join, check.

Writes nothing but its scratch folder. Memory stays flat: no more than a few batches of a file
are held at a time, tables to join are held whole.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from etl import derive
from etl.check import Checker
from etl.children import makes_children
from etl.crs import TownArea
from etl.filerows import Batch, FileRows, note_money
from etl.intake import Side, profile_of, read_file, read_table
from etl.join import Joined, Joining, read_rows
from etl.order import ImportOrder, Tell
from etl.originals import Originals
from etl.profile import SourceProfile
from etl.report import FileReport
from etl.steps import FLAWS_KEPT, GEOM, Finding, Findings, Flaw, Notes, Refused
from layers.text import Text


@dataclass(frozen=True)
class ChildSource:
    """The joined table child records are made of; `parents` are (row, join key, code)."""

    joining: Joining
    table_rows: int
    originals: Originals
    parents: list[tuple[int, str, str]]

    def loaded(self, refused: Collection[int]) -> dict[str, str]:
        """Codes of the parents that are in, by join key."""
        return {key: code for row, key, code in self.parents if row not in refused}


class Prepared:
    """Rows ready to load, and everything that happens on the way.

    `columns` are the layer's fields (and `geom`) that every frame of `batches` has. What is found
    on the way (`findings`, `flaws`, `joins`) is complete when the last batch has passed.
    """

    def __init__(
        self, order: ImportOrder, town: TownArea, files: Sequence[FileRows], sides: Sequence[Side]
    ) -> None:
        """Decide what remains to be decided once all files are read."""
        self._order, self._files, self._sides = order, files, sides
        self._found = Findings()
        self._checker = Checker(order.layer, town)
        self._joinings = self._join_all()
        self.originals = Originals()
        self._first_rows = [self.originals.add(file.read, file.key_column).start for file in files]
        self.files: list[FileReport] = [
            *(file.report for file in files),
            *(side.report for side in sides),
        ]
        self.profile: SourceProfile | None = profile_of(order, order.files[0].name)
        self.read_as: SourceProfile = files[0].read_as
        self.joins: list[Joined] = []
        self.flaws: list[Flaw] = []
        self.child_source = self._child_source()
        self._names = self._fields()
        self._derived = derive.names(order.layer, self._names)
        self.columns: tuple[str, ...] = (
            *((GEOM,) if order.layer.geometry else ()),
            *self._names,
            *self._derived,
        )

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Everything found so far."""
        return self._found.findings

    def batches(self) -> Iterator[tuple[pd.DataFrame, tuple[Refused, ...], int]]:
        """Frames with `columns`, the rows refused on the way, and how many rows were read."""
        self._meet()
        for file, first_row in zip(self._files, self._first_rows, strict=True):
            self._found.add((*file.read.findings, *file.decided.findings))
            for batch, outcome in file.batches(first_row):
                self._found.add(outcome.findings)
                self.flaws += outcome.flaws[: FLAWS_KEPT - len(self.flaws)]
                yield self._ready(batch), outcome.refused, batch.read
            self._found.add(file.finish().findings)
        notes = Notes()
        self.joins += [joining.finish(notes) for joining in self._joinings]
        self._found.add(notes.findings)
        self._found.add(self._checker.finish().findings)

    def _ready(self, batch: Batch) -> pd.DataFrame:
        frame = batch.frame
        for joining, keys in zip(self._joinings, batch.keys, strict=True):
            frame = joining.attach(frame, keys)
        self._remember_codes(batch)
        frame, derived = derive.derive(frame, self._order.layer)
        frame = frame.reindex(columns=list(self.columns))
        frame = frame.astype(object).where(frame.notna(), None)
        self._tell_derived(frame, derived)
        self._found.add(self._checker.check(frame).findings)
        return frame

    def _meet(self) -> None:
        """The first pass of a join: only when all rows were seen is it known which leads a key."""
        if not self._joinings:
            return
        for file, first_row in zip(self._files, self._first_rows, strict=True):
            for batch, _outcome in file.batches(first_row):
                for joining, keys in zip(self._joinings, batch.keys, strict=True):
                    joining.meet(batch.frame, keys)
            file.restart()

    def _join_all(self) -> list[Joining]:
        taken = {name for file in self._files for name in file.names}
        made = []
        for side in self._sides:
            notes = Notes()
            entries = [
                entry
                for entry in self._files[0].plan.entries
                if entry.column in side.table.cells and entry.field.name not in taken
            ]
            for entry in entries:
                note_money(entry, notes)
            rows = read_rows(side.table, entries, notes)
            made.append(Joining(side.table, rows, self._order.layer))
            taken |= set(made[-1].names(taken))
            self._found.add(notes.findings)
        return made

    def _fields(self) -> tuple[str, ...]:
        names = dict.fromkeys(name for file in self._files for name in file.names)
        for joining in self._joinings:
            names.update(dict.fromkeys(joining.names(names)))
        return tuple(names)

    def _child_source(self) -> ChildSource | None:
        if not self._joinings or not makes_children(self._order.layer, self._joinings[0].rows):
            return None
        side = self._sides[0]
        return ChildSource(self._joinings[0], side.table.rows, side.originals, [])

    def _remember_codes(self, batch: Batch) -> None:
        source = self.child_source
        if source is None:
            return
        codes = batch.frame[self._order.layer.natural_key[0]]
        for row, key, code in zip(batch.frame.index.tolist(), batch.keys[0], codes, strict=True):
            if key in source.joining.keys and key is not None and code is not None:
                source.parents.append((row, key, code))

    def _tell_derived(self, frame: pd.DataFrame, derived: tuple[str, ...]) -> None:
        notes = Notes()
        names = ", ".join(derived)
        notes.find(
            "derived",
            "note",
            Text(th=f"คำนวณให้เอง: {names}", en=f"worked out by us: {names}"),
            count=len(frame) if derived else 0,
        )
        self._found.add(notes.findings)


def prepare(order: ImportOrder, town: TownArea, tell: Tell, folder: Path) -> Prepared:
    """Do everything short of loading. RefusedError when a file cannot be used as ordered.

    `folder` is scratch space that must stay until the last batch has passed.
    """
    sides, files = [], []
    for number, join in enumerate(order.joins):
        tell(join.path.name, 0, None)
        sides.append(read_table(order, join, _inside(folder, f"table{number}")))
    for number, path in enumerate(order.files):
        tell(path.name, 0, None)
        found = read_file(order, town, path, _inside(folder, f"file{number}"))
        files.append(FileRows(order, town, found, sides))
    return Prepared(order, town, files, sides)


def _inside(folder: Path, name: str) -> Path:
    made = folder / name
    made.mkdir()
    return made
