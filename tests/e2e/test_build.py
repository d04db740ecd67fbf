"""The built page: small enough, everything from its own origin, locked without addresses."""

import gzip
import json
import re
from pathlib import Path

DASHBOARD = Path(__file__).resolve().parents[2] / "maps" / "dashboard"
LIMIT_KB = 500
FONTS = {
    f"sarabun-{part}-normal.woff2" for part in ("thai-400", "thai-700", "latin-400", "latin-700")
}


def _first_map() -> dict[str, int]:
    """What the first map needs, name to gzip bytes: page, scripts, worker, style sheets."""
    dist = DASHBOARD / "dist"
    assets = [dist / "index.html", *(dist / "assets").iterdir()]
    return {
        file.name: len(gzip.compress(file.read_bytes(), 6))
        for file in assets
        if file.suffix in (".html", ".js", ".mjs", ".css")
    }


def test_the_bundle_stays_below_500_kb() -> None:
    sizes = _first_map()
    total = sum(sizes.values()) / 1000
    print(f"bundle {total:.0f} kB gzip: {sizes}")
    assert any(name.startswith("maplibre-gl-worker") for name in sizes)
    assert total < LIMIT_KB


def test_the_page_has_nothing_inline_and_nothing_foreign() -> None:
    page = (DASHBOARD / "dist" / "index.html").read_text(encoding="utf-8")
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
    assert {"lit", "maplibre-gl"} == set(direct["dependencies"])
