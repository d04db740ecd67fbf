"""Run lists on paper: `POST /queries/answers/{id}/run-lists` gives a numbered copy and its address.

What is personal on it is read when it is shown, as whoever shows it may see it then; of the copy
itself only its number, team, maker and time are kept.
"""

import logging
import uuid
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from api import access, security
from api.house import House
from api.house_of import house_of
from api.language import CallerLang
from api.network.common import reader_of
from api.network.models import Code
from api.routes import CurrentHouse, CurrentViewer, problems
from api.viewer import Viewer
from db import answers, exercise, run_lists
from db.queries import network as records
from db.queries import run_lists as found_by
from layers.errors import BadRequestError, NotFoundError
from layers.text import Text
from maps import run_list
from maps.run_list import Call, RunList, RunSheet, joined

router = APIRouter(prefix="/queries", tags=["Geo-queries"])
log = logging.getLogger("muang.run_lists")

AnswerId = Annotated[uuid.UUID, Path(description="Id of an answer about evacuation")]
Number = Annotated[int, Path(ge=1, lt=2**63, description="Number of the copy")]
Form = Annotated[Literal["html", "csv"], Path(description="To print, or for a spreadsheet")]


class RunListRequest(BaseModel):
    """Whose runs to print."""

    model_config = ConfigDict(extra="forbid")

    team: Code | None = Field(default=None, description="One team's; every team's by default")


class RunListCopy(BaseModel):
    """One numbered copy, and where it is printed from."""

    number: int
    answer: uuid.UUID
    team: str | None
    made_at: datetime
    made_by: str
    exercise: str | None = Field(description="Name of the exercise it was made in")
    html: str
    csv: str


@router.post(
    "/answers/{answer_id}/run-lists",
    status_code=201,
    summary="A numbered copy of the run lists, to print",
    response_model=RunListCopy,
    responses=problems(400, 401, 404, 503),
)
async def make_run_list(
    answer_id: AnswerId, asked: RunListRequest, house: CurrentHouse, who: CurrentViewer
) -> dict[str, Any]:
    """Gives the next number to a copy of an evacuation answer's runs, of one team or of all.

    For whoever may see the answer. Each copy is on record: number, team, when and by whom.
    """
    answer = await _answer(house, who, answer_id)
    if asked.team is not None and asked.team not in _teams(answer):
        raise NotFoundError(
            Text(
                th=f"คำตอบนี้ไม่มีเที่ยวของทีม {asked.team}",
                en=f"This answer has no runs of a team {asked.team}.",
            )
        )
    async with house.service() as conn:
        open_now = await exercise.current_async(conn)
        name = open_now.name if open_now else None
        copy = await run_lists.make(conn, answer_id, asked.team, who.principal, name)
    log.info("run list %s made of answer %s", copy.number, answer_id)
    return {
        **vars(copy),
        "html": f"/queries/run-lists/{copy.number}.html",
        "csv": f"/queries/run-lists/{copy.number}.csv",
    }


@router.get(
    "/run-lists/{number}.{form}",
    summary="A copy of the run lists, as a page to print or as CSV",
    response_class=Response,
    responses={
        200: {
            "description": "The copy",
            "content": {"text/html": {}, "text/csv": {}},
        },
        **problems(400, 401, 404, 503),
    },
)
async def show_run_list(
    number: Number, form: Form, request: Request, who: CurrentViewer, lang: CallerLang
) -> Response:
    """The copy for whoever may see its answer; names and phones as far as they may see those.

    It asks for nothing else of any server, and no cache keeps it.
    """
    house = house_of(request.scope)
    async with house.service() as conn:
        copy = await run_lists.find(conn, number)
    try:
        answer = await _answer(house, who, copy.answer)
    except NotFoundError as error:
        raise run_lists.missing(number) from error
    told = await _told(house, who, copy, answer)
    security.note(
        request.scope,
        house.settings,
        security.Event.EXPORT,
        security.DONE,
        who,
        about=f"run list {number}.{form}",
    )
    headers = {"Cache-Control": access.cache_control(private=True)}
    if form == "csv":
        name = f'attachment; filename="run-list-{number}.csv"'
        headers["Content-Disposition"] = name
        return Response(
            "\ufeff" + run_list.table(told, lang), media_type="text/csv", headers=headers
        )
    headers["Content-Security-Policy"] = run_list.POLICY
    return Response(run_list.page(told, lang), media_type="text/html", headers=headers)


