"""`/auth/tokens`: a person's tokens for programs and notebooks."""

from typing import Annotated

from fastapi import APIRouter, Path, Request

from api.auth.events import noting
from api.auth.models import NewTokenFacts, TokenFacts, TokenRequest, Tokens
from api.auth.people import Session, SignedInPerson, owner_of
from api.routes import CurrentHouse, problems
from api.security import Event
from db import own_account, tokens
from layers.errors import BadRequestError, ForbiddenError
from layers.model import Role
from layers.text import Text

router = APIRouter(prefix="/auth/tokens", tags=["Sign-in"])

TokenId = Annotated[int, Path(ge=1, lt=2**63, description="Number of a token")]


@router.get("", summary="One's tokens", responses=problems(400, 401, 403, 503))
async def list_tokens(house: CurrentHouse, person: SignedInPerson) -> Tokens:
    """The tokens one has made; an administrator sees those of everybody."""
    async with house.service() as conn:
        found = await tokens.tokens_of(conn, _owner(person))
    return Tokens(tokens=[TokenFacts(**_facts(info)) for info in found])


@router.post(
    "", status_code=201, summary="Make a token", responses=problems(400, 401, 403, 409, 503)
)
async def make_token(
    request: Request, asked: TokenRequest, house: CurrentHouse, person: SignedInPerson
) -> NewTokenFacts:
    """A token for a program, shown this once. It ends with the account that made it.

    It sees what its maker sees. Administrators may choose another role, and then the
    communities or the crew its rows are held to. 409 with as many valid ones as one may have.
    """
    new, owner = _new(asked, person), owner_of(person, asked)
    with noting(request, house, Event.TOKEN_MADE, person.who) as noted:
        async with house.proving() as conn:
            await own_account.prove(conn, house.settings.trust, owner)
            info, token = await tokens.issue(conn, new)
        noted.about = info.id
    return NewTokenFacts(**_facts(info), token=token)


@router.delete(
    "/{token_id}",
    status_code=204,
    summary="Revoke a token",
    responses=problems(400, 401, 403, 404, 503),
)
async def revoke_token(
    request: Request, token_id: TokenId, house: CurrentHouse, person: SignedInPerson
) -> None:
    """Make a token useless from now on: one's own, or as administrator anybody's."""
    with noting(request, house, Event.TOKEN_REVOKED, person.who, about=token_id):
        async with house.service() as conn:
            await tokens.withdraw(conn, token_id, _owner(person))
        house.verifier.forget_all()


def _owner(person: Session) -> int | None:
    return None if person.who.role is Role.ADMIN else person.account_id


def _new(asked: TokenRequest, person: Session) -> tokens.NewToken:
    own = person.who.role
    role = asked.role or own
    if own is not Role.ADMIN and (role is not own or asked.communities or asked.team):
        raise ForbiddenError(
            Text(
                th="ผู้ดูแลระบบเท่านั้นที่สร้างโทเคนของบทบาทอื่นหรือกำหนดขอบเขตได้",
                en="Only administrators make tokens of another role or with a scope of their own.",
            )
        )
    if (asked.communities and role is not Role.CARE) or (asked.team and role is not Role.TEAM):
        raise BadRequestError(
            Text(
                th="communities ใช้กับบทบาท care และ team ใช้กับบทบาท team เท่านั้น",
                en="communities is for the role care and team for the role team.",
            )
        )
    keys = person.who.keys
    return tokens.NewToken(
        role=role,
        name=asked.name,
        days=asked.days,
        communities=tuple(asked.communities) if asked.communities is not None else None,
        team=asked.team if own is Role.ADMIN else next(iter(keys or ()), None),
        account_id=person.account_id,
    )


def _facts(info: tokens.TokenInfo) -> dict[str, object]:
    return {name: getattr(info, name) for name in TokenFacts.model_fields}
