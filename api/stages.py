"""What each stage of a gauge floods, for a slider; and a model held against what was seen."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal

import orjson
import shapely
from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, ConfigDict, Field

from api import access, floods
from api.house import House
from api.impact_models import FloodRequest
from api.language import CallerLang
from api.routes import CurrentHouse, CurrentViewer, problems
from api.viewer import Viewer
from db.queries import flood_stages, gate_states
from flood.score import NOT_DRY, Compared, compare
from layers.errors import NotFoundError
from layers.text import Lang, Text

router = APIRouter(tags=["Geo-queries"])

TILES = "/tiles/flood_stages/{z}/{x}/{y}.mvt"
_FROM_ZONES = Text(
    th="ระดับเหล่านี้มาจากเขตน้ำท่วมที่นำเข้า ไม่ใช่คลังที่สร้างจากพื้นดิน ไม่ทราบความคลาดเคลื่อน",
    en="These stages come from flood zones that were imported, not from a library built on the "
    "ground: their error is not known.",
)
_NOTHING = Text(
    th="ยังไม่มีใครคำนวณว่าแต่ละระดับของสถานีนี้ท่วมถึงไหน ไม่ได้แปลว่าแห้ง",
    en="Nobody has worked out yet what the stages of this gauge flood; that does not mean dry.",
)
_WIDE = Text(
    th="ระดับพื้นดินคลาดเคลื่อนมากกว่าขั้นของระดับน้ำ จำนวนใด ๆ ต้องบอกพร้อมช่วง stage_low_m ถึง stage_high_m",
    en="The ground is less certain than a step of the stage: give no count without its range, "
    "from stage_low_m to stage_high_m.",
)


class Stage(BaseModel):
    """A stage of the library: metres MSL, and square metres wet by depth class.

    What is wet at `stage_low_m` is so almost certainly (nine in ten) at this stage, what is not
    wet at `stage_high_m` almost certainly not; null: beyond the library.
    """

    stage_m: float
    stage_low_m: float | None
    stage_high_m: float | None
    area_m2: dict[str, float]
    total_m2: float


class StageOverview(BaseModel):
    """Tiles of a zoom that draw coarse cells in the rings' place, `cell_m` metres along a side.

    A cell is wet as soon as any of its ground is: up to one cell too much is drawn, nothing is
    left out. Areas and counts are those of the rings.
    """

    zoom: int
    cell_m: float


class StagesAnswer(BaseModel):
    """The stages of a gauge and what they rest on.

    `tiles` draws any of them: a feature of kind `ring` is wet at a stage of its `wet_from_m` or
    more, and its least depth then is that stage less its `level_m`; one of kind `not_modelled` is
    not dry. `tiles` null: draw the zones of `flood_zones` with that `stage_m`.
    """

    gauge: str
    stages: list[Stage]
    tiles: str | None
    dataset_id: int | None
    made_at: datetime | None
    step_m: float | None = None
    method: Literal["level", "hand"] | None = None
    error_m: float | None = Field(default=None, description="Standard error of ground and surface")
    error_stated: bool | None = None
    ground_datum: str | None = None
    gauge_datum: str | None = None
    offset_m: float | None = Field(default=None, description="Added to the ground's heights")
    slope: float | None = None
    cell_m: float | None = None
    marked: bool = Field(
        default=False, description="Made only because the user insisted: not for orders"
    )
    not_modelled_m2: float | None = None
    overviews: list[StageOverview] = []
    caveats: list[str]


@router.get(
    "/floods/{gauge}/stages",
    summary="What does each stage of a gauge flood?",
    responses=problems(400, 401, 404, 503),
)
async def stages(
    gauge: Annotated[str, Path(max_length=100, description="Code of the gauge")],
    house: CurrentHouse,
    who: CurrentViewer,
    lang: CallerLang,
    response: Response,
) -> StagesAnswer:
    """The stages that are kept for a gauge, with areas and the range each answer lies in.

    None of a gauge nobody worked that out for: a caveat says so, and nothing is dry for it.
    """
    control = access.cache_control(private=who.authenticated)
    response.headers.update({"Cache-Control": control, "Vary": f"{access.VARY}, Accept-Language"})
    access.layer_for("flood_stages", who.role)
    async with house.reader(who.role) as conn:
        # PostgreSQL knows no text with this character
        found = None if "\0" in gauge else await flood_stages.stages(conn, gauge)
        denied = await gate_states.of_gauges(conn, [gauge]) if found else ()
    if found is None:
        raise NotFoundError(
            Text(
                th=f"ไม่มีสถานี {gauge}",
                en=f"There is no gauge {gauge}.",
            )
        )
    facts = found.facts or {}
    said = [*denied, *(Text(**each) for each in facts.get("caveats", []))]
    if not found.stages:
        said.append(_NOTHING)
    elif found.facts is None:
        said.append(_FROM_ZONES)
    elif any(each["stage_low_m"] != each["stage_m"] for each in found.stages):
        said.append(_WIDE)
    told = {name: facts[name] for name in StagesAnswer.model_fields if name in facts}
    return StagesAnswer.model_validate(
        {
            **told,
            "gauge": gauge,
            "stages": [
                {**each, "total_m2": sum(each["area_m2"].values())} for each in found.stages
            ],
            "tiles": TILES if found.facts else None,
            "dataset_id": found.dataset_id if who.authenticated else None,
            "made_at": found.made_at,
            "caveats": [caveat.get(lang) for caveat in said],
        }
    )


class FloodScoreRequest(BaseModel):
    """Hold a modelled flood against an observed one.

    `within` is what was looked at (all, unless said). `map` adds where they agree and differ.
    """

    model_config = ConfigDict(extra="forbid")

    model: FloodRequest
    observed: FloodRequest
    within: FloodRequest | None = None
    include: Annotated[list[Literal["map"]], Field(max_length=1)] = []


class PartOfMap(BaseModel):
    """Where model and observation agree (`hit`), or one of them alone is wet."""

    type: Literal["Feature"] = "Feature"
    properties: dict[Literal["part"], Literal["hit", "miss", "false_alarm"]]
    geometry: dict[str, Any]


class ScoreMap(BaseModel):
    """The parts as GeoJSON in longitude and latitude; parts that are empty are left out."""

    type: Literal["FeatureCollection"] = "FeatureCollection"
    features: list[PartOfMap]


class FloodScoreAnswer(BaseModel):
    """Scores of areas, square metres; a ratio is null where nothing is there to divide by.

    csi = hit / (hit + miss + false alarm), pod = hit / observed, far = false alarm / modelled,
    bias = modelled / observed.
    """

    hit_m2: float
    miss_m2: float
    false_alarm_m2: float
    csi: float | None
    pod: float | None
    far: float | None
    bias: float | None
    map: ScoreMap | None = None
    caveats: list[str]


@router.post(
    "/queries/flood-score",
    summary="How well does a modelled flood agree with an observed one?",
    responses=problems(400, 401, 404, 413, 429, 503),
)
async def flood_score(
    asked: FloodScoreRequest, house: CurrentHouse, who: CurrentViewer, lang: CallerLang
) -> FloodScoreAnswer:
    """CSI, POD, FAR and bias of the two areas, and with `map` where they agree and differ."""
    for flood in (asked.model, asked.observed, asked.within):
        if flood is not None:
            await floods.affordable(flood, who, house)
    found = await _compared(asked, house, who)
    return _answer(found, lang)


@dataclass(frozen=True)
class _Found:
    """Two floods compared, the parts of the map asked for, and what to know of the model."""

    compared: Compared
    drawn: list[tuple[str, str]]
    caveats: tuple[Text, ...]


async def _compared(asked: FloodScoreRequest, house: House, who: Viewer) -> _Found:
    async with house.reader(who.role) as conn:
        named = [asked.model, asked.observed, *([asked.within] if asked.within else [])]
        shapes = [
            await flood_stages.extent(conn, floods.flood_of(flood, who.role)) for flood in named
        ]
        unknown = None
        denied: tuple[Text, ...] = ()
        if asked.model.gauge is not None:
            unknown = await flood_stages.not_modelled(conn, asked.model.gauge)
            denied = await gate_states.of_gauges(conn, [asked.model.gauge])
    within = shapes[2] if asked.within else None
    compared = await asyncio.to_thread(_compare, shapes[0], shapes[1], within, unknown)
    if "map" not in asked.include:
        return _Found(compared, [], denied)
    parts = {"hit": compared.hit, "miss": compared.miss, "false_alarm": compared.false_alarm}
    there = {name: part for name, part in parts.items() if not shapely.is_empty(part)}
    async with house.reader(who.role) as conn:
        drawn = await flood_stages.as_geojson(conn, list(there.values()))
    return _Found(compared, list(zip(there, drawn, strict=True)), denied)


def _compare(
    model: shapely.Geometry,
    observed: shapely.Geometry,
    within: shapely.Geometry | None,
    unknown: shapely.Geometry | None,
) -> Compared:
    """Compare where it was looked at and modelled; in a thread."""
    if unknown is not None:
        model, observed = (shapely.difference(shape, unknown) for shape in (model, observed))
    return compare(model, observed, within=within)


def _answer(found: _Found, lang: Lang) -> FloodScoreAnswer:
    score = found.compared.score
    told: dict[str, Any] = {
        "hit_m2": round(score.hits, 1),
        "miss_m2": round(score.misses, 1),
        "false_alarm_m2": round(score.false_alarms, 1),
        "csi": score.csi,
        "pod": score.pod,
        "far": score.far,
        "bias": score.bias,
        "caveats": [caveat.get(lang) for caveat in (*found.caveats, NOT_DRY)],
    }
    if found.drawn:
        told["map"] = {
            "features": [
                {"properties": {"part": part}, "geometry": orjson.loads(shape)}
                for part, shape in found.drawn
            ]
        }
    return FloodScoreAnswer.model_validate(told)
