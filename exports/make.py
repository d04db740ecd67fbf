"""An order from what somebody asked of a layer: the one place the server and the command share."""

from collections.abc import Mapping
from dataclasses import dataclass

from db.queries.export import Statements, has_geometry
from db.queries.features import Page
from db.towns import TownSpec
from exports.formats import Format
from exports.order import Column, Geometry, Order
from layers.model import SYSTEM_FIELDS, Field, Layer
from layers.text import Lang


@dataclass(frozen=True)
class Wishes:
    """What does not change which rows come: language of titles, and what CSV is like."""

    lang: Lang = "th"
    gzip: bool = False
    head: bool = False
    bom: bool = False
    guard: bool = False


def in_file_order(fields: tuple[Field, ...]) -> tuple[Field, ...]:
    """The id, which is always there, then the layer's own fields, then where a row comes from."""
    number = SYSTEM_FIELDS[0]
    system = {field.name for field in SYSTEM_FIELDS}
    own = tuple(field for field in fields if field.name not in system)
    rest = tuple(field for field in fields if field.name in system and field != number)
    return (number, *own, *rest)


def order_for(
    page: Page,
    kind: Format,
    statements: Statements,
    *,
    url: str,
    town: TownSpec,
    licences: Mapping[str, str],
    selection: Mapping[str, str],
    wishes: Wishes,
    folder: str,
    most_bytes: int = 0,
    seconds: int = 0,
) -> Order:
    """The order of one export; the SQL in it sees what the login of `url` sees."""
    layer: Layer = page.layer
    geometry = None
    if layer.geometry is not None and has_geometry(page):
        geometry = Geometry(layer.geometry.value, page.srid)
    return Order(
        url=url,
        suffix=kind.suffix,
        setup=statements.setup,
        about=statements.about,
        copy=statements.copy,
        columns=tuple(
            Column(field.name, field.type.value, field.title.th, field.title.en, field.unit)
            for field in page.fields
        ),
        geometry=geometry,
        layer=layer.id,
        title_th=layer.title.th,
        title_en=layer.title.en,
        description_th=layer.description.th,
        description_en=layer.description.en,
        town_th=town.name.th,
        town_en=town.name.en,
        synthetic=town.synthetic,
        licences=licences,
        selection=selection,
        lang=wishes.lang,
        folder=folder,
        most_bytes=most_bytes,
        seconds=seconds,
        gzip=wishes.gzip,
        head=wishes.head,
        bom=wishes.bom,
        guard=wishes.guard,
    )
