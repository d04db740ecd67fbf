"""One town whose every value is a canary: rows generated from the declarations alone.

A canary is a value found nowhere else, so that a reply which holds it holds that very field of
that very row. Texts are Thai with quotes and entities, numbers and days are distinctive; a field
whose limits leave no room for a distinctive value is checked by its name alone.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import shapely
from shapely.geometry import LineString, MultiLineString, MultiPolygon, Point, box
from shapely.geometry.base import BaseGeometry

from db.connect import Machine
from db.datasets import Dataset
from db.load import Incoming, load
from layers.catalog import LAYERS
from layers.model import Field, FieldType, GeometryKind, Layer
from tests.conftest import TownHandle
from tests.tiny import ORIGIN

TOKENS = re.compile(r"zq\d{4}k|(?<![\d.])73100\d{3}(?!\d)|(?<!\d)73\d\d\.625|203[1-6]-\d\d-\d\d")
"""Finds every canary in a decoded reply."""

CODED: dict[str, dict[str, Any]] = {
    "water": {"kind": "river"},
    "flood_zones": {"kind": "stage", "depth_class": "gt_1", "stage_m": 112.0, "gauge": "G1"},
    "flood_stages": {"zoom_from": 0, "zoom_to": 22},
    "roads": {"class": "primary", "oneway": "no"},
    "closures": {"status": "closed"},
    "gauges": {"code": "G1", "kind": "river"},
    "gauge_thresholds": {"gauge": "G1"},
    "gauge_zeros": {"gauge": "G1"},
    "remembered_floods": {"gauge": "G1"},
    "power_areas": {"state": "off"},
    "events": {"code": "C1", "state": "open", "exercise": False},
}
"""Values other parts of the platform reason about; all of them are public anyway."""
TEAM_TASK = "home_c1"
"""The home the first crew has been sent to."""
STEP_M = 53.17
SIZE_M = 31.3


@dataclass
class Row:
    """One seeded row: its values, its geometry in the town's CRS, and its id once loaded."""

    layer: Layer
    name: str
    values: dict[str, Any]
    shape: BaseGeometry | None
    tokens: dict[str, str] = field(default_factory=dict)
    id: int = 0

    @property
    def vertices(self) -> list[tuple[float, float]]:
        """Every vertex, in the town's CRS."""
        return [(x, y) for x, y in shapely.get_coordinates(self.shape)] if self.shape else []


class Seeds:
    """The rows of every layer; `add` draws a fresh canary for each field not given."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self._count = 0
        self._numbers = 0

    def add(self, layer: Layer, name: str, at: tuple[float, float], **given: Any) -> Row:
        """Seed one row of a layer at a place in metres from the town's origin."""
        made = Row(layer, name, {}, shape(layer, *at))
        for declared in layer.fields:
            value = given.get(declared.name, self._canary(declared))
            made.values[declared.name] = value
            found = TOKENS.findall(plain(value))
            if found:
                made.tokens[declared.name] = found[0]
        for system in ("source", "updated_by"):
            self._count += 1
            made.tokens[system] = f"zq{self._count:04d}k"
        self.rows.append(made)
        return made

    def of(self, layer: Layer) -> list[Row]:
        """Rows of one layer."""
        return [row for row in self.rows if row.layer.id == layer.id]

    def row(self, name: str) -> Row:
        """The row of that name."""
        (found,) = [row for row in self.rows if row.name == name]
        return found

    def _canary(self, declared: Field) -> Any:
        self._count += 1
        self._numbers += declared.type is FieldType.NUMBER
        n = self._count
        text = f"ก้าzq{n:04d}kข ‘\"<b>&amp;'{declared.name}"
        makers: dict[FieldType, Callable[[], Any]] = {
            FieldType.TEXT: lambda: text,
            FieldType.TEXT_LIST: lambda: [text],
            FieldType.INTEGER: lambda: (
                73_100_000 + n if declared.maximum is None else int(declared.maximum) - 1
            ),
            FieldType.NUMBER: lambda: (
                7300.625 + self._numbers if declared.maximum is None else declared.maximum - 0.269
            ),
            FieldType.BOOLEAN: lambda: True,
            FieldType.DATE: lambda: date(2031, 1, 1) + timedelta(days=n % 700),
            FieldType.DATETIME: lambda: datetime(2033, 1, 1, 5, tzinfo=UTC) + timedelta(n % 1400),
        }
        return makers[declared.type]()


def plain(value: Any) -> str:
    """A value as it would be read in a reply."""
    if isinstance(value, list):
        return " ".join(map(plain, value))
    return value.isoformat() if isinstance(value, date) else str(value)


