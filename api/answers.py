"""Answers given before: their proof, as they were, or worked out again on the same versions."""

import uuid
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query

from api import access, arrival
from api.arrival import answer_arrival
from api.arrival_models import ArrivalAnswer, ArrivalRequest
from api.dossier import DossierAnswer, DossierRequest, answer_dossier
from api.house import House
from api.impact_models import ImpactAnswer, ImpactRequest
from api.language import CallerLang
from api.network.common import At
from api.network.coverage import answer_coverage
from api.network.coverage_models import CoverageAnswer, CoverageRequest
from api.network.evacuation import answer_evacuation
from api.network.models import (
    EvacuationAnswer,
    EvacuationRequest,
    RouteCutsAnswer,
    RouteCutsRequest,
    SheltersAnswer,
    SheltersRequest,
)
from api.network.rounds import answer_route_cuts
from api.network.shelters import answer_shelters
from api.queries import answer_impact, given, in_words
from api.revenue import answer_revenue_gaps
from api.revenue_models import RevenueGapsAnswer, RevenueGapsRequest
from api.routes import CurrentHouse, CurrentViewer, problems
from api.viewer import Viewer
from db import answers
from db.queries import dossier, impact
from layers.errors import BadRequestError
from layers.text import Lang, Text

router = APIRouter(prefix="/queries", tags=["Geo-queries"])

AnswerId = Annotated[uuid.UUID, Path(description="Id of an answer given before")]
Recompute = Annotated[
    bool, Query(description="Work the answer out again on the versions it was given on")
]

Again = Callable[[answers.Answer, House, Viewer, Lang], Awaitable[dict[str, Any]]]

_ABOUT_ITSELF = frozenset({"id", "computed_at", "computing_ms", "provenance"})
"""What an answer says of itself; everything else must come out the same again."""


async def _shelters_again(
    kept: answers.Answer, house: House, who: Viewer, _lang: Lang
) -> dict[str, Any]:
    asked = SheltersRequest.model_validate(kept.request)
    return await answer_shelters(asked, house, who, At(kept.pos, kept.computed_at))


async def _evacuation_again(
    kept: answers.Answer, house: House, who: Viewer, _lang: Lang
) -> dict[str, Any]:
    asked = EvacuationRequest.model_validate(kept.request)
    return await answer_evacuation(asked, house, who, At(kept.pos, kept.computed_at))


async def _route_cuts_again(
    kept: answers.Answer, house: House, who: Viewer, _lang: Lang
) -> dict[str, Any]:
    asked = RouteCutsRequest.model_validate(kept.request)
    return await answer_route_cuts(asked, house, who, At(kept.pos, kept.computed_at))


async def _coverage_again(
    kept: answers.Answer, house: House, who: Viewer, _lang: Lang
) -> dict[str, Any]:
    asked = CoverageRequest.model_validate(kept.request)
    return await answer_coverage(asked, house, who, At(kept.pos, kept.computed_at))


async def _revenue_gaps_again(
    kept: answers.Answer, house: House, who: Viewer, _lang: Lang
) -> dict[str, Any]:
    asked = RevenueGapsRequest.model_validate(kept.request)
    return await answer_revenue_gaps(asked, house, who, At(kept.pos, kept.computed_at))


async def _impact_again(
    kept: answers.Answer, house: House, who: Viewer, _lang: Lang
) -> dict[str, Any]:
    asked = ImpactRequest.model_validate(kept.request)
    return (await answer_impact(asked, house, who, given(kept)))[1]


async def _dossier_again(
    kept: answers.Answer, house: House, who: Viewer, lang: Lang
) -> dict[str, Any]:
    asked = DossierRequest.model_validate(kept.request)
    told = (await answer_dossier(asked, house, who, lang, kept.pos))[1]
    return {**told, "id": kept.id, "computed_at": kept.computed_at.astimezone(UTC)}


async def _arrival_again(
    kept: answers.Answer, house: House, who: Viewer, _lang: Lang
) -> dict[str, Any]:
    asked = ArrivalRequest.model_validate(kept.request)
    return await answer_arrival(asked, house, who, kept)


AGAIN: Mapping[str, Again] = {
    impact.KIND: _impact_again,
    "shelters": _shelters_again,
    "evacuation": _evacuation_again,
    "route_cuts": _route_cuts_again,
    "coverage": _coverage_again,
    "revenue_gaps": _revenue_gaps_again,
    dossier.KIND: _dossier_again,
    arrival.KIND: _arrival_again,
}
"""How each kind of answer is worked out again, from what was asked and the position read at."""


@router.get(
    "/answers/{answer_id}",
    summary="An answer given before",
    response_model=ImpactAnswer
    | SheltersAnswer
    | EvacuationAnswer
    | RouteCutsAnswer
    | CoverageAnswer
    | RevenueGapsAnswer
    | DossierAnswer
    | ArrivalAnswer,
    response_model_exclude_unset=True,
    responses=problems(400, 401, 404, 429, 503),
)
async def stored_answer(
    answer_id: AnswerId,
    house: CurrentHouse,
    who: CurrentViewer,
    lang: CallerLang,
    recompute: Recompute = False,
) -> dict[str, Any]:
    """The answer as it was given to this role, in the language asked for now.

    Of a dossier only a digest is kept: it is always worked out again. With `recompute` any answer
    is worked out again from the same question on the same versions of the
    town's data; `recomputed` says whether it came out the same, and what did not.
    """
    async with house.service() as conn:
        kept = await answers.kept(conn, answer_id, who.role, access.fingerprint(who))
    if kept.kind == dossier.KIND:
        # of what is told about people only a digest is kept
        return await _again(kept, house, who, lang)
    answer = await _again(kept, house, who, lang) if recompute else kept.response
    return in_words(answer, lang)


async def _again(kept: answers.Answer, house: House, who: Viewer, lang: Lang) -> dict[str, Any]:
    again = AGAIN.get(kept.kind)
    if again is None:
        raise BadRequestError(
            Text(
                th=f"คำตอบชนิด {kept.kind} คำนวณซ้ำไม่ได้",
                en=f"An answer of the kind {kept.kind} cannot be worked out again.",
            )
        )
    fresh = await again(kept, house, who, lang)
    proof = {"digest"} & kept.response.keys()
    parts = proof or (kept.response.keys() | fresh.keys()) - _ABOUT_ITSELF
    differs = sorted(part for part in parts if kept.response.get(part) != fresh.get(part))
    itself = {name: kept.response[name] for name in _ABOUT_ITSELF if name in kept.response}
    told = {"at": datetime.now(UTC).isoformat(), "equal": not differs, "differs": differs}
    return {**fresh, **itself, "recomputed": told}
