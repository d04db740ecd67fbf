"""Routes of OGC API Features (Parts 1 and 2, and the schemas of 3 and 5)."""

from typing import Annotated, Any, Literal

import orjson
from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import JSONResponse

from api import access, filters, freshness, past, validation
from api.language import CallerLang
from api.links import GEOJSON, SCHEMA, base_url, link, with_query
from api.ogc import crs as crs_names
from api.ogc import documents, items, openapi30, parameters, schema
from api.past import AsOf
from api.routes import OPEN, CurrentHouse, CurrentViewer, LayerId, problems
from db.editing import version_of
from db.queries import features
from db.queries.cql2_parse import MAX_CHARACTERS
from db.queries.features import Page

router = APIRouter(prefix="/ogc", tags=["OGC API Features"])

_DECLARED = (
    *(past.AS_OF, "bbox", "bbox-crs", "crs", "datetime", *filters.PARAMETERS),
    *("lang", "limit", "offset", "properties"),
    "skipGeometry",
)

BboxText = Annotated[
    str | None,
    Query(
        description="Only features that meet this box: west,south,east,north",
        examples=["105.20,15.22,105.26,15.27"],
    ),
]
BboxCrsUri = Annotated[
    str | None, Query(alias="bbox-crs", description="CRS of bbox; CRS84 when not given")
]
CrsUri = Annotated[str | None, Query(description="CRS of the answer; CRS84 when not given")]
PropertyNames = Annotated[
    str | None, Query(description="Names of the properties wanted, with commas; all when not given")
]
FilterText = Annotated[
    str | None,
    Query(
        description="CQL2 condition over the queryables",
        examples=["kind = 'food' AND status = 'issued'"],
        max_length=MAX_CHARACTERS,
    ),
]
FilterLang = Annotated[
    Literal["cql2-text", "cql2-json"],
    Query(alias="filter-lang", description="How filter is written"),
]
FilterCrs = Annotated[
    str | None,
    Query(alias="filter-crs", description="CRS of coordinates in filter: CRS84, the default"),
]
Moment = Annotated[
    str | None,
    Query(description="Time or interval a/b, compared with the layer's own date or time field"),
]
Limit = Annotated[
    int, Query(ge=1, description=f"Features on a page; more than {parameters.MAX_LIMIT} means that")
]
Offset = Annotated[
    int, Query(ge=0, le=parameters.MAX_OFFSET, description="Features passed over, by id")
]
SkipGeometry = Annotated[bool, Query(alias="skipGeometry", description="Leave every geometry null")]
FeatureId = Annotated[int, Path(description="Id of a feature, the one its tiles carry too")]


@router.get("", include_in_schema=False)
@router.get("/", summary="Landing page", responses=problems(400, 401, 503))
async def landing(
    request: Request,
    house: CurrentHouse,
    who: CurrentViewer,  # noqa: ARG001 - a program with a token that ended learns it at the door
    lang: CallerLang,
) -> dict[str, Any]:
    """Where the town's features begin, with links to everything else."""
    return documents.landing(await house.town(), base_url(request), lang)


@router.get(
    "/api",
    summary="This API in OpenAPI 3.0",
    responses={
        200: {"content": {documents.OPENAPI_30: {"schema": {"type": "object"}}}},
        **problems(400),
    },
    response_class=Response,
)
async def api_30(request: Request) -> Response:
    """The same description as /openapi.json, in the older form OGC clients read."""
    body = openapi30.lowered(request.app.openapi())
    return Response(orjson.dumps(body), media_type=documents.OPENAPI_30)


@router.get("/conformance", summary="Conformance classes met", responses=problems(400))
async def conformance() -> dict[str, list[str]]:
    """The parts of the standard this server meets."""
    return {"conformsTo": list(documents.CONFORMANCE)}


