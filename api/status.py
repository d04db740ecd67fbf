"""Who the caller is, whether the server lives, and whether it is ready, with reasons."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from api import access, csrf, viewer
from api.access import layers_of
from api.house import House
from api.language import CallerLang
from api.routes import CurrentHouse, CurrentViewer, problems
from api.viewer import Kind
from db import exercise
from db.migrate import newest_revision
from layers.model import Role
from layers.text import Lang, Text

router = APIRouter(tags=["Status"])

Bounds = Annotated[
    tuple[float, float, float, float] | None,
    Field(description="West, south, east, north in degrees; null while the town is empty"),
]


class Town(BaseModel):
    """The town being served."""

    id: str
    name: Text
    bounds: Bounds
    srid: int = Field(description="EPSG number of the town's projected CRS")
    synthetic: bool = Field(description="True when the data are invented for demonstration")


class ExerciseNow(BaseModel):
    """The exercise that is on: nothing it shows is real, and every screen says so."""

    name: str
    started_at: datetime
    speed: float = Field(description="How many times as fast its time runs as the wall clock")
    clock: datetime = Field(description="The exercise's time now: the present of its readings")


class Me(BaseModel):
    """The caller as the server sees them."""

    role: Role
    principal: str = Field(description="Username, name of the token, or public")
    display_name: str | None = Field(description="Name of whoever signed in; null for a token")
    kind: Kind = Field(description="How the caller is known")
    authenticated: bool
    demo: bool = Field(description="True: signed in with a sign-in the demo printed")
    totp: bool = Field(description="True: this account signs in with a one-time code as well")
    scope: list[str] | None = Field(
        description="Communities or crew that personal rows are held to; null: none"
    )
    csrf: str | None = Field(
        description="Value of X-CSRF-Token for whatever changes something; null without a session"
    )
    oidc: str | None = Field(
        description="Name of the provider one may sign in with at /auth/oidc; null: none"
    )
    layers: list[str] = Field(description="Layers this role may see")
    town: Town
    exercise: ExerciseNow | None = Field(
        description="The exercise that is on; null: what is shown is real"
    )


class Health(BaseModel):
    """The process answers."""

    status: Literal["ok"] = "ok"


class Check(BaseModel):
    """One thing that has to be in order."""

    ok: bool
    reason: str | None = Field(default=None, description="What is wrong and what to do about it")


class Tiles(BaseModel):
    """What became of the tiles asked for since the server started."""

    hits: int = Field(description="Requests answered with a finished tile")
    misses: int = Field(description="Requests a tile was drawn for")
    joined: int = Field(description="Requests that shared a tile being drawn for another")
    bypasses: int = Field(description="Requests while changes were not surely heard")
    dropped: int = Field(description="Finished tiles a change touched")
    drawn_again: int = Field(description="Of these, drawn again before anybody asked")
    outdated: int = Field(description="Tiles touched while they were being drawn")
    cleared: int = Field(description="How often everything was dropped")
    entries: int = Field(description="Finished tiles kept now")
    bytes: int = Field(description="Memory they take, about")
    fresh: bool = Field(description="Whether changes are surely heard; else tiles are drawn anew")


class Ready(BaseModel):
    """Whether the server can do its work."""

    ready: bool
    checks: dict[str, Check]
    tiles: Tiles


@router.get("/me", summary="Who am I", responses=problems(400, 401, 503))
async def me(request: Request, response: Response, house: CurrentHouse, who: CurrentViewer) -> Me:
    """The caller's role, how to sign in, and the town being served."""
    response.headers["Vary"] = access.VARY
    if who.authenticated:
        response.headers["Cache-Control"] = access.cache_control(private=True)
    credential = viewer.shown(request.scope, house)
    signed_in = credential is not None and who.kind is Kind.SESSION
    settings = house.settings
    town, bounds = await house.town(), await house.bounds(who.role)
    async with house.service() as conn:
        drill = await exercise.current_async(conn)
    return Me(
        role=who.role,
        principal=who.principal,
        display_name=who.display_name,
        kind=who.kind,
        authenticated=who.authenticated,
        demo=who.throwaway,
        totp=who.totp,
        scope=None if who.keys is None else list(who.keys),
        csrf=csrf.token_for(settings.secret, credential.token)
        if credential and signed_in
        else None,
        oidc=settings.oidc_name if settings.oidc_issuer else None,
        layers=[layer.id for layer in layers_of(who.role)],
        town=Town(
            id=town.id, name=town.name, bounds=bounds, srid=town.srid, synthetic=town.synthetic
        ),
        exercise=drill
        and ExerciseNow(
            name=drill.name,
            started_at=drill.started_at,
            speed=drill.speed,
            clock=drill.clock(datetime.now(UTC)),
        ),
    )


@router.get("/healthz", summary="Is the process alive", responses=problems(400))
async def healthz() -> Health:
    """Answers without asking anything of the database."""
    return Health()


@router.get(
    "/readyz",
    summary="Is everything in order",
    responses={
        503: {"model": Ready, "description": "Not ready; the reasons are in checks"},
        **problems(400),
    },
)
async def readyz(house: CurrentHouse, lang: CallerLang, response: Response) -> Ready:
    """Database reachable, migrations current, changes being numbered, dashboard built."""
    checks = {
        **await _database(house, lang),
        "sequencer": _check(
            house.sequencer.alive,
            lang,
            Text(
                th="ตัวเรียงลำดับการเปลี่ยนแปลงไม่ทำงาน ดูบันทึกของเซิร์ฟเวอร์",
                en="Changes are not being numbered; see the server's log.",
            ),
        ),
        "dashboard": _check(
            (house.settings.dashboard / "index.html").is_file(),
            lang,
            Text(
                th="ยังไม่ได้สร้างหน้าจอ สั่ง ./muang up",
                en="The dashboard has not been built; run ./muang up.",
            ),
        ),
    }
    ready = all(check.ok for check in checks.values())
    response.status_code = 200 if ready else 503
    return Ready(ready=ready, checks=checks, tiles=_tiles(house))


def _tiles(house: House) -> Tiles:
    kept = house.tiles
    return Tiles(
        **asdict(kept.numbers), entries=kept.entries, bytes=kept.size, fresh=house.hub.fresh
    )


async def _database(house: House, lang: Lang) -> dict[str, Check]:
    away = Text(
        th="ติดต่อฐานข้อมูลไม่ได้ สั่ง ./muang status",
        en="The database cannot be reached; see ./muang status.",
    )
    found = await house.revision()
    if found is None:
        return {"database": _check(False, lang, away), "migrations": _check(False, lang, away)}
    newest = newest_revision()
    behind = Text(
        th=f"ฐานข้อมูลอยู่รุ่น {found} ควรเป็น {newest} สั่ง ./muang db migrate",
        en=f"The database is at {found}, the code at {newest}; run ./muang db migrate.",
    )
    return {
        "database": _check(True, lang, away),
        "migrations": _check(found == newest, lang, behind),
    }


def _check(ok: bool, lang: Lang, reason: Text) -> Check:
    return Check(ok=ok, reason=None if ok else reason.get(lang))
