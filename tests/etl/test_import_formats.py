"""The whole way into a town for what is not one plain file: folder, archive, sheet, KMZ."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import TownHandle
from tests.etl import made
from tests.etl.files import do, order, rows


def _sheet(folder: Path) -> Path:
    """Two sheets, of which one is meant, with UTM coordinates."""
    places: list[list[object]] = [["ทะเบียน", None, None], ["code", "easting", "northing"]]
    places += [[f"S{n}", 524_500 + n, 1_685_600 + n] for n in range(3)]
    return made.xlsx(folder / "two.xlsx", {"อื่น": [["a"], ["1"]], "สถานที่": places})


def _gdb(folder: Path) -> Path:
    return made.MAKERS["filegdb"][1](folder)


def _kmz(folder: Path) -> Path:
    return made.MAKERS["kmz"][1](folder)


@pytest.mark.parametrize(
    ("make", "mapping", "options"),
    [
        (_gdb, {"code": "name_th"}, {}),
        (_kmz, {"code": "name"}, {}),
        (_sheet, {"code": "code"}, {"layer_in_file": "สถานที่", "crs": "EPSG:32648"}),
    ],
)
def test_a_file_of_many_parts_comes_in(  # noqa: PLR0917  one for each column above
    shared_town: TownHandle,
    tmp_path: Path,
    make: Callable[[Path], Path],
    mapping: dict[str, str],
    options: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    middle = rows(
        shared_town,
        "SELECT ST_X(p), ST_Y(p) FROM (SELECT ST_Transform(ST_Centroid(geom), 4326) p"
        " FROM town.town_boundary) b",
    )[0]
    monkeypatch.setattr(made, "PLACES", tuple((middle[0] + n / 1e4, middle[1]) for n in range(3)))
    path = make(tmp_path)
    report = do(
        shared_town,
        order(
            "facilities",
            str(path),
            mode="replace",
            mapping=mapping,
            constants={"kind": "temple"},
            **options,
        ),
    )
    assert (report.read, report.loaded, report.refused) == (3, 3, 0)
