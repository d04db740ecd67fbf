"""A layer of a town written to a file in this process, as the program of the server writes it."""

from pathlib import Path

from psycopg import ClientCursor

from db.connect import Machine
from db.queries import export as queries
from db.queries.features import Page
from db.towns import get_town
from exports import worker
from exports.formats import FORMATS, WGS84
from exports.make import Wishes, in_file_order, order_for
from layers.model import Layer, Role
from layers.privacy import visible_fields
from tests.conftest import TownHandle


def written(
    town: TownHandle, layer: Layer, suffix: str, folder: Path, wishes: Wishes = Wishes()
) -> Path:
    """The layer as an administrator sees it, in the format's own CRS."""
    kind = FORMATS[suffix]
    page = Page(
        layer=layer,
        role=Role.ADMIN,
        fields=in_file_order(visible_fields(layer, Role.ADMIN)),
        town_srid=town.srid,
        srid=WGS84 if kind.degrees else town.srid,
    )
    with town.connect(Machine.SERVICE) as conn:
        spec = get_town(conn)
        statements = queries.statements(ClientCursor(conn), page, kind.shape.value, None)
        licences = queries.licences_now(conn, layer.id)
    work = folder / "work"
    work.mkdir(exist_ok=True)
    order = order_for(
        page,
        kind,
        statements,
        url=town.url(Role.ADMIN),
        town=spec,
        licences=licences,
        selection={},
        wishes=wishes,
        folder=str(work),
    )
    path = folder / f"{layer.id}.{suffix}"
    with path.open("wb") as out, worker.opened(order) as (_, pieces):
        out.writelines(pieces)
    return path
