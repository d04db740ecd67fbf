"""Put a demo town into its database, and its ground into a raster file."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

import geopandas as gpd
import pandas as pd
import shapely

from db.connect import Machine, connect
from db.datasets import Dataset, list_datasets
from db.derived import AnyConnection
from db.load import Incoming, load
from db.rasters import newest
from etl.demo.assemble import DemoData, generate, terrain
from etl.demo.raster import load_rasters
from etl.demo.towns import SOURCE
from layers import catalog
from layers.errors import ConflictError, RefusedError
from layers.model import Layer
from layers.rasters import RASTERS
from layers.text import Text

ACTOR = "demo"


class Step(Protocol):
    """One piece of long work that may say how far it is."""

    def report(self, what: str, done: int, total: int | None = None) -> None:
        """Say how far the work is."""


class Progress(Protocol):
    """Where a caller shows long work (ops.progress.Progress is one)."""

    def step(self, title: Text) -> AbstractContextManager[Step]:
        """Run a piece of work under a title."""


def load_town(
    town_id: str,
    server_url: str,
    secret: str,
    progress: Progress,
    *,
    rasters: Path | None = None,
    into: str | None = None,
) -> DemoData:
    """Generate a demo town and load all of it into its database, which must exist.

    Every layer is a synthetic dataset of its own. A load that was broken off is taken up again
    from the start. `rasters` is the folder of folders elevation and depth go to, one a town;
    `into` the id of the town that takes the data when it is another of the same CRS.
    ConflictError when that town holds anything but demo data.
    """
    target = into or town_id
    with connect(server_url, secret, target, Machine.LOADER) as conn:
        _check_only_demo(conn, target)
        with progress.step(Text(th="สร้างข้อมูลสาธิต", en="Inventing the demo town")):
            data = generate(town_id)
        total = sum(len(frame) for frame in data.frames.values())
        done = 0
        title = Text(th="นำข้อมูลสาธิตเข้าฐานข้อมูล", en="Loading the demo town")
        with progress.step(title) as step:
            for layer_id, frame in data.frames.items():
                step.report(layer_id, done, total)
                _load_layer(conn, catalog.get(layer_id), frame)
                done += len(frame)
        if rasters is not None:
            title = Text(th="นำเข้าระดับดินและความลึกน้ำ", en="Loading elevation and depth")
            with progress.step(title):
                load_rasters(conn, rasters / target, data.elevation, data.depth, ACTOR)
    return data


def need_layers(
    town_id: str, server_url: str, secret: str, progress: Progress, missing: frozenset[str]
) -> None:
    """Load those layers of a demo town that was made before they were declared.

    Nothing happens where anything but the demo's data is.
    """
    with connect(server_url, secret, town_id, Machine.LOADER) as conn:
        if any(row.source != SOURCE for row in list_datasets(conn)):
            return
        conn.commit()
        title = Text(th="นำเข้าชั้นข้อมูลใหม่ของเมืองสาธิต", en="Loading the demo's new layers")
        with progress.step(title) as step:
            frames = generate(town_id).frames
            for done, layer_id in enumerate(sorted(missing & set(frames))):
                step.report(layer_id, done, len(missing))
                _load_layer(conn, catalog.get(layer_id), frames[layer_id])


def need_rasters(
    town_id: str, server_url: str, secret: str, progress: Progress, rasters: Path
) -> None:
    """Load a demo town's rasters where its database has none, or their files are gone.

    For towns made before there were rasters, and for a database whose folder was left behind.
    Rasters somebody else brought stay as they are.
    """
    with connect(server_url, secret, town_id, Machine.LOADER) as conn:
        need(conn, town_id, rasters / town_id, progress)


def need(conn: AnyConnection, demo_id: str, folder: Path, progress: Progress) -> None:
    """`need_rasters` over a connection as loader; `folder` is that of the town it leads to."""
    known = newest(conn)
    conn.commit()
    if any(not record.synthetic for record in known):
        return
    if len(known) == len(RASTERS) and all((folder / row.file).is_file() for row in known):
        return
    title = Text(th="นำเข้าระดับดินและความลึกน้ำ", en="Loading elevation and depth")
    with progress.step(title):
        load_rasters(conn, folder, *terrain(demo_id), ACTOR)


def _check_only_demo(conn: AnyConnection, town_id: str) -> None:
    """Refuse to replace what somebody else loaded."""
    if any(row.source != SOURCE for row in list_datasets(conn)):
        raise ConflictError(
            Text(
                th=f"เมือง “{town_id}” มีข้อมูลอื่นอยู่แล้ว จึงไม่นำข้อมูลสาธิตทับ",
                en=f"The town “{town_id}” holds other data: the demo data was not loaded over it.",
            )
        )


def _load_layer(conn: AnyConnection, layer: Layer, frame: pd.DataFrame) -> None:
    """Replace one layer's rows by the demo's."""
    dataset = Dataset(
        layer=layer.id,
        source=SOURCE,
        actor=ACTOR,
        licence="Apache-2.0",
        note="Invented by etl.demo; no record stands for a real person, plot or building.",
        synthetic=True,
    )
    incoming = Incoming(columns=tuple(frame.columns), rows=rows(frame))
    loaded = load(conn, layer, incoming, mode="replace", dataset=dataset)
    if loaded.refused:
        first = loaded.refused[0]
        raise RefusedError(
            Text(
                th=f"ข้อมูลสาธิตของชั้น {layer.id} "
                f"ไม่ผ่านการตรวจ {len(loaded.refused)} แถว: {first.reason.th}",
                en=f"{len(loaded.refused)} demo rows of {layer.id} were refused: {first.reason.en}",
            )
        )


def rows(frame: pd.DataFrame) -> Iterator[tuple[object, ...]]:
    """The frame's rows as plain Python values; unknown is None, geometry is WKB."""
    columns = [_values(frame, name) for name in frame.columns]
    return zip(*columns, strict=True)


def _values(frame: pd.DataFrame, name: str) -> list[object]:
    """One column as plain Python values."""
    if isinstance(frame, gpd.GeoDataFrame) and name == frame.geometry.name:
        return list(shapely.to_wkb(frame.geometry.to_numpy()))
    column = frame[name]
    plain = column.astype(object)
    return list(plain.where(column.notna(), None))
