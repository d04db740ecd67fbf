"""Coordinate reference systems as OGC names them (Part 2), and the order of their axes."""

from dataclasses import dataclass
from functools import lru_cache

from pyproj import CRS
from pyproj.exceptions import CRSError

from layers.errors import BadRequestError
from layers.text import Text

CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
_EPSG = "http://www.opengis.net/def/crs/EPSG/0/"
_NORTHWARDS = frozenset({"north", "south"})


@dataclass(frozen=True)
class Crs:
    """A CRS answers can be given in. `flip`: its first axis points north, not east."""

    uri: str
    srid: int
    flip: bool


def epsg(srid: int) -> str:
    """The URI of an EPSG code."""
    return f"{_EPSG}{srid}"


@lru_cache(maxsize=16)
def supported(town_srid: int) -> tuple[Crs, ...]:
    """CRS84 (the default), latitude-longitude, Web Mercator, and the town's own last."""
    found = {
        uri: Crs(uri, srid, flip=False if uri == CRS84 else _north_first(srid))
        for uri, srid in (
            (CRS84, 4326),
            (epsg(4326), 4326),
            (epsg(3857), 3857),
            (epsg(town_srid), town_srid),
        )
    }
    return tuple(found.values())


def _north_first(srid: int) -> bool:
    try:
        axes = CRS.from_epsg(srid).axis_info
    except CRSError:
        return False
    return bool(axes) and axes[0].direction.lower() in _NORTHWARDS


def parse(uri: str | None, town_srid: int, parameter: str) -> Crs:
    """The CRS of a URI (also safe CURIEs `[EPSG:4326]`); BadRequestError names those there are."""
    known = {crs.uri: crs for crs in supported(town_srid)}
    asked = (uri or CRS84).strip()
    if asked.startswith("[EPSG:") and asked.endswith("]"):
        asked = f"{_EPSG}{asked[6:-1]}"
    elif asked == "[OGC:CRS84]":
        asked = CRS84
    found = known.get(asked)
    if found is None:
        names = ", ".join(known)
        raise BadRequestError(
            Text(
                th=f"{parameter} ไม่รู้จักระบบพิกัด “{uri}” ที่ใช้ได้คือ {names}",
                en=f"{parameter}: the CRS “{uri}” is not offered. Those that are: {names}.",
            )
        )
    return found
