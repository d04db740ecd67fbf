"""`POST /queries/dossier`: all that is known about a place, as far as the caller may know it."""

import time
import uuid
from datetime import datetime
from typing import Annotated, Any, Self

from fastapi import APIRouter, Response
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from api import access
from api.house import House
from api.impact_models import Latitude, Longitude, Recomputed
from api.language import CallerLang
from api.routes import CurrentHouse, CurrentViewer, problems
from api.validation import SentenceError
from api.viewer import Viewer
from db import answers
from db.queries import dossier
from layers.text import Lang, Text

router = APIRouter(prefix="/queries", tags=["Geo-queries"])

Name = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00]+$")]


def _is_no_truth(value: object) -> object:
    if isinstance(value, bool):
        raise SentenceError(Text(th="ต้องเป็นเลขหรือรหัสแปลง", en="must be a parcel's id or code"))
    return value


class DossierRequest(BaseModel):
    """The place meant, named in just one way."""

    model_config = ConfigDict(extra="forbid")

    parcel: Annotated[
        Annotated[int, Field(ge=0, lt=2**63)] | Name | None, BeforeValidator(_is_no_truth)
    ] = Field(default=None, description="A parcel's record number or tax-map code")
    deed_no: Name | None = Field(default=None, description="A deed number")
    house_code: Name | None = Field(default=None, description="An 11-digit house code")
    at: tuple[Longitude, Latitude] | None = Field(
        default=None, description="A point: longitude, latitude"
    )
    address: Annotated[str, Field(min_length=4, max_length=200, pattern=r"^[^\x00]+$")] | None = (
        Field(default=None, description="A parcel's address, however it is typed")
    )

    @model_validator(mode="after")
    def _is_named_once(self) -> Self:
        ways = (self.parcel, self.deed_no, self.house_code, self.at, self.address)
        if sum(way is not None for way in ways) != 1:
            raise SentenceError(
                Text(
                    th="ต้องระบุสถานที่เพียงแบบเดียว: parcel, deed_no, house_code, at หรือ address",
                    en="must name the place in just one way: parcel, deed_no, house_code, at "
                    "or address",
                )
            )
        return self


class DossierSection(BaseModel):
    """Records of one layer. `relation`: named by the place, meets it, or is near it."""

    layer: str
    title: str
    relation: str
    matched: int
    records: list[dict[str, Any]]


class ImportedFrom(BaseModel):
    """An import the records came from."""

    dataset_id: int
    layer: str
    source: str
    finished_at: datetime | None


class DossierAnswer(BaseModel):
    """All the caller may know about a place. Only a digest of it is kept, not what it tells."""

    id: uuid.UUID
    computed_at: datetime
    computing_ms: int = 0
    pos: int = Field(description="Position of the town's data it was read at")
    digest: str = Field(description="SHA-256 over everything told, to compare answers by")
    parcels: list[dict[str, Any]]
    sections: list[DossierSection]
    imports: list[ImportedFrom]
    caveats: list[str]
    recomputed: Recomputed | None = None


@router.post(
    "/dossier",
    summary="Everything known about a place",
    response_model=DossierAnswer,
    response_model_exclude_unset=True,
    responses=problems(400, 401, 404, 413, 429, 503),
)
async def ask_dossier(
    asked: DossierRequest,
    house: CurrentHouse,
    who: CurrentViewer,
    lang: CallerLang,
    response: Response,
) -> dict[str, Any]:
    """Parcel, uses, permits, houses, people, floods, waste service and neighbours of a place."""
    started = time.monotonic()
    found, answer = await answer_dossier(asked, house, who, lang)
    answer["computing_ms"] = round((time.monotonic() - started) * 1000)
    record = answers.Answer(
        id=found.id,
        kind=dossier.KIND,
        computed_at=found.computed_at,
        pos=found.pos,
        request=asked.model_dump(mode="json", exclude_unset=True),
        # what it tells is about people: only what proves it is kept
        response={"digest": found.digest, "computing_ms": answer["computing_ms"]},
    )
    async with house.service() as conn:
        await answers.keep(conn, record, who.role, access.fingerprint(who))
    response.headers["Cache-Control"] = access.cache_control(private=True)
    return answer


async def answer_dossier(
    asked: DossierRequest, house: House, who: Viewer, lang: Lang, at_pos: int | None = None
) -> tuple[dossier.Dossier, dict[str, Any]]:
    """The dossier as found and as told, now or on the versions of a position."""
    place = dossier.Place(asked.parcel, asked.deed_no, asked.house_code, asked.at, asked.address)
    question = dossier.Question(place, who.role, who.keys, at_pos)
    async with house.reader(who.role) as conn:
        found = await dossier.dossier(conn, question)
    ids = {
        record["dataset_id"]
        for records in (found.parcels, *(section.records for section in found.sections))
        for record in records
        if record.get("dataset_id") is not None
    }
    async with house.service() as conn:
        imports = await dossier.imports(conn, sorted(ids))
    return found, {
        "id": found.id,
        "computed_at": found.computed_at,
        "pos": found.pos,
        "digest": found.digest,
        "parcels": found.parcels,
        "sections": [
            {
                "layer": section.layer.id,
                "title": section.layer.title.get(lang),
                "relation": section.relation,
                "matched": section.matched,
                "records": section.records,
            }
            for section in found.sections
        ],
        "imports": [
            {
                "dataset_id": one.id,
                "layer": one.layer,
                "source": one.source,
                "finished_at": one.finished_at,
            }
            for one in imports
        ],
        "caveats": [caveat.get(lang) for caveat in found.caveats],
    }
