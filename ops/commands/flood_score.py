"""`muang flood score`: a stage of the library against an extent that was seen."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from layers.errors import NotFoundError
from layers.text import Text
from ops.progress import Progress

if TYPE_CHECKING:
    from db.derived import AnyConnection
    from flood.score import Compared


def score(
    gauge: Annotated[str, typer.Argument(help="รหัสสถานี · gauge code")],
    stage: Annotated[float, typer.Argument(help="m MSL")],
    observed: Annotated[list[str], typer.Argument(help="รหัสเขตที่พบจริง · codes of observed zones")],
    *,
    map_: Annotated[
        Path | None, typer.Option("--map", help="write hit, miss and false alarm as GeoJSON")
    ] = None,
    town: Annotated[str | None, typer.Option(help="รหัสเมือง · town id")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
) -> None:
    """เทียบแบบจำลองกับที่พบจริง · CSI, POD, FAR and bias of a stage against what was seen."""
    from db import flood_library
    from flood.score import NOT_DRY, compare
    from ops.commands.imports import loader
    from ops.language import tongue

    with loader(town, Progress()) as (_, conn):
        model = flood_library.extent(conn, stage=(gauge, stage))
        seen = flood_library.extent(conn, codes=observed)
        if model is None or seen is None:
            raise NotFoundError(
                Text(
                    th=f"ไม่มีเขตของสถานี {gauge} ที่ {stage:g} ม. หรือเขตที่พบจริง {', '.join(observed)}",
                    en=f"There is no zone of gauge {gauge} at {stage:g} m, or no observed zone "
                    f"{', '.join(observed)}.",
                )
            )
        compared = compare(model, seen)
        if map_ is not None:
            map_.write_text(_map(conn, compared), encoding="utf-8")
    told = compared.score
    if as_json:
        print(json.dumps(asdict(told)))
        return
    figures = {"CSI": told.csi, "POD": told.pod, "FAR": told.far, "bias": told.bias}
    print("  ".join(f"{name} {'-' if v is None else f'{v:.3f}'}" for name, v in figures.items()))
    print(
        f"hit {told.hits / 1e6:.3f} km2, miss {told.misses / 1e6:.3f} km2, "
        f"false alarm {told.false_alarms / 1e6:.3f} km2"
    )
    print(f"! {NOT_DRY.get('en' if tongue() == 'en' else 'th')}")


def _map(conn: "AnyConnection", compared: "Compared") -> str:
    """The parts as a GeoJSON FeatureCollection."""
    from db.flood_library import as_geojson

    parts = {"hit": compared.hit, "miss": compared.miss, "false_alarm": compared.false_alarm}
    features = [
        {
            "type": "Feature",
            "properties": {"part": name},
            "geometry": json.loads(as_geojson(conn, shape)),
        }
        for name, shape in parts.items()
        if not shape.is_empty
    ]
    return json.dumps({"type": "FeatureCollection", "features": features})
