"""How rows came about: every step of an import in order, with its parameters, and the versions.

Kept with the report, so that an import can be understood, and done again, years later.
"""

import subprocess
import sys
from collections.abc import Sequence
from functools import cache

import numpy as np
import pyproj
import shapely
from pyproj.database import get_database_metadata

from etl import curves, mending
from etl.report import FileReport, Step
from layers.model import Layer
from layers.version import VERSION

Parameter = str | float | int | list[str] | None


def chain(layer: Layer, files: Sequence[FileReport], mode: str, joins: int) -> tuple[Step, ...]:
    """The steps these files went through; the first of them are the rows, the others tables."""
    rows, tables = files[: len(files) - joins], files[len(files) - joins :]
    steps = [step for file in rows for step in _of_file(layer, file)]
    steps += [
        Step(step="join", file=table.name, parameters={"sha256": table.sha256}) for table in tables
    ]
    steps += [
        Step(step="check", parameters={"layer": layer.id, "key": list(layer.natural_key)}),
        Step(step="load", parameters={"mode": mode}),
    ]
    return tuple(steps)


def _of_file(layer: Layer, file: FileReport) -> list[Step]:
    found: list[tuple[str, dict[str, Parameter]]] = [
        (
            "read",
            {
                "sha256": file.sha256,
                "format": file.format,
                "layer_in_file": file.layer_in_file,
                "member": file.member,
                "encoding": file.encoding,
            },
        )
    ]
    if layer.geometry is not None:
        found += [
            ("straighten", {"tolerance_m": curves.TOLERANCE_M, "or_deg": curves.TOLERANCE_DEG}),
            (
                "transform",
                {
                    "from": file.crs,
                    "operation": file.operation,
                    "codes": list(file.operation_codes),
                    "accuracy_m": file.operation_accuracy_m,
                },
            ),
            ("flatten", {"dimensions": 2}),
            (
                "repair",
                {
                    "method": "structure",
                    "most_change": mending.MOST_CHANGE,
                    "most_share": mending.MOST_SHARE,
                },
            ),
            ("as_layer_type", {"type": layer.geometry.value}),
            ("tidy", {"outer_rings": "counter-clockwise"}),
        ]
    found.append(("map", {"fields": list(file.mapping), "profile": file.profile}))
    return [Step(step=step, file=file.name, parameters=given) for step, given in found]


@cache
def versions() -> dict[str, str]:
    """What did the work: the platform, GDAL, PROJ with its EPSG data, GEOS, numpy."""
    return {
        "muang": VERSION,
        "gdal": _gdal(),
        "proj": pyproj.proj_version_str,
        "epsg": str(get_database_metadata("EPSG.VERSION")),
        "geos": shapely.geos_version_string,
        "shapely": shapely.__version__,
        "numpy": np.__version__,
        "python": sys.version.split()[0],
    }


def _gdal() -> str:
    """GDAL's version, asked of a process of its own: no file reader is loaded into this one."""
    asked = subprocess.run(
        [sys.executable, "-I", "-c", "import pyogrio; print(pyogrio.__gdal_version_string__)"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return asked.stdout.strip()