def shape(layer: Layer, x: float, y: float) -> BaseGeometry | None:
    """A small geometry of the layer's kind; the boundary and the flood cover what they must."""
    e, n = ORIGIN[0] + x, ORIGIN[1] + y
    if layer.id == "town_boundary":
        return MultiPolygon([box(*ORIGIN, ORIGIN[0] + 1507.3, ORIGIN[1] + 1511.9)])
    if layer.id == "flood_zones":
        return MultiPolygon([box(e - 4000, n - 4000, e + 6000, n + 6000)])
    far = (e + SIZE_M, n + SIZE_M)
    makers: dict[GeometryKind | None, Callable[[], BaseGeometry | None]] = {
        None: lambda: None,
        GeometryKind.POINT: lambda: Point(e, n),
        GeometryKind.MULTILINESTRING: lambda: MultiLineString([LineString([(e, n), far])]),
        GeometryKind.MULTIPOLYGON: lambda: MultiPolygon([box(e, n, *far)]),
    }
    return makers[layer.geometry]()


def seeds() -> Seeds:
    """Rows of every layer of the catalog; a layer with row rules gets one row for each value."""
    made = Seeds()
    for place, layer in enumerate(LAYERS, start=1):
        at = (STEP_M * place, STEP_M * place * 0.71)
        if layer.id in _SPECIAL:
            continue
        if layer.row_rules:
            raise NotImplementedError(f"say which rows of {layer.id} the matrix seeds")
        made.add(layer, layer.id, at, **CODED.get(layer.id, {}))
    _people(made)
    for name in ("incidents", "event_log"):
        layer = next(layer for layer in LAYERS if layer.id == name)
        about = {"event": "C1"} if name == "event_log" else {}
        made.add(layer, f"{name}_open", (391.3, 517.1), seen_by="internal", **about)
        made.add(layer, f"{name}_rescuers", (-883.9, -861.3), seen_by="rescuers", **about)
    findings = next(layer for layer in LAYERS if layer.id == "quality_findings")
    made.add(findings, "finding_open", (271.3, 377.1), seen_by="office")
    made.add(findings, "finding_held", (-871.9, -853.3), seen_by="admin")
    return made


_SPECIAL = (
    *("houses", "households", "care_locations"),
    *("quality_findings", "incidents", "event_log"),
)


def _people(made: Seeds) -> None:
    """Two houses in two communities, a household in each, and homes in, out of and beyond them."""
    houses, households, care = (
        next(layer for layer in LAYERS if layer.id == layer_id) for layer_id in _SPECIAL[:3]
    )
    for number, community in enumerate(("C1", "C2")):
        house = made.add(houses, f"house_{community}", (811.4, 307.9 + 91.7 * number))
        house.values["community"] = community
        house.tokens.pop("community")
        code = house.values["house_code"]
        made.add(households, f"household_{community}", (0, 0), house_code=code)
    household = {c: made.row(f"household_{c}").values["code"] for c in ("C1", "C2")}
    made.add(care, "facility", (617.3, 433.1), kind="facility", household=None)
    # beyond the boundary on both sides, so that an extent which counts homes would show it
    made.add(care, "home_c1", (-903.7, -911.3), kind="home", household=household["C1"])
    made.add(care, "home_c2", (2903.9, 2917.1), kind="home", household=household["C2"])
    made.add(care, "home_none", (509.3, 1203.7), kind="home", household=None)


def seed(town: TownHandle) -> Seeds:
    """Load the rows, each as a dataset of its own, and learn their ids."""
    made = seeds()
    with town.connect(Machine.LOADER) as conn:
        for row in made.rows:
            names = tuple(row.values)
            geom = (shapely.to_wkb(row.shape),) if row.shape else ()
            incoming = Incoming(
                (*names, "geom") if geom else names, [(*row.values.values(), *geom)]
            )
            said = Dataset(
                layer=row.layer.id,
                source=f"ทะเบียน {row.tokens['source']} “&lt;”",
                actor=f"เจ้าหน้าที่ {row.tokens['updated_by']}",
                synthetic=True,
            )
            loaded = load(conn, row.layer, incoming, mode="append", dataset=said)
            assert loaded.counts.inserted == 1, (row.name, loaded.refused)
            found = conn.execute(
                f"SELECT max(id) FROM town.{row.layer.id}".encode()  # noqa: S608 - our layers
            ).fetchone()
            row.id = int(str(found[0])) if found else 0
    return made


def places(rows: Iterable[Row]) -> dict[str, list[tuple[Row, str]]]:
    """Where each canary stands; one value may stand in several fields, as keys do."""
    found: dict[str, list[tuple[Row, str]]] = {}
    for row in rows:
        for name, token in row.tokens.items():
            found.setdefault(token, []).append((row, name))
    return found