@router.get("/collections", summary="Layers", responses=problems(400, 401, 503))
async def collections(
    request: Request,
    house: CurrentHouse,
    who: CurrentViewer,
    lang: CallerLang,
    response: Response,
) -> dict[str, Any]:
    """Every layer the caller's role may see, with its age."""
    response.headers.update(freshness.headers(who))
    town, bounds = await house.town(), await house.bounds(who.role)
    seen = access.layers_of(who.role)
    made = documents.collections(seen, town, bounds, base_url(request), lang)
    told = await freshness.ages(house, who, seen)
    for each in made["collections"]:
        each[freshness.KEY] = freshness.member(told[each["id"]])
    return made


@router.get("/collections/{layer}", summary="One layer", responses=problems(400, 401, 404, 503))
async def collection(
    request: Request,
    layer: LayerId,
    house: CurrentHouse,
    who: CurrentViewer,
    lang: CallerLang,
    *,
    response: Response,
) -> dict[str, Any]:
    """What a layer is, how old, the CRSs it is offered in, and its links."""
    found = access.layer_for(layer, who.role)
    response.headers.update(freshness.headers(who))
    town, bounds = await house.town(), await house.bounds(who.role)
    made = documents.collection(found, town, bounds, base_url(request), lang)
    told = await freshness.ages(house, who, (found,))
    return {**made, freshness.KEY: freshness.member(told[found.id])}


@router.get(
    "/collections/{layer}/items",
    summary="Features of a layer",
    openapi_extra={OPEN: True},
    responses={
        200: {"content": {GEOJSON: {"schema": {"type": "object"}}}},
        **problems(400, 401, 404, 503),
    },
    response_class=Response,
)
async def list_items(
    request: Request,
    layer: LayerId,
    house: CurrentHouse,
    who: CurrentViewer,
    *,
    as_of: AsOf = None,
    bbox: BboxText = None,
    bbox_crs: BboxCrsUri = None,
    crs: CrsUri = None,
    datetime: Moment = None,
    properties: PropertyNames = None,
    filter: FilterText = None,  # noqa: A002, ARG001 - the standard's name; read with the others
    filter_lang: FilterLang = "cql2-text",  # noqa: ARG001
    filter_crs: FilterCrs = None,  # noqa: ARG001
    limit: Limit = parameters.DEFAULT_LIMIT,
    offset: Offset = 0,
    skip_geometry: SkipGeometry = False,
) -> Response:
    """Features as GeoJSON, in order of their ids.

    Any property the caller may see is a filter too: `?kind=food&status=issued`.
    """
    found = access.layer_for(layer, who.role)
    srid = (await house.town()).srid
    out = crs_names.parse(crs, srid, "crs")
    box_crs = crs_names.parse(bbox_crs, srid, "bbox-crs")
    when = parameters.temporal_field(found, who.role)
    page = Page(
        layer=found,
        role=who.role,
        keys=who.keys,
        fields=parameters.fields(properties, found, who.role),
        town_srid=srid,
        srid=out.srid,
        flip=out.flip,
        limit=min(limit, parameters.MAX_LIMIT),
        offset=offset,
        box=parameters.box(bbox, box_crs) if bbox is not None else None,
        equals=parameters.equals(_filters(request), found, who.role, _DECLARED),
        period=parameters.period(datetime, when) if datetime is not None else None,
        filter=filters.parse(request.query_params, found, who.role),
        with_geometry=not skip_geometry,
    )
    async with house.reading(who.role, past.optional(as_of)) as conn:
        rows = await features.fetch(conn, page)
    at = f"{base_url(request)}/ogc/collections/{found.id}"
    links = documents.page_links(
        f"{at}/items",
        dict(request.query_params),
        limit=page.limit,
        offset=offset,
        matched=rows.matched,
        collection_at=at,
    )
    private = access.beyond_public(found, who.role, page.fields) or access.asked_beyond_public(
        found, features.asked_about(page)
    )
    return _geojson(items.collection(rows, page, links), out, private=private)


