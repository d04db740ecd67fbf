"""The documents around the features: landing page, conformance and collections."""

from typing import Any

from api.links import GEOJSON, JSON, SCHEMA, Link, link, with_query
from api.ogc.crs import CRS84, epsg, supported
from db.queries.town import Bounds
from db.towns import TownSpec
from exports.formats import FORMATS
from layers.model import Layer
from layers.text import Lang

OPENAPI_30 = "application/vnd.oai.openapi+json;version=3.0"
QUERYABLES = "http://www.opengis.net/def/rel/ogc/1.0/queryables"
SCHEMA_REL = "http://www.opengis.net/def/rel/ogc/1.0/schema"

CONFORMANCE = (
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/geojson",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/oas30",
    "http://www.opengis.net/spec/ogcapi-features-2/1.0/conf/crs",
    "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/queryables",
    "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/filter",
    "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/features-filter",
    "http://www.opengis.net/spec/ogcapi-features-4/1.0/conf/create-replace-delete",
    "http://www.opengis.net/spec/ogcapi-features-4/1.0/conf/update",
    "http://www.opengis.net/spec/ogcapi-features-4/1.0/conf/optimistic-locking-etags",
    "http://www.opengis.net/spec/cql2/1.0/conf/cql2-text",
    "http://www.opengis.net/spec/cql2/1.0/conf/cql2-json",
    "http://www.opengis.net/spec/cql2/1.0/conf/basic-cql2",
    "http://www.opengis.net/spec/cql2/1.0/conf/advanced-comparison-operators",
    "http://www.opengis.net/spec/cql2/1.0/conf/case-insensitive-comparison",
    "http://www.opengis.net/spec/cql2/1.0/conf/basic-spatial-functions",
)
"""Conformance classes the server meets; a class is named here only with a test that shows it."""


def landing(town: TownSpec, base: str, lang: Lang) -> dict[str, Any]:
    """The landing page of the town's features."""
    name = town.name.get(lang)
    return {
        "title": f"ข้อมูลเมือง {name}" if lang == "th" else f"Layers of {name}",
        "description": _about(town, lang),
        "links": [
            link("self", f"{base}/ogc/", JSON),
            link("service-desc", f"{base}/ogc/api", OPENAPI_30),
            link("service-doc", f"{base}/docs", "text/html"),
            link("conformance", f"{base}/ogc/conformance", JSON),
            link("data", f"{base}/ogc/collections", JSON),
        ],
    }


def _about(town: TownSpec, lang: Lang) -> str:
    if lang == "th":
        tail = " ข้อมูลสมมติเพื่อการสาธิต" if town.synthetic else ""
        return f"ชั้นข้อมูลของเมืองผ่าน OGC API Features{tail}"
    tail = " Synthetic demonstration data." if town.synthetic else ""
    return f"The town's layers as OGC API Features.{tail}"


def collections(
    layers: tuple[Layer, ...], town: TownSpec, bounds: Bounds | None, base: str, lang: Lang
) -> dict[str, Any]:
    """Every layer the caller may see."""
    return {
        "links": [link("self", f"{base}/ogc/collections", JSON)],
        "crs": [crs.uri for crs in supported(town.srid)],
        "collections": [collection(layer, town, bounds, base, lang) for layer in layers],
    }


def collection(
    layer: Layer, town: TownSpec, bounds: Bounds | None, base: str, lang: Lang
) -> dict[str, Any]:
    """One layer. Its extent is the town's: a personal layer's own would tell where people are."""
    here = f"{base}/ogc/collections/{layer.id}"
    made: dict[str, Any] = {
        "id": layer.id,
        "title": layer.title.get(lang),
        "description": layer.description.get(lang),
        "itemType": "feature",
        "crs": [crs.uri for crs in supported(town.srid)],
        "links": collection_links(layer, here, base),
    }
    if layer.geometry is not None:
        made["storageCrs"] = epsg(town.srid)
        if bounds is not None:
            made["extent"] = {"spatial": {"bbox": [list(bounds)], "crs": CRS84}}
    return made


def collection_links(layer: Layer, here: str, base: str) -> list[Link]:
    """What leads on from a collection."""
    found = [
        link("self", here, JSON),
        link("items", f"{here}/items", GEOJSON, layer.title.en),
        link(QUERYABLES, f"{here}/queryables", SCHEMA),
        link(SCHEMA_REL, f"{here}/schema", SCHEMA),
    ]
    found += [
        link("enclosure", f"{base}/exports/{layer.id}.{suffix}", kind.media_type, kind.title_en)
        for suffix, kind in FORMATS.items()
    ]
    if layer.geometry is not None:
        found.append(link("tilejson", f"{base}/tiles/{layer.id}.json", JSON))
    return found


def page_links(
    here: str, given: dict[str, str], *, limit: int, offset: int, matched: int, collection_at: str
) -> list[Link]:
    """Links of one page of items: itself, its neighbours, its collection."""
    found = [
        link("self", with_query(here, given), GEOJSON),
        link("collection", collection_at, JSON),
    ]
    turn = {**given, "limit": str(limit)}
    if offset + limit < matched:
        found.append(link("next", with_query(here, {**turn, "offset": offset + limit}), GEOJSON))
    if offset > 0:
        back = max(0, min(offset, matched) - limit)
        found.append(link("prev", with_query(here, {**turn, "offset": back}), GEOJSON))
    return found
