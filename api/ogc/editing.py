"""OGC API Features Part 4: records of an operation are made, replaced, changed and deleted here.

Only layers that declare editors, by those editors. `If-Match` refuses an update made of an older
version (412, with both); `Idempotency-Key` lets an edit be sent again without doing it twice.
"""

import hashlib
from collections.abc import Awaitable, Callable
from typing import Annotated

import orjson
from fastapi import APIRouter, Header, Response
from pydantic import BaseModel
from starlette.requests import Request

from api import access, floods
from api.acting import ActingName, actor, named
from api.house import House
from api.links import base_url
from api.ogc.edited import FeatureIn, FeaturePatch, change_of, positions
from api.ogc.routes import FeatureId
from api.routes import CurrentHouse, CurrentViewer, LayerId, problems
from api.viewer import Viewer
from db import editing
from db.editing import Change, Edited
from db.replies import Connection, Repeat
from db.steps import Actor
from layers.errors import BadRequestError, ForbiddenError, UnauthenticatedError
from layers.model import Layer
from layers.text import Text

router = APIRouter(prefix="/ogc", tags=["OGC API Features"])

IfMatch = Annotated[
    str | None,
    Header(
        alias="If-Match", description="ETag of the version the edit was made of", max_length=100
    ),
]
IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        description="Marks an edit: sent again within a day it answers as before",
        min_length=1,
        max_length=200,
    ),
]
_PROBLEMS = (400, 401, 404, 409, 412, 413, 503)


class Made(BaseModel):
    """The record an edit made or changed; its version is in the ETag."""

    id: int


@router.post(
    "/collections/{layer}/items",
    summary="Make a record",
    status_code=201,
    response_model=Made,
    responses=problems(400, 401, 404, 409, 413, 503),
)
async def create_item(
    request: Request,
    layer: LayerId,
    sent: FeatureIn,
    house: CurrentHouse,
    who: CurrentViewer,
    *,
    idempotency_key: IdempotencyKey = None,
    acting_name: ActingName = None,
) -> Response:
    """Makes a record of the feature sent; `Location` says where it is, `ETag` its version."""
    found = _editable(layer, who)
    change = await _change(found, sent, house, who, whole=True)
    repeat = _repeat(who, idempotency_key, "POST", found.id, sent)
    edited = await _edit(
        house,
        actor(who, named(acting_name)),
        found,
        repeat,
        lambda c: editing.create(c, found, change),
    )
    return _told(request, found, edited)


@router.put(
    "/collections/{layer}/items/{feature}",
    summary="Replace a record",
    response_model=Made,
    responses=problems(*_PROBLEMS),
)
async def replace_item(
    request: Request,
    layer: LayerId,
    feature: FeatureId,
    sent: FeatureIn,
    house: CurrentHouse,
    *,
    who: CurrentViewer,
    if_match: IfMatch = None,
    idempotency_key: IdempotencyKey = None,
    acting_name: ActingName = None,
) -> Response:
    """Puts the feature sent in the place of a record; fields it does not name become empty."""
    found = _editable(layer, who)
    change = await _change(found, sent, house, who, whole=True)
    repeat = _repeat(who, idempotency_key, f"PUT {feature}", found.id, sent)
    edited = await _edit(
        house,
        actor(who, named(acting_name)),
        found,
        repeat,
        lambda c: editing.write(c, found, _id(feature), change, expected(if_match)),
    )
    return _told(request, found, edited)


@router.patch(
    "/collections/{layer}/items/{feature}",
    summary="Change a record",
    response_model=Made,
    responses=problems(*_PROBLEMS),
)
async def update_item(
    request: Request,
    layer: LayerId,
    feature: FeatureId,
    sent: FeaturePatch,
    house: CurrentHouse,
    *,
    who: CurrentViewer,
    if_match: IfMatch = None,
    idempotency_key: IdempotencyKey = None,
    acting_name: ActingName = None,
) -> Response:
    """Changes what is sent of a record and leaves the rest (RFC 7396)."""
    found = _editable(layer, who)
    change = await _change(found, sent, house, who, whole=False)
    repeat = _repeat(who, idempotency_key, f"PATCH {feature}", found.id, sent)
    edited = await _edit(
        house,
        actor(who, named(acting_name)),
        found,
        repeat,
        lambda c: editing.write(c, found, _id(feature), change, expected(if_match)),
    )
    return _told(request, found, edited)


