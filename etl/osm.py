"""OpenStreetMap extracts (PBF): which of their features each of our layers is made of.

A PBF holds everything of a region in five layers by geometry; the features of one of ours are
chosen by their tags and by the town's surroundings, and their tags are put into our words. The
tags that become columns are named in `osmconf.ini` beside this file.
"""

import re
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import shapely

from etl.crs import TownArea
from etl.profile import SourceProfile

CONFIG = Path(__file__).with_name("osmconf.ini")
SOURCE = "OpenStreetMap"
LICENCE = "ODbL 1.0, © OpenStreetMap contributors"
MARGIN_M = 2_000.0
"""Features this far around the town are taken too: a map does not end at the boundary."""

_MILE_KM = 1.609344
_SPEED = re.compile(r"(\d+(?:\.\d+)?)\s*(mph|km/h|kmh|kph)?")
_KEY, _ONEWAY, _SPEED_KMH, _THAI = "osm_key", "oneway_along", "speed_kmh", "name_here"


@dataclass(frozen=True)
class Extract:
    """What makes a layer: OSM layer, condition (OGR SQL), and how tags become its fields."""

    osm_layer: str
    where: str
    map: dict[str, str]
    codes: dict[str, dict[str, str]]

    @property
    def sql(self) -> str:
        """The selection as GDAL's OSM driver answers it, reading the file just once."""
        return f"SELECT * FROM {self.osm_layer} WHERE {self.where}"  # noqa: S608 - constants


_ROADS = {
    **dict.fromkeys(("motorway", "motorway_link", "trunk", "trunk_link"), "trunk"),
    **dict.fromkeys(("primary", "primary_link"), "primary"),
    **dict.fromkeys(("secondary", "secondary_link", "tertiary", "tertiary_link"), "secondary"),
    **dict.fromkeys(("residential", "unclassified", "living_street", "road"), "residential"),
    **dict.fromkeys(("service", "pedestrian"), "service"),
    "track": "track",
}
_WATER = {
    **dict.fromkeys(("river", "riverbank", "oxbow", "stream"), "river"),
    **dict.fromkeys(("canal", "ditch", "drain", "moat"), "canal"),
    "sea": "sea",
    "*": "pond",
    "": "pond",
}
_FACILITIES = {
    "hospital": "hospital",
    **dict.fromkeys(("clinic", "doctors", "health_post"), "clinic"),
    **dict.fromkeys(("school", "kindergarten", "college", "university"), "school"),
    "place_of_worship": "temple",
    "fire_station": "fire_station",
    "police": "police",
    "marketplace": "market",
    "townhall": "government",
}


def _among(tag: str, values: dict[str, str]) -> str:
    quoted = ", ".join(f"'{value}'" for value in values if value not in ("", "*"))
    return f'"{tag}" IN ({quoted})'


EXTRACTS: dict[str, Extract] = {
    "roads": Extract(
        osm_layer="lines",
        where=_among("highway", _ROADS),
        map={
            "code": _KEY,
            "class": "highway",
            "name": _THAI,
            "oneway": _ONEWAY,
            "speed_kmh": _SPEED_KMH,
        },
        codes={"class": _ROADS},
    ),
    "water": Extract(
        osm_layer="multipolygons",
        where="\"natural\" = 'water' OR \"waterway\" = 'riverbank'"
        " OR \"landuse\" IN ('reservoir', 'basin')",
        map={"code": _KEY, "name": _THAI, "kind": "water"},
        codes={"kind": _WATER},
    ),
    "facilities": Extract(
        osm_layer="points",
        where=_among("amenity", _FACILITIES),
        map={"code": _KEY, "name": _THAI, "kind": "amenity", "phone": "phone"},
        codes={"kind": _FACILITIES},
    ),
}
"""Our layer -> what it is made of."""


def profile(layer_id: str) -> SourceProfile | None:
    """How the extract's columns become the layer's fields; None for a layer OSM has nothing of."""
    found = EXTRACTS.get(layer_id)
    if found is None:
        return None
    return SourceProfile(
        layer=layer_id, source=SOURCE, licence=LICENCE, map=found.map, codes=found.codes
    )


def around(town: TownArea) -> tuple[float, float, float, float] | None:
    """West, south, east, north in degrees of what is taken; None where no boundary is known."""
    box = town.box(MARGIN_M)
    if box is None:
        return None
    area = TownArea(town.srid, shapely.box(*box)).lonlat()
    if area is None:
        return None
    return (
        area.west_lon_degree,
        area.south_lat_degree,
        area.east_lon_degree,
        area.north_lat_degree,
    )


def in_our_words(table: pa.Table) -> pa.Table:
    """The table with the columns no tag holds as it stands: key, local name, way of travel, speed.

    A key names the OSM object and its kind (`way/1234`), because numbers repeat between kinds.
    """
    rows = table.to_pylist()
    made = {
        _KEY: [_key(row) for row in rows],
        _THAI: [row.get("name:th") or row.get("name") for row in rows],
    }
    if "highway" in table.column_names:
        made[_ONEWAY] = [_oneway(row) for row in rows]
        made[_SPEED_KMH] = [_speed(row.get("maxspeed")) for row in rows]
    for name, values in made.items():
        table = table.append_column(name, pa.array(values, type=pa.string()))
    return table


def _key(row: dict[str, object]) -> str | None:
    if row.get("osm_way_id"):
        return f"way/{row['osm_way_id']}"
    number = row.get("osm_id")
    if not number:
        return None
    if "osm_way_id" in row:
        return f"relation/{number}"
    return f"{'way' if 'highway' in row else 'node'}/{number}"


def _oneway(row: dict[str, object]) -> str:
    said = row.get("oneway")
    if said in ("yes", "true", "1"):
        return "forward"
    if said in ("-1", "reverse"):
        return "backward"
    # by OSM's own rule a roundabout and a motorway go one way unless said otherwise
    around_or_fast = row.get("junction") == "roundabout" or row.get("highway") == "motorway"
    return "forward" if said is None and around_or_fast else "no"


def _speed(said: object) -> str | None:
    found = _SPEED.fullmatch(str(said).strip()) if said else None
    if found is None:
        return None
    return f"{float(found[1]) * (_MILE_KM if found[2] == 'mph' else 1):g}"
