"""Flood features as GISTDA's satellites see them: cells to one outline a pass and tambon.

Radar sees open water. It misses water among houses and under trees: a cell with no flooded area,
and a tambon without a cell, are not dry, and are never stored as such. The service echoes the key
in `links[].href`; `strip` takes links and keys out before anything is stored or logged.
"""

from collections.abc import Callable
from datetime import UTC, datetime

import orjson
import shapely
from shapely import MultiPolygon
from shapely.errors import GEOSException, ShapelyError

from etl.feeds.mapping import Mapping
from etl.feeds.parsed import BAD_ROW, Door, Parsed, RowError, Rows, Zone
from etl.feeds.reading import document, listed, time_of, value_of, within, word, wrong_shape
from layers.text import Text

NOT_DRY = Text(
    th="ดาวเทียมไม่เห็นน้ำในช่องนี้ ซึ่งไม่ได้แปลว่าแห้ง (เรดาร์มองไม่เห็นน้ำในย่านแน่นทึบและใต้ต้นไม้)",
    en="no water seen in this cell, which does not mean dry (radar misses dense town and trees)",
)
NOT_NEAR = Text(th="อยู่ไกลจากเมือง", en="far from the town")
NO_OUTLINE = Text(th="ไม่มีรูปพื้นที่ที่ใช้ได้", en="there is no outline that can be used")
NO_AREA = Text(
    th="ไม่มีพื้นที่น้ำท่วม (f_area) ที่เป็นตัวเลข", en="there is no flooded area (f_area) as a number"
)
CAVEAT = Text(
    th="เห็นจากดาวเทียม: ช่องที่วาดท่วมเพียงบางส่วน และที่ไม่วาดไม่ได้แปลว่าแห้ง",
    en="Seen by satellite: the cells drawn are flooded in part, and what is not drawn is not dry.",
)
NO_PASS = Text(
    th="แหล่งข้อมูลไม่บอกเวลาที่ดาวเทียมผ่าน บอก seen_at ใน mapping ถ้ามี",
    en="The source does not say when the satellite passed: name seen_at in the mapping if it does.",
)
_WORLD = shapely.box(-180, -90, 180, 90)
_ECHOES = frozenset({"links", "link", "href", "url", "api_key", "apikey", "key", "token"})

Cell = tuple[datetime | None, str]


def parse(
    body: bytes, door: Door, mapping: Mapping, near: Callable[[shapely.Geometry], bool]
) -> Parsed:
    """Outlines of an answer for which `near` (EPSG:4326) holds, one a pass and tambon.

    UnreadableAnswerError when it is another shape.
    """
    tally = Rows()
    answer = document(body)
    features = within(answer, "features")
    if not isinstance(features, list):
        raise wrong_shape("features[]", answer)
    seen: dict[Cell, list[shapely.Geometry]] = {}
    for feature in listed(features, tally):
        try:
            key, outline = _cell(feature, door, mapping, near)
            seen.setdefault(key, []).append(outline)
            tally.kept += 1
        except RowError as error:
            tally.refuse(error.reason, _shown(feature))
    zones = tuple(_zone(key, cells) for key, cells in sorted(seen.items(), key=str))
    undated = any(zone.seen_at is None for zone in zones)
    return Parsed(
        tally.read,
        tally.kept,
        zones=zones,
        refused=tally.finish(),
        notes=(CAVEAT, NO_PASS) if undated else (CAVEAT,),
    )


def strip(found: object) -> object:
    """A document without links, addresses and keys, however deep they lie."""
    if isinstance(found, dict):
        return {name: strip(part) for name, part in found.items() if name.lower() not in _ECHOES}
    if isinstance(found, list):
        return [strip(part) for part in found]
    return found


def stripped(body: bytes) -> bytes:
    """The bytes of an answer without links and keys; empty where it is no JSON at all."""
    try:
        return orjson.dumps(strip(orjson.loads(body)))
    except (orjson.JSONDecodeError, orjson.JSONEncodeError, RecursionError):
        return b""


def _cell(
    feature: object, door: Door, mapping: Mapping, near: Callable[[shapely.Geometry], bool]
) -> tuple[Cell, shapely.Geometry]:
    facts = within(feature, "properties")
    if not isinstance(facts, dict):
        raise RowError(BAD_ROW)
    area = value_of(facts.get("f_area"))
    if area is None:
        raise RowError(NO_AREA)
    if area <= 0:
        raise RowError(NOT_DRY)
    outline = _outline(within(feature, "geometry"))
    if not near(outline):
        raise RowError(NOT_NEAR)
    at = None
    if mapping.seen_at is not None:
        at = door.time(time_of(facts.get(mapping.seen_at)))
    return (at, word(facts.get("tb_idn")) or "none"), outline


def _outline(told: object) -> shapely.Geometry:
    try:
        found = shapely.make_valid(shapely.from_geojson(orjson.dumps(told)))
    except (GEOSException, ShapelyError, TypeError, ValueError):
        raise RowError(NO_OUTLINE) from None
    found = shapely.force_2d(found)
    if found.geom_type not in ("Polygon", "MultiPolygon") or found.is_empty:
        raise RowError(NO_OUTLINE)
    if not _WORLD.covers(found):
        raise RowError(NO_OUTLINE)
    return found


def _zone(key: Cell, cells: list[shapely.Geometry]) -> Zone:
    at, tambon = key
    whole = shapely.union_all(cells)
    parts = [part for part in shapely.get_parts(whole) if part.geom_type == "Polygon"]
    moment = "undated" if at is None else at.astimezone(UTC).strftime("%Y%m%dT%H%MZ")
    place = "" if tambon == "none" else f" {tambon}"
    return Zone(f"gistda-{moment}-{tambon}", f"GISTDA{place}", at, MultiPolygon(parts))


def _shown(feature: object) -> str:
    told = (within(feature, "properties", name) for name in ("tb_idn", "f_area"))
    return " ".join(str(cell) for cell in told)
