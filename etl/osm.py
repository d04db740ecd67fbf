"""OpenStreetMap extracts (PBF): which of their features each of our layers is made of.

A PBF holds everything of a region in five layers by geometry; the features of one of ours are
chosen by their tags and by the town's surroundings, and their tags are put into our words. The
tags that become columns are named in `osmconf.ini` beside this file.
"""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
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
_LAYER = re.compile(r"[+-]?\d")
_SPEED = re.compile(r"(\d+(?:\.\d+)?)\s*(mph|km/h|kmh|kph)?")
_METRES = re.compile(r"(\d+(?:\.\d+)?)\s*(?:m|metres?|meters?)?")
_KEY, _ONEWAY, _SPEED_KMH, _THAI = "osm_key", "oneway_along", "speed_kmh", "name_here"
_BRIDGE, _LEVEL = "is_bridge", "level_of"
_BUILDING, _STOREYS, _HEIGHT = "building_kind", "whole_storeys", "height_metres"
_WKB = "__wkb"


@dataclass(frozen=True)
class Extract:
    """What makes a layer: OSM layers, condition (OGR SQL), and how tags become its fields.

    `as_points` turns what is drawn as an area into a point inside it.
    """

    osm_layers: tuple[str, ...]
    where: str
    map: dict[str, str]
    codes: dict[str, dict[str, str]]
    as_points: bool = False

    @property
    def sql(self) -> str:
        """The selection as GDAL's OSM driver answers it, reading the file just once."""
        return " UNION ALL ".join(
            f"SELECT * FROM {layer} WHERE {self.where}"  # noqa: S608 - constants
            for layer in self.osm_layers
        )


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
_BUILDINGS = {
    **dict.fromkeys(("house", "detached", "semidetached_house", "terrace"), "residential"),
    **dict.fromkeys(("residential", "apartments", "dormitory", "bungalow"), "residential"),
    **dict.fromkeys(("hut", "cabin", "stilt_house", "houseboat"), "residential"),
    **dict.fromkeys(("commercial", "retail", "office", "hotel", "kiosk"), "commercial"),
    **dict.fromkeys(("shop", "supermarket", "marketplace", "bank", "restaurant"), "commercial"),
    **dict.fromkeys(("industrial", "warehouse", "manufacture", "factory"), "industrial"),
    **dict.fromkeys(("storage_tank", "silo"), "industrial"),
    **dict.fromkeys(("government", "public", "civic", "townhall", "fire_station"), "public"),
    **dict.fromkeys(("police", "community_centre", "library", "train_station"), "public"),
    **dict.fromkeys(("school", "kindergarten", "college", "university"), "education"),
    **dict.fromkeys(("hospital", "clinic", "doctors", "health_post"), "health"),
    **dict.fromkeys(("temple", "church", "mosque", "chapel", "shrine"), "religious"),
    **dict.fromkeys(("religious", "monastery", "place_of_worship"), "religious"),
    **dict.fromkeys(("farm", "farm_auxiliary", "barn", "greenhouse", "cowshed"), "farm"),
    "*": "other",
    "": "",
}


def _among(tag: str, values: dict[str, str]) -> str:
    quoted = ", ".join(f"'{value}'" for value in values if value not in ("", "*"))
    return f'"{tag}" IN ({quoted})'


