"""Indian 1975 and its kin: the datum of Thailand's older maps, and the one operation never used.

What PROJ, GeoPandas and PostGIS choose by themselves between it and WGS 84 (EPSG:1812) lands
about 190 m away from every other published operation, so no transformation of such data may be
left to a default. Only `etl.transform` turns it, by a pinned operation; everything else asks
`is_indian` and refuses. Standard library only: a CRS is whatever pyproj gives.
"""

from typing import Any

FORBIDDEN_OPERATION = "EPSG:1812"
PINNED = ("EPSG:1304", "EPSG:1154", "EPSG:1537")
"""Published operations to WGS 84 that agree within metres (1537: zone 48 only)."""

INDIAN_GEODETIC = frozenset({4240, 4239, 4131})
"""EPSG codes of Indian 1975, 1954 and 1960."""
INDIAN_PROJECTED = {47: 24047, 48: 24048}
"""UTM zone -> EPSG code of Indian 1975 / UTM."""

INDIAN_EPSG = frozenset({*INDIAN_GEODETIC, *INDIAN_PROJECTED.values(), 23947, 23948, 3148, 3149})
"""Every EPSG code on those datums: no town is kept in one, no answer is given in one."""

_EVEREST_M = 6_377_276.345
_EVEREST_NAMES = ("everest", "indian", "not specified", "unknown", "thai", "rtsd")


def is_indian(crs: Any) -> bool:
    """Whether a pyproj CRS rests on Indian 1975 (1954, 1960): registered, or any wording of it.

    A bare .prj may call the datum anything; in Thailand an unnamed datum on the Everest 1830
    (1937 adjustment) ellipsoid is this one.
    """
    geodetic = crs.geodetic_crs
    if geodetic is None:
        return False
    if geodetic.to_epsg(min_confidence=70) in INDIAN_GEODETIC:
        return True
    datum = geodetic.datum
    name = f"{datum.name if datum else ''} {geodetic.name}".replace("_", " ").lower()
    if "indian 19" in name:
        return True
    ellipsoid = geodetic.ellipsoid
    everest = ellipsoid is not None and abs(ellipsoid.semi_major_metre - _EVEREST_M) < 0.5  # noqa: PLR2004
    registered = geodetic.to_epsg(min_confidence=70) is not None
    return bool(everest and not registered and any(word in name for word in _EVEREST_NAMES))