@router.get(
    "/collections/{layer}/items/{feature}",
    summary="One feature",
    responses={
        200: {"content": {GEOJSON: {"schema": {"type": "object"}}}},
        **problems(400, 401, 404, 503),
    },
    response_class=Response,
)
async def one_item(
    request: Request,
    layer: LayerId,
    feature: FeatureId,
    house: CurrentHouse,
    who: CurrentViewer,
    *,
    as_of: AsOf = None,
    crs: CrsUri = None,
    properties: PropertyNames = None,
    skip_geometry: SkipGeometry = False,
) -> Response:
    """One feature by its surrogate id, the id its tiles carry too."""
    found = access.layer_for(layer, who.role)
    srid = (await house.town()).srid
    out = crs_names.parse(crs, srid, "crs")
    shown = parameters.fields(properties, found, who.role)
    page = Page(
        layer=found,
        role=who.role,
        keys=who.keys,
        fields=shown,
        town_srid=srid,
        srid=out.srid,
        flip=out.flip,
        limit=1,
        feature_id=max(-parameters.BIGGEST, min(parameters.BIGGEST, feature)),
        with_geometry=not skip_geometry,
    )
    async with house.reading(who.role, past.optional(as_of)) as conn:
        row = await items.one(conn, page)
    at = f"{base_url(request)}/ogc/collections/{found.id}"
    links = [
        link("self", with_query(f"{at}/items/{feature}", dict(request.query_params)), GEOJSON),
        link("collection", at, "application/json"),
    ]
    body = orjson.dumps(items.feature(row, shown, links))
    answer = _geojson(body, out, private=access.beyond_public(found, who.role, shown))
    # steps of the war room are made of a version as well
    if (found.editors or found.computed) and as_of is None and "updated_at" in row:
        answer.headers["ETag"] = f'"{version_of(row["id"], row["updated_at"])}"'
    return answer


@router.get(
    "/collections/{layer}/queryables",
    summary="Properties that filter",
    responses={
        200: {"content": {SCHEMA: {"schema": {"type": "object"}}}},
        **problems(400, 401, 404),
    },
    response_class=Response,
)
async def layer_queryables(
    request: Request, layer: LayerId, who: CurrentViewer, lang: CallerLang
) -> JSONResponse:
    """JSON Schema of the properties the caller may filter by."""
    found = access.layer_for(layer, who.role)
    uri = f"{base_url(request)}/ogc/collections/{found.id}/queryables"
    made = schema.queryables(found, who.role, lang, uri)
    return JSONResponse(made, media_type=SCHEMA, headers={"Content-Language": lang})


@router.get(
    "/collections/{layer}/schema",
    summary="Properties returned",
    responses={
        200: {"content": {SCHEMA: {"schema": {"type": "object"}}}},
        **problems(400, 401, 404),
    },
    response_class=Response,
)
async def layer_schema(
    request: Request, layer: LayerId, who: CurrentViewer, lang: CallerLang
) -> JSONResponse:
    """JSON Schema of the features the caller gets: titles, units and code labels by language."""
    found = access.layer_for(layer, who.role)
    uri = f"{base_url(request)}/ogc/collections/{found.id}/schema"
    made = schema.returnables(found, who.role, lang, uri)
    return JSONResponse(made, media_type=SCHEMA, headers={"Content-Language": lang})


def _filters(request: Request) -> dict[str, str]:
    given = [(name, text) for name, text in request.query_params.multi_items()]
    validation.refuse_repeated([name for name, _ in given])
    return {name: text for name, text in given if name not in _DECLARED}


def _geojson(body: bytes, out: crs_names.Crs, *, private: bool) -> Response:
    return Response(
        body,
        media_type=GEOJSON,
        headers={
            "Content-Crs": f"<{out.uri}>",
            "Cache-Control": access.cache_control(private=private),
            "Vary": access.VARY,
        },
    )
