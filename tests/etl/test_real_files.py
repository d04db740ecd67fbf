"""Real files of many makers imported into towns that hold them: each comes out as the table says.

Needs the shared data (MUANG_SHARED_DATA, or `shared/data` beside the checkout); prints a line
and skips where it is absent. What the code does is tested without it, on tiny files.
"""

import json
import os
import warnings
from collections.abc import Iterator
from pathlib import Path

import pyogrio
import pytest
from psycopg import sql

from db.connect import Machine
from db.towns import TownSpec, drop_town
from etl.found_town import Founding, found_town
from etl.order import ImportOrder
from etl.run import run
from layers import catalog
from layers.errors import RefusedError
from layers.text import Text
from tests.conftest import TownHandle
from tests.etl.real_files import CASES, PLACES, Case

pytestmark = pytest.mark.slow
COUNTED = (".geojson", ".shp", ".gpkg", ".fgb")
"""Files GDAL opens without more ado, so that it can say how many features there are."""


@pytest.fixture(scope="module")
def data() -> Path:
    root = Path(__file__).parents[2]
    given = os.environ.get("MUANG_SHARED_DATA")
    folder = Path(given) if given else root.parent / "shared" / "data"
    if not (folder / "d_nasty").is_dir():
        print(f"real files are not tested: no {folder}")
        pytest.skip(f"shared data is absent ({folder})")
    return folder


@pytest.fixture(scope="module")
def towns(
    server_url: str, secret: str, data: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, TownHandle]]:
    """A town for each place, made of a box."""
    assert data.is_dir()
    made: dict[str, TownHandle] = {}
    folder = tmp_path_factory.mktemp("boundaries")
    for name, place in PLACES.items():
        west, south, east, north = place.box
        ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
        shape = {"type": "Polygon", "coordinates": [ring]}
        boundary = folder / f"{name}.geojson"
        boundary.write_text(json.dumps({"type": "Feature", "properties": {}, "geometry": shape}))
        spec = TownSpec(
            id=f"treal{name}", name=Text(th=name, en=name), srid=place.srid, synthetic=False
        )
        drop_town(server_url, spec.id)
        found_town(server_url, secret, Founding(spec, boundary, "tester"))
        made[name] = TownHandle(server_url, secret, spec.id, place.srid)
    yield made
    for town in made.values():
        drop_town(server_url, town.town_id)


def rows(town: TownHandle, layer: str) -> int:
    with town.connect(Machine.LOADER) as conn:
        count = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier("town", layer))
        row = conn.execute(count).fetchone()
    assert row is not None
    return int(str(row[0]))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_it_comes_out_as_the_table_says(
    case: Case, towns: dict[str, TownHandle], data: Path
) -> None:
    town = towns[case.place]
    order = ImportOrder(
        layer=catalog.get(case.layer),
        files=(data / case.file,),
        actor="tester",
        mode="replace",
        mapping=case.into,
        constants=case.set,
        layer_in_file=case.within,
        crs=case.crs,
        encoding=case.encoding,
    )
    before = rows(town, case.layer)
    with town.connect(Machine.LOADER) as conn:
        if case.refusal is not None:
            with pytest.raises(RefusedError) as refused:
                run(conn, order)
            assert case.refusal in refused.value.detail.en
            assert rows(town, case.layer) == before, "nothing changed"
            return
        report = run(conn, order)
    assert (report.read, report.loaded, report.repaired) == (case.read, case.loaded, case.repaired)
    assert report.read == report.loaded + report.refused
    assert sum(group.count for group in report.refusals) == report.refused
    assert rows(town, case.layer) == case.loaded
    if case.file.endswith(COUNTED):
        with warnings.catch_warnings():
            # it says that it leaves out M, which nobody asked it for
            warnings.simplefilter("ignore")
            known = pyogrio.read_info(data / case.file, layer=case.within, force_feature_count=True)
        assert known["features"] == case.read


def test_enough_of_them_are_loaded() -> None:
    """A table that refuses everything would be easy to keep."""
    loaded = {(case.file, case.within) for case in CASES if case.refusal is None}
    assert len(loaded) >= 60
    assert all(case.loaded for case in CASES if case.refusal is None)


def test_thai_letters_come_out_of_the_thai_code_page(
    towns: dict[str, TownHandle], data: Path
) -> None:
    """ISO 8859-11, said by its .cpg: every text is one Thai letter."""
    town = towns["gulf"]
    order = ImportOrder(
        layer=catalog.get("facilities"),
        files=(data / "d_nasty/encodings/encoding_885911.shp",),
        actor="tester",
        mode="replace",
        mapping={"code": "@row", "name": "data"},
    )
    with town.connect(Machine.LOADER) as conn:
        run(conn, order)
        names = [row[0] for row in conn.execute("SELECT name FROM town.facilities ORDER BY id")]
    text = "".join(str(name) for name in names if name)
    assert text
    assert sum("\u0e00" <= letter <= "\u0e7f" for letter in text) > len(text) / 2, text
