"""The matrix itself: for each operation of the API, what it is asked, and with which parameters.

A new operation, or a new parameter of an old one, fails `test_matrix.py` until it has its row.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import pytest
from _pytest.mark import ParameterSet

from tests.matrix import (
    ages,
    arriving,
    asked,
    downloads,
    drawing,
    features,
    finding,
    history,
    war_room,
    watch,
    ways,
)
from tests.matrix.asking import Asker
from tests.matrix.views import PEOPLE

Probe = Callable[[Asker], None]


@dataclass(frozen=True)
class Line:
    """Probes of one operation, and the names of the parameters they exercise beside `lang`."""

    probes: tuple[Probe, ...]
    parameters: tuple[str, ...] = ()


FILTER = ("filter", "filter-lang", "filter-crs")
ABOUT = Line((asked.about,))
PERSONAL = Line((asked.sign_in,))

STEP = ("action", "If-Match", "Idempotency-Key")

TABLE: dict[tuple[str, str], Line] = {
    ("get", "/me"): Line((asked.me,)),
    ("get", "/healthz"): ABOUT,
    ("get", "/readyz"): ABOUT,
    ("get", "/freshness"): Line((ages.told,)),
    ("get", "/feeds"): Line((ages.feeds,)),
    ("get", "/ogc/"): ABOUT,
    ("get", "/ogc/api"): ABOUT,
    ("get", "/ogc/conformance"): ABOUT,
    ("post", "/auth/login"): Line((asked.wrong_password,)),
    ("post", "/auth/logout"): PERSONAL,
    ("post", "/auth/password"): PERSONAL,
    ("post", "/auth/totp"): PERSONAL,
    ("post", "/auth/totp/confirm"): PERSONAL,
    ("post", "/auth/totp/remove"): PERSONAL,
    ("get", "/auth/tokens"): PERSONAL,
    ("post", "/auth/tokens"): PERSONAL,
    ("delete", "/auth/tokens/{token_id}"): Line((asked.sign_in,), ("token_id",)),
    ("get", "/auth/oidc"): PERSONAL,
    ("get", "/auth/oidc/callback"): PERSONAL,
    ("get", "/tiles/{layer}.json"): Line((drawing.tilejson,), ("layer",)),
    ("get", "/styles/town.json"): Line((drawing.style,)),
    ("get", "/live"): Line((asked.live,), ("last-event-id", "since")),
    ("post", "/queries/impact"): Line((asked.impact,)),
    ("post", "/queries/flood-score"): Line((asked.flood_score,)),
    ("get", "/floods/{gauge}/stages"): Line((asked.flood_stages,), ("gauge",)),
    ("post", "/queries/shelters"): Line((asked.shelters,)),
    ("post", "/queries/evacuation"): Line((asked.evacuation,)),
    ("post", "/queries/route-cuts"): Line((asked.route_cuts,)),
    ("post", "/queries/arrival"): Line((arriving.arrival,)),
    ("post", "/queries/coverage"): Line((ways.coverage,)),
    ("post", "/queries/revenue-gaps"): Line((ways.revenue_gaps,)),
    ("post", "/queries/answers/{answer_id}/run-lists"): Line((ways.run_lists,), ("answer_id",)),
    ("get", "/queries/run-lists/{number}.{form}"): Line((ways.run_lists,), ("number", "form")),
    ("get", "/queries/search"): Line((finding.search,), ("q", "layers", "limit")),
    ("post", "/queries/dossier"): Line((finding.dossier,)),
    ("get", "/queries/answers/{answer_id}"): Line((asked.stored,), ("answer_id", "recompute")),
    ("get", "/gauges"): Line((watch.gauges,), ("as_of",)),
    ("get", "/gauges/{code}/readings"): Line(
        (watch.readings,), ("code", "as_of", "start", "end", "step", "all", "format")
    ),
    ("post", "/gauges/{code}/readings"): Line((watch.entries,), ("code", "Idempotency-Key")),
    **{
        (method, f"/gauges/{{code}}/readings/{{reading}}/{what}"): Line(
            (watch.entries,), ("code", "reading")
        )
        for method in ("get", "post")
        for what in ("photo", "marks")
    },
    ("get", "/ogc/collections"): Line((drawing.collections,)),
    ("get", "/ogc/collections/{layer}"): Line((drawing.collections,), ("layer",)),
    ("get", "/ogc/collections/{layer}/items"): Line(
        (
            features.items,
            features.boxes,
            features.selections,
            features.filters,
            features.moments,
            history.past_items,
        ),
        (
            *("layer", "as_of", "bbox", "bbox-crs", "crs", "datetime", "properties"),
            *("limit", "offset", "skipGeometry", *FILTER),
        ),
    ),
    ("post", "/ogc/collections/{layer}/items"): Line(
        (asked.edits,), ("layer", "Idempotency-Key", "Acting-Name")
    ),
    **{
        (method, "/ogc/collections/{layer}/items/{feature}"): Line(
            (asked.edits,), ("layer", "feature", "If-Match", "Idempotency-Key", "Acting-Name")
        )
        for method in ("put", "patch", "delete")
    },
    ("get", "/ogc/collections/{layer}/items/{feature}"): Line(
        (features.one_by_one, features.selections, history.past_items),
        ("layer", "feature", "as_of", "crs", "properties", "skipGeometry"),
    ),
    ("get", "/ogc/collections/{layer}/changes"): Line(
        (history.changes,),
        ("layer", "since", "until", "bbox", "bbox-crs", "crs", "limit", "after"),
    ),
    ("get", "/exports/{layer}.{format}"): Line(
        (downloads.exports, downloads.chosen),
        (
            *("layer", "format", "as_of", "bbox", "bbox-crs", "crs", "datetime", "properties"),
            *("skipGeometry", "bom", "guard", *FILTER),
        ),
    ),
    ("get", "/ogc/collections/{layer}/queryables"): Line((drawing.schemas,), ("layer",)),
    ("get", "/ogc/collections/{layer}/schema"): Line((drawing.schemas,), ("layer",)),
    ("get", "/tiles/{layers}/{z}/{x}/{y}.mvt"): Line(
        (drawing.tiles, drawing.many_layers, drawing.tile_filters, history.past_tiles),
        ("layers", "z", "x", "y", "as_of", *FILTER),
    ),
    ("get", "/styles/basemap.json"): Line((drawing.basemap,)),
    ("get", "/basemap/{file}.pmtiles"): Line((drawing.basemap,), ("file",)),
    ("get", "/events"): Line((war_room.events,), ("state",)),
    ("get", "/events/settings"): Line((war_room.events,)),
    ("get", "/events/{event}"): Line((war_room.events,), ("event",)),
    ("post", "/events"): Line((war_room.run_events,), ("Idempotency-Key",)),
    ("post", "/events/{event}/{action}"): Line((war_room.run_events,), ("event", *STEP)),
    ("post", "/exercise/end"): Line((war_room.end_exercise,), ("Idempotency-Key",)),
    ("get", "/events/{event}/log"): Line((war_room.story,), ("event", "kind", "limit", "after")),
    ("get", "/events/{event}/log.csv"): Line((war_room.story,), ("event", "kind")),
    ("get", "/incidents"): Line(
        (war_room.incidents,),
        ("active", "status", "severity", "kind", "unit", "event", "limit", "before"),
    ),
    ("get", "/incidents/{incident}"): Line((war_room.incidents,), ("incident",)),
    ("get", "/incidents/{incident}/duplicates"): Line(
        (war_room.incidents,), ("incident", "metres")
    ),
    ("get", "/incidents/{incident}/steps"): Line((war_room.steps,), ("incident",)),
    ("get", "/incidents/{incident}/homes"): Line((war_room.homes,), ("incident",)),
    ("get", "/tasks"): Line((war_room.tasks,), ("active", "team", "incident", "limit")),
    ("post", "/tasks"): Line((war_room.tasks,), ("Idempotency-Key",)),
    ("post", "/tasks/{task}/{action}"): Line((war_room.tasks,), ("task", *STEP)),
    ("post", "/shelter-stays"): Line((war_room.boards,), ("Idempotency-Key",)),
    ("post", "/shelter-stays/{stay}/{action}"): Line((war_room.boards,), ("stay", *STEP)),
    ("post", "/evacuation-runs"): Line((war_room.boards,), ("Idempotency-Key",)),
    ("get", "/evacuation-runs/waiting"): Line((war_room.boards,)),
    ("post", "/evacuation-runs/{run}/{action}"): Line((war_room.boards,), ("run", *STEP)),
    ("post", "/resources/{resource}/{action}"): Line((war_room.boards,), ("resource", *STEP)),
    ("get", "/power-areas/{area}/homes"): Line((war_room.powered,), ("area",)),
    ("post", "/incidents"): Line((war_room.act,), ("Idempotency-Key",)),
    ("post", "/incidents/{incident}/{action}"): Line((war_room.act,), ("incident", *STEP)),
    ("get", "/rasters"): Line((drawing.rasters,)),
    ("get", "/rasters/{raster}.json"): Line((drawing.rasters,), ("raster",)),
    ("get", "/rasters/{raster}/value"): Line((drawing.rasters,), ("raster", "lon", "lat")),
    ("get", "/rasters/{raster}/{z}/{x}/{y}.png"): Line(
        (drawing.rasters,), ("raster", "z", "x", "y")
    ),
}

SIGNED = ("signer", "seat", "document_no", "signed_at", "area", "note", "by")
BODIES: dict[str, set[str]] = {
    "ImpactRequest": {
        *("flood", "layers", "include", "as_of"),
        *("compare", "displaced_above_m", "vehicle", "wades_m"),
    },
    "DossierRequest": {"parcel", "deed_no", "house_code", "at", "address"},
    "FloodRequest": {"zone_ids", "geometry", "gauge", "stage_m", "where"},
    "ReadingIn": {"staff_m", "level_m", "rain_mm", "at", "confirm"},
    "MarkIn": {"wrong", "reason"},
    "FloodScoreRequest": {"model", "observed", "within", "include"},
    "FeatureIn": {"type", "geometry", "properties"},
    "FeaturePatch": {"type", "geometry", "properties"},
    "SheltersRequest": {
        *("flood", "vehicle", "wades_m", "depth_m", "water_level_m", "as_of"),
        *("boat", "open_all", "only_in_water", "include"),
    },
    "EvacuationRequest": {
        *("flood", "vehicle", "wades_m", "depth_m", "water_level_m", "as_of"),
        *("stages", "failed", "started", "open_all"),
    },
    "EventIn": {"name", "kind", "exercise", *SIGNED},
    "ExerciseEnd": {"started_at", "note", "by"},
    "EventAct": {"line", "value", "step", *SIGNED},
    "TaskIn": {"team", "words", "incident", "care_code", "by"},
    "TaskAct": {"reason", "by"},
    "StayIn": {"household", "place", "shelter", "people", "note", "by"},
    "StayAct": {"people", "note", "by"},
    "RunsIn": {"answer", "runs", "by"},
    "RunAct": {"reason", "vehicle_failed", "by"},
    "ResourceAct": {"crew", "at", "due_at", "note", "by"},
    "IncidentIn": {
        *("kind", "severity", "title", "at", "description", "place", "source", "exercise", "by"),
    },
    "IncidentAct": {
        *("unit", "note", "until", "into", "kind", "severity", "title", "description"),
        *("place", "at", "by"),
    },
    "ArrivalRequest": {"gauge", "horizon_h", "as_of"},
    "RouteCutsRequest": {
        *("flood", "vehicle", "wades_m", "depth_m", "water_level_m", "as_of"),
        *("routes", "relief", "collections", "depot", "depot_of"),
    },
    "RunListRequest": {"team"},
    "RevenueGapsRequest": {"kinds", "limit", "offset", "as_of"},
    "CoverageRequest": {
        *("flood", "vehicle", "wades_m", "depth_m", "water_level_m", "as_of"),
        *("facilities", "shelters", "points", "within_min", "coming", "include"),
    },
}
"""Fields of the bodies that ask about the town's data, all of them asked by their probes."""

PROBES: tuple[Probe, ...] = tuple(
    dict.fromkeys(probe for line in TABLE.values() for probe in line.probes)
)

BY_ROLE: frozenset[Probe] = frozenset(
    {
        *(asked.about, asked.sign_in, asked.wrong_password, ages.feeds),
        *(drawing.tilejson, drawing.style, drawing.schemas, drawing.tile_filters),
        *(drawing.rasters, drawing.basemap, downloads.chosen),
        *(features.selections, features.moments, features.filters),
    }
)
"""Probes whose answers hang on the role alone: asked of one person of each role."""

FILES: tuple[Probe, ...] = (downloads.exports, downloads.chosen)
"""Probes of files, asked in `test_exports.py`: each file is a process, so they take longest."""


def cases(probes: Iterable[Probe]) -> list[ParameterSet]:
    """Every person with every probe that is asked of them, named after both."""
    return [
        pytest.param(probe, person, id=f"{probe.__name__}-{person.name}")
        for person in PEOPLE
        for probe in probes
        if probe not in BY_ROLE or not person.again
    ]
