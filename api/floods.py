"""A flood as a request names it: what it means, what it costs, and whether it is in this town."""

from collections.abc import Iterable

from api import access, filters
from api.house import House
from api.impact_models import FloodRequest, MultiPolygon, Polygon
from api.viewer import Viewer
from db.queries import impact
from db.queries.town import Bounds
from layers.errors import BadRequestError
from layers.model import Role
from layers.text import Text

PUBLIC_VERTICES = 2_000
"""Vertices of an area somebody without a sign-in may draw: the question is kept for a day."""
VERTICES_A_UNIT = 4
"""A shape of 20,000 vertices takes seconds of the database: as much as 50 questions."""
_NEAR_DEGREES = 2.0
"""A drawn area may reach this far beyond the town; further away its projection means nothing."""


async def affordable(asked: FloodRequest, who: Viewer, house: House) -> None:
    """Take what a drawn area costs from the caller and refuse one that cannot be of this town.

    BadRequestError for a shape too large or too far away, TooManyRequestsError when the caller
    has asked enough.
    """
    if asked.geometry is not None:
        _pay_for(asked.geometry, who, house)
        positions = [(lon, lat) for ring in asked.geometry.rings() for lon, lat, *_ in ring]
        near(positions, await house.bounds(who.role))


def flood_of(asked: FloodRequest, role: Role) -> impact.Flood:
    """The flood meant, as the queries take it."""
    if asked.where is not None:
        layer = access.layer_for("flood_zones", role)
        return impact.Flood(where=filters.parse({"filter": asked.where}, layer, role))
    if asked.geometry is not None:
        return impact.Flood(geometry=asked.geometry.model_dump_json())
    if asked.gauge is not None and asked.stage_m is not None:
        return impact.Flood(stage=(asked.gauge, asked.stage_m))
    zones = asked.zone_ids or "all"
    if zones == "all" or "all" in zones:
        return impact.Flood(all_zones=True)
    return impact.Flood(zone_ids=tuple(zones))


def _pay_for(area: Polygon | MultiPolygon, who: Viewer, house: House) -> None:
    """Take what a drawn area costs beside the question itself, and bound what is kept of it.

    BadRequestError for a shape too large for somebody without a sign-in, TooManyRequestsError
    when the caller has asked enough.
    """
    if who.role is Role.PUBLIC and area.vertices > PUBLIC_VERTICES:
        raise BadRequestError(
            Text(
                th=f"รูปที่วาดมี {area.vertices:,} จุด ผู้ที่ไม่ได้ลงชื่อเข้าใช้วาดได้ไม่เกิน "
                f"{PUBLIC_VERTICES:,} จุด ลดรายละเอียดของรูป",
                en=f"The drawn area has {area.vertices:,} vertices. Without signing in it may have "
                f"{PUBLIC_VERTICES:,}; simplify the shape.",
            )
        )
    house.limits.take(who.subject, area.vertices // VERTICES_A_UNIT)


def near(positions: Iterable[tuple[float, float]], bounds: Bounds | None) -> None:
    """Refuse positions (degrees) that cannot belong to this town, such as swapped ones."""
    if bounds is None:
        return
    west, south, east, north = bounds
    for lon, lat in positions:
        inside = (
            west - _NEAR_DEGREES <= lon <= east + _NEAR_DEGREES
            and south - _NEAR_DEGREES <= lat <= north + _NEAR_DEGREES
        )
        if not inside:
            raise BadRequestError(
                Text(
                    th=f"รูปที่วาดมีจุด {lon:g}, {lat:g} ซึ่งไม่ได้อยู่ในเมืองนี้ พิกัดต้องเป็น ลองจิจูด, ละติจูด",
                    en=f"The shape drawn has a point {lon:g}, {lat:g} far from this town. "
                    "Coordinates are longitude, latitude.",
                )
            )
