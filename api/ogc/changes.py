"""`/ogc/collections/{layer}/changes`: what changed between two times, as a feature collection."""

from datetime import UTC, datetime
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Query, Request, Response

from api import access, past
from api.links import GEOJSON, base_url, link, with_query
from api.ogc import crs as crs_names
from api.ogc import items, parameters
from api.ogc.routes import BboxCrsUri, BboxText, CrsUri
from api.routes import CurrentHouse, CurrentViewer, LayerId, problems
from db.queries import changed
from db.queries.changed import Between, Change, Changes, Kind
from db.queries.features import GEOMETRY, Page
from layers.errors import BadRequestError
from layers.model import Field
from layers.text import Text

router = APIRouter(prefix="/ogc", tags=["OGC API Features"])

DEFAULT_LIMIT = 1000

Since = Annotated[
    str,
    Query(
        description="Earlier time (RFC 3339 with offset)", examples=["2026-11-20T08:00:00+07:00"]
    ),
]
Until = Annotated[
    str | None, Query(description="Later time (RFC 3339 with offset); now when not given")
]
Limit = Annotated[
    int,
    Query(ge=1, le=parameters.MAX_LIMIT, description="Rows looked at for one page of changes"),
]
After = Annotated[
    int | None,
    Query(
        ge=-parameters.BIGGEST, le=parameters.BIGGEST, description="Go on after the row of this id"
    ),
]


@router.get(
    "/collections/{layer}/changes",
    summary="What changed between two times",
    responses={
        200: {"content": {GEOJSON: {"schema": {"type": "object"}}}},
        **problems(400, 401, 404, 503),
    },
    response_class=Response,
)
async def list_changes(
    request: Request,
    layer: LayerId,
    house: CurrentHouse,
    who: CurrentViewer,
    *,
    since: Since,
    until: Until = None,
    bbox: BboxText = None,
    bbox_crs: BboxCrsUri = None,
    crs: CrsUri = None,
    limit: Limit = DEFAULT_LIMIT,
    after: After = None,
) -> Response:
    """Rows added, changed or removed, in order of their ids, as the caller sees the layer.

    Each feature has `change` (added, changed, removed), `changed` (names of the fields that
    differ, `geometry` among them) and `was` (their earlier values). A page may hold fewer
    changes than `limit`, even none; the `next` link says whether more follow.
    """
    found = access.layer_for(layer, who.role)
    srid = (await house.town()).srid
    out = crs_names.parse(crs, srid, "crs")
    box_crs = crs_names.parse(bbox_crs, srid, "bbox-crs")
    start = past.moment(since, "since")
    end = datetime.now(UTC) if until is None else past.moment(until, "until")
    if start > end:
        raise BadRequestError(
            Text(th="since ต้องมาก่อน until", en="since must be before until."),
        )
    asked = Between(
        page=Page(
            layer=found,
            role=who.role,
            keys=who.keys,
            fields=parameters.fields(None, found, who.role),
            town_srid=srid,
            srid=out.srid,
            flip=out.flip,
            limit=limit,
            box=parameters.box(bbox, box_crs) if bbox is not None else None,
        ),
        since=start,
        until=end,
        beyond=after,
    )
    async with house.reader(who.role) as conn:
        answer = await changed.between(conn, asked)
    # the pages of one walk must end at the same moment
    given = {**request.query_params, "until": end.isoformat()}
    here = f"{base_url(request)}/ogc/collections/{found.id}"
    links = [
        link("self", with_query(f"{here}/changes", dict(request.query_params)), GEOJSON),
        link("collection", here, "application/json"),
    ]
    if answer.beyond is not None:
        more = with_query(f"{here}/changes", {**given, "after": answer.beyond})
        links.append(link("next", more, GEOJSON))
    private = access.beyond_public(found, who.role, asked.page.fields)
    return Response(
        _collection(answer, asked, links),
        media_type=GEOJSON,
        headers={
            "Content-Crs": f"<{out.uri}>",
            "Cache-Control": access.cache_control(private=private),
            "Vary": access.VARY,
        },
    )


def _collection(answer: Changes, asked: Between, links: list[dict[str, str]]) -> bytes:
    return orjson.dumps(
        {
            "type": "FeatureCollection",
            "since": asked.since,
            "until": asked.until,
            "numberReturned": len(answer.changes),
            "timeStamp": datetime.now(UTC),
            "links": links,
            "features": [_feature(each, asked.page.fields) for each in answer.changes],
        }
    )


def _feature(change: Change, fields: tuple[Field, ...]) -> dict[str, Any]:
    made = items.feature(change.row, fields)
    made["properties"]["change"] = change.kind
    if change.kind is Kind.CHANGED:
        names = [field.name for field in fields if field.name in change.was]
        moved = changed.geometry_changed(change)
        made["properties"]["changed"] = [*names, *(["geometry"] if moved else [])]
        was: dict[str, Any] = {name: change.was[name] for name in names}
        if moved:
            was["geometry"] = orjson.Fragment(change.was[GEOMETRY])
        made["properties"]["was"] = was
    return made