@router.delete(
    "/collections/{layer}/items/{feature}",
    summary="Delete a record",
    status_code=204,
    responses=problems(*_PROBLEMS),
)
async def delete_item(
    request: Request,
    layer: LayerId,
    feature: FeatureId,
    house: CurrentHouse,
    *,
    who: CurrentViewer,
    if_match: IfMatch = None,
    idempotency_key: IdempotencyKey = None,
    acting_name: ActingName = None,
) -> Response:
    """Deletes a record; its past stays readable with `as_of`."""
    found = _editable(layer, who)
    repeat = _repeat(who, idempotency_key, f"DELETE {feature}", found.id, None)
    edited = await _edit(
        house,
        actor(who, named(acting_name)),
        found,
        repeat,
        lambda c: editing.delete(c, found, _id(feature), expected(if_match)),
    )
    return _told(request, found, edited)


def _editable(layer_id: str, who: Viewer) -> Layer:
    """The layer, when the caller may edit it; hidden layers are as none."""
    layer = access.layer_for(layer_id, who.role)
    if who.role in layer.editors:
        return layer
    if not who.authenticated:
        raise UnauthenticatedError(
            Text(th="ต้องลงชื่อเข้าใช้ก่อนแก้ไขข้อมูล", en="Sign in to edit records.")
        )
    raise ForbiddenError(
        Text(
            th=f"สิทธิ์ของท่านแก้ไข “{layer.title.th}” ที่นี่ไม่ได้",
            en=f"Your role may not edit “{layer.title.en}” here.",
        )
    )


async def _change(
    layer: Layer, sent: FeatureIn | FeaturePatch, house: House, who: Viewer, *, whole: bool
) -> Change:
    change = change_of(layer, sent, whole=whole)
    if sent.geometry is not None:
        floods.near(positions(sent.geometry), await house.bounds(who.role))
    async with house.reader(who.role) as conn:
        await editing.refuse_dangling(conn, layer, change.values)
    return change


def _id(feature: int) -> int:
    return max(-(2**63), min(2**63 - 1, feature))


def expected(if_match: str | None) -> str | None:
    """The version of an If-Match; `*` is any. Weak ETags and lists are refused."""
    if if_match is None or if_match.strip() == "*":
        return None
    text = if_match.strip()
    if len(text) < 2 or text[0] != '"' or text[-1] != '"' or "," in text:  # noqa: PLR2004 - quotes
        raise BadRequestError(
            Text(
                th="If-Match ต้องเป็น ETag เดียวในเครื่องหมายคำพูด",
                en="If-Match must be a single ETag in quotes.",
            )
        )
    return text[1:-1]


def _repeat(
    who: Viewer, key: str | None, what: str, layer_id: str, sent: BaseModel | None
) -> Repeat | None:
    if key is None:
        return None
    body = b"" if sent is None else orjson.dumps(sent.model_dump(), option=orjson.OPT_SORT_KEYS)
    digest = hashlib.sha256(f"{what} {layer_id} ".encode() + body).digest()
    return Repeat(who.subject, key, digest)


async def _edit(
    house: House,
    doing: Actor,
    layer: Layer,
    repeat: Repeat | None,
    work: Callable[[Connection], Awaitable[Edited]],
) -> Edited:
    """One edit in one transaction, or what the same edit answered before."""
    async with house.writing() as conn:
        before = await editing.repeated(conn, repeat)
        if before is not None:
            return before
        await editing.begin(conn, layer, doing.principal, doing.name if doing.typed else None)
        edited = await work(conn)
        await editing.keep(conn, repeat, edited)
    return edited


def _told(request: Request, layer: Layer, edited: Edited) -> Response:
    headers = {"Cache-Control": "private, no-store", "Vary": access.VARY}
    if edited.version is None:
        return Response(status_code=edited.status, headers=headers)
    at = f"{base_url(request)}/ogc/collections/{layer.id}/items/{edited.id}"
    return Response(
        orjson.dumps({"id": edited.id}),
        status_code=edited.status,
        media_type="application/json",
        headers={**headers, "Location": at, "ETag": f'"{edited.version}"'},
    )
