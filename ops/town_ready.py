"""Brings a town to where it can be served: made, migrated, and with its demo data when empty."""

from typing import TYPE_CHECKING

from db.connect import connect_admin
from db.datasets import list_datasets
from db.migrate import migrate
from db.towns import TownSpec, create_town, list_towns
from layers.catalog import imported
from layers.errors import NotFoundError
from layers.text import Text
from ops.progress import Progress
from ops.rasters import raster_root, writable
from ops.session import Server

if TYPE_CHECKING:
    from ops.demo_library import Plans


def need_town(server: Server, town_id: str, progress: Progress, *, demo: bool) -> None:
    """Create the town when it is a demo town, migrate it, load its demo when it is empty.

    Raises NotFoundError for a town that neither exists nor has a demo.
    """
    if town_id in {town.id for town in list_towns(server.url)}:
        with progress.step(Text(th="ปรับปรุงโครงสร้างข้อมูล", en="Migrating the town's database")):
            migrate(server.url, server.secret, town_id)
    else:
        spec = demo_spec(town_id)
        with progress.step(Text(th=f"สร้างเมือง {town_id}", en=f"Making the town {town_id}")):
            create_town(server.url, server.secret, spec)
    plans = None
    if demo and is_empty(server, town_id):
        plans = load_demo(server, town_id, progress)
    elif demo:
        _need_layers(server, town_id, progress)
        _need_rasters(server, town_id, progress)
    if demo:
        _need_libraries(server, town_id, progress, plans)
        _need_readings(server, town_id, progress)


def is_empty(server: Server, town_id: str) -> bool:
    """Whether the town holds nothing, or only the beginning of a demo that was broken off."""
    with connect_admin(server.url, town_id) as conn:
        datasets = list_datasets(conn)
    only_demo = all(dataset.synthetic for dataset in datasets)
    # layers are loaded in the catalog's order, so the last one is there when all are
    return only_demo and imported()[-1].id not in {dataset.layer for dataset in datasets}


def load_demo(server: Server, town_id: str, progress: Progress) -> "Plans | None":
    """Load the town's demo data; what its stage libraries are built of, None when it has none."""
    # here, because it brings geopandas along, which a second start can do without
    from etl.demo import DEMO_TOWNS, load_town

    if town_id not in DEMO_TOWNS:
        return None
    root = raster_root()
    rasters = root if writable(root) else None
    return load_town(town_id, server.url, server.secret, progress, rasters=rasters).stages


def _need_layers(server: Server, town_id: str, progress: Progress) -> None:
    """Bring a demo town the layers that were declared after it was loaded."""
    with connect_admin(server.url, town_id) as conn:
        datasets = list_datasets(conn)
    missing = frozenset(layer.id for layer in imported()) - {dataset.layer for dataset in datasets}
    if not missing or not all(dataset.synthetic for dataset in datasets):
        return
    from etl.demo import DEMO_TOWNS, need_layers

    if town_id in DEMO_TOWNS:
        need_layers(town_id, server.url, server.secret, progress, missing)


def _need_rasters(server: Server, town_id: str, progress: Progress) -> None:
    """See that a demo town that is there already has its rasters as well."""
    root = raster_root()
    synthetic = any(town.id == town_id and town.synthetic for town in list_towns(server.url))
    if not (synthetic and writable(root)):
        return
    from db.connect import Machine, connect
    from db.rasters import newest

    with connect(server.url, server.secret, town_id, Machine.LOADER) as conn:
        files = [record.file for record in newest(conn)]
    if files and all((root / town_id / name).is_file() for name in files):
        return
    from etl.demo import DEMO_TOWNS, need_rasters

    if town_id in DEMO_TOWNS:
        need_rasters(town_id, server.url, server.secret, progress, root)


def _need_libraries(
    server: Server, town_id: str, progress: Progress, plans: "Plans | None"
) -> None:
    """See that a demo town knows what each stage of its gauges floods."""
    from etl.demo import DEMO_TOWNS

    root = raster_root()
    if town_id not in DEMO_TOWNS or not writable(root):
        return
    from ops.demo_library import need_libraries

    need_libraries(server, town_id, progress, root, plans)


def _need_readings(server: Server, town_id: str, progress: Progress) -> None:
    """Bring a demo town's invented readings up to now."""
    from etl.demo import DEMO_TOWNS

    if town_id not in DEMO_TOWNS:
        return
    from datetime import UTC, datetime

    from db.connect import Machine, connect
    from etl.demo.gauges import need_readings

    title = Text(th="เติมค่าระดับน้ำสาธิตถึงปัจจุบัน", en="Bringing the demo's readings up to now")
    with progress.step(title), connect(server.url, server.secret, town_id, Machine.LOADER) as conn:
        need_readings(conn, town_id, datetime.now(UTC))


def demo_spec(town_id: str) -> TownSpec:
    """What makes a demo town; NotFoundError when there is no demo of that name."""
    from etl.demo import DEMO_TOWNS

    town = DEMO_TOWNS.get(town_id)
    if town is None:
        raise NotFoundError(
            Text(
                th=f"ไม่มีเมือง “{town_id}” สร้างด้วย ./muang town new {town_id} หรือใช้เมืองสาธิต "
                f"{' '.join(DEMO_TOWNS)}",
                en=f"There is no town “{town_id}”. Make it with ./muang town new {town_id}, "
                f"or use a demo town: {' '.join(DEMO_TOWNS)}.",
            )
        )
    return TownSpec(
        id=town.id, name=town.name, srid=town.srid, synthetic=True, codes=dict(town.codes)
    )
