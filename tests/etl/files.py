"""Where the tiny files are, and how a test runs an import or a command on them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from db.connect import Machine
from etl.order import ImportOrder, parse_join
from etl.profile import load
from etl.report import Report
from etl.run import run
from layers import catalog
from ops.cli import main
from tests.conftest import TownHandle

DATA = Path(__file__).parents[1] / "data" / "etl"


def parcels_order(**changes: Any) -> ImportOrder:
    """The usual order for the tiny parcels: joined to their assessments, replacing."""
    asked: dict[str, Any] = {
        "layer": catalog.get("parcels"),
        "files": (DATA / "parcels.topojson",),
        "actor": "tester",
        "mode": "replace",
        "joins": (parse_join(f"{DATA / 'assessments.csv'}:ML"),),
        "profile": load(DATA / "profile.toml"),
    }
    return ImportOrder(**(asked | changes))


def order(layer_id: str, name: str, **changes: Any) -> ImportOrder:
    """An order for one tiny file."""
    asked: dict[str, Any] = {
        "layer": catalog.get(layer_id),
        "files": (DATA / name,),
        "actor": "tester",
    }
    return ImportOrder(**(asked | changes))


def boundary_order(town: TownHandle) -> ImportOrder:
    """The town's boundary, a square of 1 km."""
    names = {"code": town.town_id, "name_th": "เมืองจิ๋ว", "name_en": "Tiny"}
    return order("town_boundary", "boundary.geojson", mode="replace", constants=names)


def do(town: TownHandle, asked: ImportOrder) -> Report:
    """Run an import as the loader."""
    with town.connect(Machine.LOADER) as conn:
        return run(conn, asked)


def rows(town: TownHandle, query: str, *values: object) -> list[tuple[Any, ...]]:
    """Rows of a query as the loader, who sees schemas `town`, `history` and `muang`."""
    with town.connect(Machine.LOADER) as conn:
        return conn.execute(query.encode(), values).fetchall()


def fingerprint(town: TownHandle) -> tuple[Any, ...]:
    """What must stay the same when an import is refused: rows, datasets, changes."""
    layers = [
        rows(town, f"SELECT count(*), coalesce(max(id), 0) FROM town.{layer.id}")  # noqa: S608
        for layer in catalog.LAYERS
    ]
    registers = rows(
        town,
        "SELECT (SELECT count(*) FROM muang.dataset), (SELECT count(*) FROM muang.refused_row),"
        " (SELECT count(*) FROM muang.layer_change)",
    )
    return (*layers, registers)


@dataclass(frozen=True)
class Said:
    """What a command printed and how it ended."""

    status: int
    out: str
    err: str


@dataclass(frozen=True)
class Command:
    """Runs `muang …` in this process against the test's server."""

    patch: pytest.MonkeyPatch
    capture: pytest.CaptureFixture[str]

    def __call__(self, *words: object) -> Said:
        """Run one command line."""
        self.patch.setattr("sys.argv", ["muang", *(str(word) for word in words)])
        self.capture.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        printed = self.capture.readouterr()
        code = ended.value.code
        return Said(code if isinstance(code, int) else 1, printed.out, printed.err)


def thai(text: str) -> bool:
    """Whether there is Thai in a text."""
    return any("\u0e00" <= sign <= "\u0e7f" for sign in text)


def kinds(report: Report) -> Sequence[str]:
    """Machine words of a report's findings."""
    return [told.kind for told in report.findings]


Connection = psycopg.Connection[tuple[object, ...]]
