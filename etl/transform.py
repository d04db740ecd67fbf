"""The one door through which coordinates go from one CRS to another in this room.

Nothing is left to PROJ's default: between Indian 1975 and WGS 84 that would be EPSG:1812, about
190 m from every other published operation. tests/etl/test_one_door.py fails when another file
turns coordinates, and measures the shift of each one that does.
"""

import warnings
from functools import lru_cache
from typing import Any

from pyproj import CRS, Transformer
from pyproj.aoi import AreaOfInterest
from pyproj.exceptions import ProjError
from pyproj.transformer import TransformerGroup

from layers.datum import FORBIDDEN_OPERATION, INDIAN_PROJECTED, PINNED, is_indian

WGS84 = CRS.from_epsg(4326)

_CENTRAL_MERIDIANS = {99.0: 47, 105.0: 48}
_UTM_SCALE, _UTM_EAST = 0.9996, 500_000.0


def operations(
    source: CRS, target: CRS, area: AreaOfInterest | None = None, *, superseded: bool = False
) -> list[Transformer]:
    """Every operation of known accuracy (x east, y north), the best for the area first.

    Never EPSG:1812, and none that carries its own shift (`+towgs84`, `TOWGS84[…]`).
    """
    found = _offered(source, target, area, superseded=superseded)
    return [each for each in found if FORBIDDEN_OPERATION not in codes(each)]


def trap(source: CRS, target: CRS) -> Transformer | None:
    """EPSG:1812 itself, only to be shown beside the others in a control-point check."""
    found = _offered(source, target, None, superseded=True)
    return next((each for each in found if FORBIDDEN_OPERATION in codes(each)), None)


def _offered(
    source: CRS, target: CRS, area: AreaOfInterest | None, *, superseded: bool
) -> list[Transformer]:
    with warnings.catch_warnings():
        # a better operation whose grid is not on this machine is no reason for noise
        warnings.simplefilter("ignore", UserWarning)
        try:
            group = TransformerGroup(
                registered(source),
                registered(target),
                always_xy=True,
                area_of_interest=area,  # type: ignore[arg-type] # a twin class in the stub
                allow_ballpark=False,
                allow_superseded=superseded,
            )
        except (IndexError, ProjError):
            # pyproj falls over a projection no method is known for
            return []
    return list(group.transformers)


def registered(crs: CRS) -> CRS:
    """Indian 1975 in whatever words as the registered CRS; any other CRS as it is.

    An Indian CRS in a projection of its own stays, without the shift it may carry.
    """
    if not is_indian(crs):
        return crs
    bare = crs.source_crs if crs.is_bound and crs.source_crs is not None else crs
    name = f"{bare.name} {bare.geodetic_crs.name if bare.geodetic_crs else ''}"
    # an unnamed datum is matched with any CRS of the same figures: only a named one is believed
    code = bare.to_epsg(min_confidence=70)
    if "indian 19" in name.replace("_", " ").lower() and code is not None:
        return CRS.from_epsg(code)
    if bare.is_geographic:
        return CRS.from_epsg(4240)
    zone = _utm_zone(bare)
    return bare if zone is None else CRS.from_epsg(INDIAN_PROJECTED[zone])


def _utm_zone(crs: CRS) -> int | None:
    operation = crs.coordinate_operation
    if operation is None or "transverse mercator" not in operation.method_name.lower():
        return None
    said = {param.name.lower(): float(param.value) for param in operation.params}
    scale = said.get("scale factor at natural origin", _UTM_SCALE)
    east = said.get("false easting", _UTM_EAST)
    if abs(scale - _UTM_SCALE) > 1e-9 or abs(east - _UTM_EAST) > 1e-6:  # noqa: PLR2004
        return None
    return _CENTRAL_MERIDIANS.get(said.get("longitude of natural origin", 0.0))


@lru_cache(maxsize=64)
def between(source: CRS, target: CRS) -> Transformer | None:
    """For looking, probing and boxes, never for loading: the best operation, Indian by 1304.

    None where no operation of known accuracy leads there.
    """
    offered = operations(source, target, superseded=True)
    if is_indian(source) != is_indian(target):
        offered = [found for found in offered if set(codes(found)) & set(PINNED)]
    return offered[0] if offered else None


def steps(transformer: Transformer) -> list[dict[str, Any]]:
    """The steps of a transformer as PROJJSON."""
    whole = transformer.to_json_dict()
    found: list[dict[str, Any]] = whole.get("steps", [whole])
    return found


def codes(transformer: Transformer) -> tuple[str, ...]:
    """Registered datum operations of a transformer; projections and axis turns left out."""
    return tuple(
        f"{step['id']['authority']}:{step['id']['code']}".replace("INVERSE(EPSG)", "EPSG")
        for step in steps(transformer)
        if "id" in step and step.get("type") != "Conversion"
    )
