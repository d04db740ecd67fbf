"""Leaflet, jQuery and Sarabun for a folium page that asks nobody for anything.

folium's own pages fetch their scripts from four outside hosts. Ours carry them inside: the files
come from npm packages (Leaflet BSD-2-Clause, jQuery MIT, Sarabun OFL-1.1) that the dashboard's
build copies into `maps/dashboard/dist/assets/`, their licences beside them.
"""

import base64
import re
from dataclasses import dataclass
from pathlib import Path

from layers.errors import UnavailableError
from layers.text import Text

BUILT = Path(__file__).parent / "dashboard" / "dist" / "assets"

_URL = re.compile(r"url\((images/[^)]+)\)")
_FACES = (("thai", "unicode-range: U+0E00-0E7F;"), ("latin", ""))


@dataclass(frozen=True)
class FoliumAssets:
    """Texts to put inside a page: scripts in the order they run, one style sheet."""

    scripts: tuple[str, ...]
    css: str


def read(folder: Path = BUILT) -> FoliumAssets:
    """The assets of the dashboard's build; UnavailableError says how to get them."""
    folium = folder / "folium"
    try:
        leaflet = (folium / "leaflet.js").read_text(encoding="utf-8")
        jquery = (folium / "jquery.slim.min.js").read_text(encoding="utf-8")
        css = (folium / "leaflet.css").read_text(encoding="utf-8")
        inlined = _URL.sub(lambda found: f"url({_png(folium / found[1])})", css)
        marker = _default_marker(folium / "images")
        faces = "".join(_face(folder / "fonts", script, limit) for script, limit in _FACES)
    except FileNotFoundError as missing:
        raise UnavailableError(
            Text(
                th="ยังไม่มีไฟล์สำหรับวาดแผนที่ (Leaflet) สั่ง ./muang up หนึ่งครั้งเพื่อสร้าง",
                en="The files that draw this map (Leaflet) are not built yet; "
                "run ./muang up once, it builds them.",
            ),
            file=str(missing.filename),
        ) from missing
    return FoliumAssets(scripts=(_without_source_map(leaflet), marker, jquery), css=inlined + faces)


def _without_source_map(script: str) -> str:
    """The script without the comment that makes a browser's tools ask for its source map."""
    return re.sub(r"^//# sourceMappingURL=.*$", "", script, flags=re.MULTILINE)


def _png(path: Path) -> str:
    return f"data:image/png;base64,{base64.b64encode(path.read_bytes()).decode()}"


def _face(fonts: Path, script: str, limit: str) -> str:
    font = base64.b64encode((fonts / f"sarabun-{script}-400-normal.woff2").read_bytes()).decode()
    return (
        '@font-face { font-family: "Sarabun"; font-weight: 400;'
        f' src: url(data:font/woff2;base64,{font}) format("woff2"); {limit} }}\n'
    )


def _default_marker(images: Path) -> str:
    """Makes an ordinary `folium.Marker` work: Leaflet would look for its pin beside the page."""
    return (
        "L.Icon.Default.imagePath = '';"
        "L.Icon.Default.mergeOptions({"
        f"iconUrl: '{_png(images / 'marker-icon.png')}',"
        f"iconRetinaUrl: '{_png(images / 'marker-icon-2x.png')}',"
        f"shadowUrl: '{_png(images / 'marker-shadow.png')}'"
        "});"
    )