async def _answer(house: House, who: Viewer, answer_id: uuid.UUID) -> answers.Answer:
    """The evacuation answer of that id, as this person may see it now."""
    async with house.service() as conn:
        kept = await answers.kept(conn, answer_id, who.role, access.fingerprint(who))
    if kept.kind != "evacuation":
        raise BadRequestError(
            Text(
                th="พิมพ์ใบรายการเที่ยวได้จากคำตอบการอพยพเท่านั้น",
                en="Run lists are printed of evacuation answers alone.",
            )
        )
    return kept


def _teams(answer: answers.Answer) -> list[str]:
    return list(dict.fromkeys(run["team"] for run in answer.response["runs"]))


async def _told(house: House, who: Viewer, copy: run_lists.Copy, answer: answers.Answer) -> RunList:
    said = answer.response
    runs = [run for run in said["runs"] if copy.team in (None, run["team"])]
    codes = list(dict.fromkeys(stop["household"] for run in runs for stop in run["stops"]))
    reader = reader_of(who, None, None)
    async with house.reader(who.role) as conn, records.snapshot(conn, reader) as snap:
        doors = await found_by.doors(snap, codes)
        teams = await found_by.names(snap, "resources")
        havens = await found_by.names(snap, "shelters")
        areas = await found_by.names(snap, "communities")
    order = {home["household"]: home for home in said["order"]}
    return RunList(
        number=copy.number,
        town=(await house.town()).name,
        answer=str(answer.id),
        answered=answer.computed_at,
        made=copy.made_at,
        made_by=copy.made_by,
        exercise=copy.exercise,
        runs=tuple(
            RunSheet(
                team=joined((run["team"], teams.get(run["team"]))),
                number=run["number"],
                leaves=answer.computed_at + timedelta(hours=run["leaves_h"]),
                back=answer.computed_at + timedelta(hours=run["back_h"]),
                under_way=run["under_way"],
                to=tuple(joined((code, havens.get(code))) for code in run["to"]),
                calls=tuple(
                    _call(stop, order.get(stop["household"], {}), doors, areas)
                    for stop in run["stops"]
                ),
            )
            for run in sorted(runs, key=lambda run: (run["team"], run["number"]))
        ),
        left=()
        if copy.team is not None
        else tuple((one["household"], Text(**one["why"])) for one in said["left"]),
        caveats=tuple(Text(**one) for one in said["caveats"]),
    )


def _call(
    stop: dict[str, Any],
    home: dict[str, Any],
    doors: dict[str, dict[str, Any]],
    areas: dict[str, str],
) -> Call:
    door = doors.get(stop["household"], {})
    house, people = door.get("house", {}), door.get("people", [])
    community = home.get("community")
    moo = house.get("moo")
    return Call(
        rank=home.get("rank"),
        household=stop["household"],
        where=joined(
            (
                house.get("house_no"),
                f"ม.{moo}" if moo else None,
                house.get("lane"),
                house.get("landmark"),
                areas.get(community, community) if community else None,
            )
        ),
        sitting=stop["sitting"],
        lying=stop["lying"],
        part=stop["part"],
        who=joined((_cared_for(one) for one in people), "; "),
        phones=joined(
            dict.fromkeys(
                (
                    door.get("phone"),
                    door.get("neighbour_phone"),
                    *(one.get("phone") for one in people),
                    *(one.get("carer_phone") for one in people),
                )
            ),
            ", ",
        ),
        why=tuple(Text(**one) for one in home.get("reasons", ())),
        depth_m=home.get("depth_m"),
        lon_lat=tuple(home["at"]) if home.get("at") else None,
    )


def _cared_for(one: dict[str, Any]) -> str:
    lifts, oxygen = one.get("carriers_needed"), one.get("oxygen_hours_left")
    return joined(
        (
            one.get("person_name"),
            ", ".join(one.get("needs") or ()),
            one.get("mobility"),
            None if lifts is None else f"×{lifts}",
            None if oxygen is None else f"O2 {oxygen:g} h",
        )
    )
