"""The demo towns' stage libraries: built by the first `up`, kept by those after it."""

from collections.abc import Mapping
from pathlib import Path

from db.connect import Machine, connect
from db.datasets import list_datasets
from db.derived import AnyConnection
from db.flood_library import ever_built, libraries
from etl.demo import SOURCE
from etl.demo.plan import StagePlan
from etl.demo.raster import ERROR_M
from layers.text import Text
from ops.flood_ground import LibraryOrder
from ops.progress import Progress
from ops.session import Server

ACTOR = "demo"


Plans = Mapping[str, StagePlan]


def need_libraries(
    server: Server, town_id: str, progress: Progress, rasters: Path, plans: Plans | None = None
) -> None:
    """Build a demo town's libraries where there never were any, or their cells are gone.

    `rasters` is the folder of folders of rasters, `plans` the demo's where they are at hand. A
    library that was taken back stays so, and nothing happens where anything but the demo's data is.
    """
    with connect(server.url, server.secret, town_id, Machine.LOADER) as conn:
        need(conn, town_id, rasters / town_id, progress, plans)


def need(
    conn: AnyConnection,
    demo_id: str,
    folder: Path,
    progress: Progress,
    plans: Plans | None = None,
) -> None:
    """`need_libraries` over a connection as loader; `folder` is that of the town it leads to."""
    found = libraries(conn)
    whole = all(one.file is not None and (folder / one.file).is_file() for one in found)
    begun = ever_built(conn)
    strange = any(row.source != SOURCE for row in list_datasets(conn))
    conn.commit()
    if strange or (begun and whole):
        return
    # here, because a second start can do without it
    from etl.demo.assemble import stage_plans
    from ops.flood_library import build_library

    for gauge, plan in (plans or stage_plans(demo_id)).items():
        title = Text(
            th=f"คำนวณว่าแต่ละระดับน้ำของ {gauge} ท่วมถึงไหน (สาธิต)",
            en=f"Working out what each stage of {gauge} floods (demo)",
        )
        order = LibraryOrder(
            gauge,
            plan.low_m,
            plan.high_m,
            ACTOR,
            # invented together: the gauge counts from where the ground does
            offset_m=0.0,
            offset_error_m=0.0,
            error_m=ERROR_M,
            river=plan.river,
            slope=plan.slope,
            cell_m=plan.cell_m,
            source=SOURCE,
        )
        with progress.step(title) as step:
            build_library(conn, order, folder, step.report)
