"""The ordered list of layers. To add a layer: write its module, name it here, add a migration."""

from layers import (
    assumptions,
    buildings,
    care_locations,
    closures,
    communities,
    drains,
    evacuation_ranks,
    evacuation_runs,
    event_log,
    event_words,
    events,
    facilities,
    flood_stages,
    flood_zones,
    gates,
    gauge_links,
    gauge_thresholds,
    gauge_zeros,
    gauges,
    households,
    houses,
    incident_rules,
    incidents,
    levees,
    minimum_needs,
    parcel_uses,
    parcels,
    permits,
    power_areas,
    pumps,
    quality_findings,
    refuge_plans,
    remembered_floods,
    resources,
    roads,
    sandbag_points,
    shelter_stays,
    shelters,
    tasks,
    town_boundary,
    vehicle_limits,
    waste_routes,
    waste_stops,
    water,
)
from layers.errors import NotFoundError
from layers.model import Layer
from layers.text import Text

LAYERS: tuple[Layer, ...] = (
    town_boundary.LAYER,
    communities.LAYER,
    water.LAYER,
    parcels.LAYER,
    parcel_uses.LAYER,
    buildings.LAYER,
    houses.LAYER,
    households.LAYER,
    permits.LAYER,
    roads.LAYER,
    waste_routes.LAYER,
    waste_stops.LAYER,
    flood_zones.LAYER,
    flood_stages.LAYER,
    levees.LAYER,
    shelters.LAYER,
    facilities.LAYER,
    quality_findings.LAYER,
    care_locations.LAYER,
    closures.LAYER,
    power_areas.LAYER,
    resources.LAYER,
    refuge_plans.LAYER,
    evacuation_ranks.LAYER,
    vehicle_limits.LAYER,
    gauges.LAYER,
    gauge_thresholds.LAYER,
    gauge_zeros.LAYER,
    gauge_links.LAYER,
    remembered_floods.LAYER,
    minimum_needs.LAYER,
    assumptions.LAYER,
    gates.LAYER,
    pumps.LAYER,
    drains.LAYER,
    sandbag_points.LAYER,
    events.LAYER,
    incidents.LAYER,
    tasks.LAYER,
    evacuation_runs.LAYER,
    shelter_stays.LAYER,
    event_log.LAYER,
    event_words.LAYER,
    incident_rules.LAYER,
)

_BY_ID = {layer.id: layer for layer in LAYERS}
if len(_BY_ID) != len(LAYERS):
    raise ValueError("two layers have the same id")
_ORDERS = [layer.style.order for layer in LAYERS if layer.style]
if len(set(_ORDERS)) != len(_ORDERS):
    raise ValueError("two layers have the same drawing order")


def imported() -> tuple[Layer, ...]:
    """Layers files are loaded into: all but those the platform writes itself."""
    return tuple(layer for layer in LAYERS if not layer.computed)


def get(layer_id: str) -> Layer:
    """The layer of that id; NotFoundError names the layers there are."""
    layer = _BY_ID.get(layer_id)
    if layer is None:
        known = ", ".join(_BY_ID)
        raise NotFoundError(
            Text(
                th=f"ไม่มีชั้นข้อมูลชื่อ “{layer_id}” ชั้นข้อมูลที่มี: {known}",
                en=f"There is no layer called “{layer_id}”. The layers are: {known}.",
            )
        )
    return layer


def drawn() -> tuple[Layer, ...]:
    """Layers with a style, in drawing order, lowest first."""
    return tuple(
        sorted(
            (lay for lay in LAYERS if lay.style),
            key=lambda lay: lay.style.order if lay.style else 0,
        )
    )
