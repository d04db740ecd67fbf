"""Brings a town to where it can be served: made, migrated, and with its demo data when empty."""

from db.connect import connect_admin
from db.datasets import list_datasets
from db.migrate import migrate
from db.towns import TownSpec, create_town, list_towns
from etl.demo.towns import DEMO_TOWNS
from layers.errors import NotFoundError
from layers.text import Text
from ops.progress import Progress
from ops.session import Server


def need_town(server: Server, town_id: str, progress: Progress, *, demo: bool) -> None:
    """Create the town when it is a demo town, migrate it, load its demo when it is empty.

    Raises NotFoundError for a town that neither exists nor has a demo.
    """
    known = {town.id for town in list_towns(server.url)}
    fresh = town_id not in known
    if fresh and town_id not in DEMO_TOWNS:
        raise NotFoundError(
            Text(
                th=f"ไม่มีเมือง “{town_id}” สร้างด้วย ./muang town new {town_id} หรือใช้เมืองสาธิต "
                f"{' '.join(DEMO_TOWNS)}",
                en=f"There is no town “{town_id}”. Make it with ./muang town new {town_id}, "
                f"or use a demo town: {' '.join(DEMO_TOWNS)}.",
            )
        )
    if fresh:
        with progress.step(Text(th=f"สร้างเมือง {town_id}", en=f"Making the town {town_id}")):
            create_town(server.url, server.secret, demo_spec(town_id))
    else:
        with progress.step(Text(th="ปรับปรุงโครงสร้างข้อมูล", en="Migrating the town's database")):
            migrate(server.url, server.secret, town_id)
    if demo and town_id in DEMO_TOWNS and _is_empty(server, town_id):
        _load_demo(server, town_id, progress)


def demo_spec(town_id: str) -> TownSpec:
    """What makes a demo town."""
    town = DEMO_TOWNS[town_id]
    return TownSpec(
        id=town.id, name=town.name, srid=town.srid, synthetic=True, codes=dict(town.codes)
    )


def _is_empty(server: Server, town_id: str) -> bool:
    with connect_admin(server.url, town_id) as conn:
        return not list_datasets(conn)


def _load_demo(server: Server, town_id: str, progress: Progress) -> None:
    # here, because it brings geopandas along, which a second start can do without
    from etl.demo import load_town

    load_town(town_id, server.url, server.secret, progress)
