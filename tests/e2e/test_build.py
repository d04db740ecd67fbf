"""The built page: small enough, everything from its own origin, locked without addresses."""

import gzip
import json
import re
from pathlib import Path

import pytest

DASHBOARD = Path(__file__).resolve().parents[2] / "maps" / "dashboard"
LIMIT_KB = 500
LOGIN_KB = 40
FONTS = {
    f"sarabun-{part}-normal.woff2" for part in ("thai-400", "thai-700", "latin-400", "latin-700")
}


def _asked_for(page: str, *later: str) -> dict[str, int]:
    """What a page asks for at once, and `later` by their beginnings: name to gzip bytes."""
    dist = DASHBOARD / "dist"
    html = (dist / page).read_text(encoding="utf-8")
    at_once = set(re.findall(r'"/assets/([^"/]+\.(?:js|css))"', html))
    files = [file for file in (dist / "assets").iterdir() if file.is_file()]
    files = [file for file in files if file.suffix != ".br"]  # the same, packed by the build
    asked = [file for file in files if file.name in at_once or file.name.startswith(later)]
    return {file.name: len(gzip.compress(file.read_bytes(), 6)) for file in (dist / page, *asked)}


def test_the_bundle_stays_below_500_kb() -> None:
    sizes = _asked_for("index.html", "town-map-", "map-shared-", "map-worker-")
    total = sum(sizes.values()) / 1000
    print(f"bundle {total:.0f} kB gzip: {sizes}")
    assert {name.split("-")[0] for name in sizes} >= {"index", "town", "map"}
    assert total < LIMIT_KB


def test_page_and_worker_of_the_map_share_what_both_need() -> None:
    sizes = _asked_for("index.html", "map-")
    (worker,) = [size for name, size in sizes.items() if name.startswith("map-worker-")]
    (shared,) = [size for name, size in sizes.items() if name.startswith("map-shared-")]
    assert worker < shared / 10


def test_what_comes_before_the_map_is_packed_by_the_build() -> None:
    dist = DASHBOARD / "dist" / "assets"
    for name in _asked_for("index.html", "town-map-", "map-shared-", "map-worker-"):
        if name.endswith(".js"):
            packed = (dist / f"{name}.br").stat().st_size
            assert packed < len(gzip.compress((dist / name).read_bytes(), 6)), name


def test_the_sign_in_page_is_small() -> None:
    sizes = _asked_for("login.html")
    print(f"sign-in page {sum(sizes.values()) / 1000:.0f} kB gzip: {sizes}")
    assert sum(sizes.values()) / 1000 < LOGIN_KB


@pytest.mark.parametrize("name", ["index.html", "login.html"])
def test_the_page_has_nothing_inline_and_nothing_foreign(name: str) -> None:
    page = (DASHBOARD / "dist" / name).read_text(encoding="utf-8")
    assert not re.search(r"<script(?![^>]*\bsrc=)", page)
    assert not re.search(r"<style|\sstyle=|\son\w+=", page)
    assert re.findall(r"(?:src|href)=\"(?!/)[^\"]*\"", page) == []


def test_the_fonts_the_style_names_are_in_the_build() -> None:
    folder = DASHBOARD / "dist" / "assets" / "fonts"
    assert {file.name for file in folder.glob("*.woff2")} == FONTS


def test_the_lock_names_no_address() -> None:
    lock = json.loads((DASHBOARD / "package-lock.json").read_text(encoding="utf-8"))
    assert not [name for name, part in lock["packages"].items() if "resolved" in part]
    direct = lock["packages"][""]
    assert {"lit", "maplibre-gl", "pmtiles", "qrcode-generator", "uplot"} == set(
        direct["dependencies"]
    )