EXTRACTS: dict[str, Extract] = {
    "roads": Extract(
        osm_layers=("lines",),
        where=_among("highway", _ROADS),
        map={
            "code": _KEY,
            "class": "highway",
            "name": _THAI,
            "oneway": _ONEWAY,
            "speed_kmh": _SPEED_KMH,
            "bridge": _BRIDGE,
            "level": _LEVEL,
        },
        codes={"class": _ROADS},
    ),
    "water": Extract(
        osm_layers=("multipolygons",),
        where="\"natural\" = 'water' OR \"waterway\" = 'riverbank'"
        " OR \"landuse\" IN ('reservoir', 'basin')",
        map={"code": _KEY, "name": _THAI, "kind": "water"},
        codes={"kind": _WATER},
    ),
    "facilities": Extract(
        # a school is a point on one street and the whole of its grounds on the next
        osm_layers=("points", "multipolygons"),
        where=_among("amenity", _FACILITIES),
        map={"code": _KEY, "name": _THAI, "kind": "amenity", "phone": "phone"},
        codes={"kind": _FACILITIES},
        as_points=True,
    ),
    "buildings": Extract(
        osm_layers=("multipolygons",),
        where="\"building\" IS NOT NULL AND \"building\" NOT IN ('no', 'ruins', 'roof')",
        map={
            "code": _KEY,
            "name": _THAI,
            "kind": _BUILDING,
            "storeys": _STOREYS,
            "height_m": _HEIGHT,
        },
        codes={"kind": _BUILDINGS},
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


def in_our_words(table: pa.Table, extract: Extract) -> pa.Table:
    """The table with the columns no tag holds as it stands: key, local name, way of travel, height.

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
        made[_BRIDGE] = [str(row.get("bridge") not in (None, "no")).lower() for row in rows]
        made[_LEVEL] = [_level(row.get("layer")) for row in rows]
    if "building" in table.column_names:
        made[_BUILDING] = [_building(row) for row in rows]
        made[_STOREYS] = [_storeys(row.get("building:levels")) for row in rows]
        made[_HEIGHT] = [_metres(row.get("height")) for row in rows]
    for name, values in made.items():
        table = table.append_column(name, pa.array(values, type=pa.string()))
    return _with_points(table) if extract.as_points else table


def _with_points(table: pa.Table) -> pa.Table:
    """Areas as a point inside them; a shape that cannot be read stays for the checks to refuse."""
    column = table.schema.get_field_index(_WKB)
    shapes = shapely.from_wkb(table.column(column).to_pylist(), on_invalid="ignore")
    area = shapely.get_dimensions(shapes) == 2  # noqa: PLR2004 - OGC: an area
    inside = shapely.to_wkb(shapely.point_on_surface(shapes[area]))
    told = np.asarray(table.column(column).to_pylist(), dtype=object)
    told[area] = inside
    field = table.schema.field(column)
    return table.set_column(column, field, pa.array(list(told), type=field.type))


def _key(row: dict[str, object]) -> str | None:
    if row.get("osm_way_id"):
        return f"way/{row['osm_way_id']}"
    number = row.get("osm_id")
    if not number:
        return None
    if "highway" in row:
        return f"way/{number}"
    wkb = row.get(_WKB)
    point = isinstance(wkb, bytes) and shapely.get_dimensions(shapely.from_wkb(wkb)) == 0
    return f"{'node' if point else 'relation'}/{number}"


def _building(row: dict[str, object]) -> str | None:
    """What a building is for; its `amenity` where the tag only says that there is one."""
    said = row.get("building")
    return str(row.get("amenity") or "") if said == "yes" else str(said or "")


def _storeys(said: object) -> str | None:
    found = _METRES.fullmatch(str(said).strip()) if said else None
    # half a storey is room below the roof
    return None if found is None or float(found[1]) < 1 else str(int(float(found[1])))


def _metres(said: object) -> str | None:
    found = _METRES.fullmatch(str(said).strip().lower()) if said else None
    return None if found is None else found[1]


def _oneway(row: dict[str, object]) -> str:
    said = row.get("oneway")
    if said in ("yes", "true", "1"):
        return "forward"
    if said in ("-1", "reverse"):
        return "backward"
    # by OSM's own rule a roundabout and a motorway go one way unless said otherwise
    around_or_fast = row.get("junction") == "roundabout" or row.get("highway") == "motorway"
    return "forward" if said is None and around_or_fast else "no"


def _level(said: object) -> str:
    """OSM's `layer`; 0, the ground, where nothing or nonsense is said."""
    found = _LAYER.fullmatch(str(said).strip()) if said else None
    return "0" if found is None else str(int(found[0]))


def _speed(said: object) -> str | None:
    found = _SPEED.fullmatch(str(said).strip()) if said else None
    if found is None:
        return None
    return f"{float(found[1]) * (_MILE_KM if found[2] == 'mph' else 1):g}"
