"""The one pinned operation from a file's CRS into the town's.

Nothing is left to a default: for Indian 1975 the default operation (EPSG:1812) lands about
190 m from every other published one, so those files are refused until a person names one.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from pyproj import CRS, Transformer

from etl.crs import Shapes, TownArea, label, refuse
from etl.transform import codes, operations, steps
from layers.datum import FORBIDDEN_OPERATION, is_indian
from layers.errors import RefusedError
from layers.text import Text


@dataclass(frozen=True)
class Operation:
    """A pinned coordinate operation: what it is called, its codes, its nominal accuracy in m."""

    name: str
    codes: tuple[str, ...]
    accuracy_m: float | None
    definition: str
    transformer: Transformer | None

    def apply(self, shapes: Shapes) -> Shapes:
        """The shapes in the target CRS; a coordinate that cannot be turned becomes infinite."""
        turn = self.transformer
        if turn is None:
            return shapes

        def turn_xy(pairs: Any) -> Any:
            x, y = turn.transform(pairs[:, 0], pairs[:, 1])
            return np.column_stack([x, y])

        return np.asarray(shapely.transform(shapes, turn_xy), dtype=object)


def pin(source: CRS, town: TownArea, datum_operation: str | None, file: str) -> Operation:
    """The one operation used for a file, chosen explicitly and recorded.

    `datum_operation` (`EPSG:1304`) picks it by code; without it the most accurate one for the
    town's area is taken, and files on an Indian datum are refused.
    """
    target = town.crs
    if datum_operation is not None:
        return _by_code(source, target, datum_operation, file)
    if source.equals(target, ignore_axis_order=True):
        return Operation("none: already in the town's CRS", (), 0.0, "", None)
    if is_indian(source):
        raise _refuse_indian(source, target, file)
    found = operations(source, target, town.lonlat())
    if not found:
        raise refuse(
            file,
            f"แปลงจาก {label(source)} เป็น {label(target)} ไม่ได้โดยรู้ความคลาดเคลื่อน"
            " ระบุระบบพิกัดด้วย --crs",
            f"there is no known operation from {label(source)} to {label(target)}; "
            "say the right CRS with --crs",
        )
    return _operation(found[0])


def _by_code(source: CRS, target: CRS, code: str, file: str) -> Operation:
    wanted = code.upper()
    if wanted == FORBIDDEN_OPERATION:
        raise RefusedError(
            Text(
                th="ไม่ใช้ EPSG:1812: ผลต่างจากวิธีอื่นที่ประกาศไว้ราว 190 เมตร ใช้ EPSG:1304 หรือ EPSG:1537",
                en="EPSG:1812 is never used: it lands about 190 m from every other published "
                "operation. Use EPSG:1304 or EPSG:1537.",
            )
        )
    offered = operations(source, target, None, superseded=True)
    for transformer in offered:
        if wanted in codes(transformer):
            return _operation(transformer)
    known = sorted({name for item in offered for name in codes(item)})
    raise refuse(
        file,
        f"วิธีแปลง {code} ใช้กับ {label(source)} ไม่ได้ ที่ใช้ได้: {', '.join(known) or 'ไม่มี'}",
        f"the operation {code} does not lead from {label(source)} to {label(target)}; "
        f"these do: {', '.join(known) or 'none'}",
    )


def _operation(transformer: Transformer) -> Operation:
    names = [str(step.get("name", "")) for step in steps(transformer)]
    accuracy = transformer.accuracy
    return Operation(
        name=" + ".join(name for name in names if name and "axis order" not in name),
        codes=codes(transformer),
        accuracy_m=None if accuracy < 0 else float(accuracy),
        definition=str(transformer.definition),
        transformer=transformer,
    )


def _refuse_indian(source: CRS, target: CRS, file: str) -> RefusedError:
    offered = [
        f"{found[0]} ({item.accuracy:g} m)"
        for item in operations(source, target, None, superseded=True)
        if (found := codes(item))
    ]
    listed = ", ".join(dict.fromkeys(offered)) or "EPSG:1304"
    return refuse(
        file,
        f"ใช้ระบบพิกัด {label(source)} (Indian 1975) ซึ่งค่าเริ่มต้นของโปรแกรมแปลงพิกัด (EPSG:1812)"
        f" คลาดไปราว 190 เมตร ต้องเลือกวิธีแปลงเองด้วย --datum-operation เช่น {listed}",
        f"it is in {label(source)} (Indian 1975). The operation programs take by default "
        "(EPSG:1812) lands about 190 m from every other published one, so a person has to "
        f"choose: --datum-operation, one of {listed}",
    )
