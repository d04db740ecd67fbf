"""The application factory. Nothing happens at import; the lifespan opens and closes everything."""

import contextlib
from collections.abc import AsyncIterator

from fastapi import Depends, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from api import (
    answers,
    arrival,
    basemap,
    description,
    dossier,
    exchange,
    exports,
    feeds,
    freshness,
    language,
    live,
    log,
    pages,
    problems,
    queries,
    rasters,
    revenue,
    search,
    stages,
    status,
    tilejson,
)
from api.auth.oidc_routes import router as oidc_router
from api.auth.routes import router as auth_router
from api.auth.tokens import router as tokens_router
from api.door import Door
from api.edge import Edge, always
from api.encoding import Gzip
from api.gauges.routes import router as gauges_router
from api.house import open_house
from api.leaving import Leaving
from api.network.routes import router as network_router
from api.ogc.changes import router as changes_router
from api.ogc.editing import router as editing_router
from api.ogc.routes import router as ogc_router
from api.routes import refuse_unknown_parameters
from api.settings import ServerSettings, from_environment
from api.tile_front import TileFront
from api.tile_hit import Hits
from api.war_room.routes import router as war_room_router
from layers.errors import MuangError
from layers.version import VERSION

_ABOUT = (
    "ข้อมูลของเมืองบนแผนที่ · A town's layers, vector tiles, live changes and geo-queries. "
    "Errors are application/problem+json; ?lang=th|en; an unknown query parameter is 400."
)


def create_app(settings: ServerSettings | None = None) -> FastAPI:
    """The server's ASGI application; settings come from the environment when not given.

    Raises UnavailableError, with a sentence a person can act on, when it must not be served.
    """
    chosen = settings or from_environment()

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        log.set_up()
        async with open_house(chosen) as house:
            app.state.house = house
            yield
        log.flush()

    app = FastAPI(
        title="Muang",
        description=_ABOUT,
        version=VERSION,
        lifespan=lifespan,
        # a redirect would be made of what the proxy in front calls us: plain http
        redirect_slashes=False,
        docs_url=None,
        redoc_url=None,
        telemetry={"tracing": False, "metrics": False, "logs": False},
        dependencies=[Depends(language.caller), Depends(refuse_unknown_parameters)],
        generate_unique_id_function=lambda route: route.name,
    )
    for router in (
        status.router,
        freshness.router,
        feeds.router,
        auth_router,
        tokens_router,
        oidc_router,
        tilejson.router,
        rasters.router,
        basemap.router,
        live.router,
        queries.router,
        stages.router,
        search.router,
        dossier.router,
        arrival.router,
        answers.router,
        network_router,
        revenue.router,
        war_room_router,
        gauges_router,
        ogc_router,
        editing_router,
        changes_router,
        exports.router,
        pages.router_for(chosen),
    ):
        app.include_router(router)
    # the last one added is the outermost: edge, then tiles, then everything else
    app.add_middleware(Gzip, minimum_size=1000, compresslevel=4)
    app.add_middleware(Leaving)
    app.add_middleware(TileFront)
    door = Door(chosen.hosts, chosen.near)
    app.add_middleware(Edge, door=door, tls=chosen.tls)
    # what the server itself answers from, before any of these (`api.wire`)
    app.state.hits = Hits(door, always(tls=chosen.tls))
    for kind in (MuangError, HTTPException, RequestValidationError):
        app.add_exception_handler(kind, _problem)
    description.complete(app)
    return app


async def _problem(request: Request, exc: Exception) -> Response:
    return problems.response(
        exc, lang=language.of_scope(request.scope), event_id=exchange.of(request.scope).id
    )
