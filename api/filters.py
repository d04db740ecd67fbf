"""`?filter=` in CQL2, as items and tiles take it: parsed once, over what the caller may see."""

from collections.abc import Mapping

from api.ogc.crs import CRS84
from db.queries.cql2_parse import Node
from db.queries.cql2_parse import parse as parse_cql2
from layers.errors import BadRequestError
from layers.model import Layer, Role
from layers.privacy import visible_fields
from layers.text import Text

PARAMETERS = ("filter", "filter-lang", "filter-crs")
LANGUAGES = ("cql2-text", "cql2-json")


def parse(given: Mapping[str, str], layer: Layer, role: Role) -> Node | None:
    """The condition of a request's parameters; BadRequestError names what cannot be used.

    A hidden property is refused like one that never was. Coordinates are longitude, latitude.
    """
    lang = given.get("filter-lang", LANGUAGES[0])
    if lang not in LANGUAGES:
        names = ", ".join(LANGUAGES)
        raise BadRequestError(
            Text(
                th=f"filter-lang “{lang}” ใช้ไม่ได้ ที่ใช้ได้คือ {names}",
                en=f"filter-lang “{lang}” is not offered. Those that are: {names}.",
            )
        )
    crs = given.get("filter-crs", CRS84)
    if crs != CRS84:
        raise BadRequestError(
            Text(
                th=f"filter-crs ใช้ได้เฉพาะ {CRS84} (ลองจิจูด, ละติจูด)",
                en=f"filter-crs must be {CRS84} (longitude, latitude).",
            )
        )
    if "filter" not in given:
        return None
    fields = {field.name: field for field in visible_fields(layer, role)}
    return parse_cql2(given["filter"], fields, has_geometry=layer.geometry is not None, lang=lang)
