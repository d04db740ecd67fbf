"""`muang token`: machine tokens (`Authorization: Bearer …`), one role each."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated

import typer

from db.derived import AnyConnection
from layers.errors import BadRequestError
from layers.model import Role
from layers.text import Text
from ops.progress import Progress, both

Town = Annotated[str | None, typer.Option(help="รหัสเมือง · town id")]
AsJson = Annotated[bool, typer.Option("--json", help="print one JSON object")]


def register(app: typer.Typer) -> None:
    """Add `token new`, `token list` and `token revoke`."""
    group = typer.Typer(no_args_is_help=True, help="โทเคนของโปรแกรมอื่น · Tokens for other programs.")
    group.command("new")(new)
    group.command("list")(list_all)
    group.command("revoke")(revoke)
    app.add_typer(group, name="token")


def new(
    *,
    role: Annotated[Role, typer.Option(help="what the token may see and do")],
    name: Annotated[str, typer.Option(help="who or what it is for")] = "token",
    days: Annotated[
        int | None,
        typer.Option(min=1, help="valid for this long; if not given as long as the role may have"),
    ] = None,
    communities: Annotated[
        str | None, typer.Option(help="care only: codes of communities, with commas")
    ] = None,
    team: Annotated[str | None, typer.Option(help="team only: name of the crew")] = None,
    town: Town = None,
    as_json: AsJson = False,
) -> None:
    """สร้างโทเคน · Make a token; it is shown once and kept nowhere."""
    from db.tokens import NewToken, make_token, most_days

    days = most_days(role) if days is None else days
    _check_scope(role, communities, team)
    keys = None if communities is None else tuple(filter(None, communities.split(",")))
    with service(town) as (town_id, conn):
        info, token = make_token(conn, NewToken(role, name, days, communities=keys, team=team))
    if as_json:
        facts = {"town": town_id, "id": info.id, "role": role, "name": name, "token": token}
        print(json.dumps(facts | {"expires_at": info.expires_at.isoformat()}, ensure_ascii=False))
        return
    print(token)
    Progress().say(
        Text(
            th=f"โทเคนหมายเลข {info.id} สิทธิ์ {role} ใช้ได้ถึง {_day(info.expires_at)} "
            "แสดงครั้งเดียวเท่านั้น เก็บไว้ให้ดี",
            en=f"Token no. {info.id}, role {role}, town {town_id}, valid to "
            f"{_day(info.expires_at)}. It is shown this once: keep it safe.",
        )
    )


def list_all(*, town: Town = None, as_json: AsJson = False) -> None:
    """แสดงโทเคน · List the tokens (not the secrets themselves)."""
    from db.tokens import list_tokens

    with service(town) as (town_id, conn):
        tokens = list_tokens(conn)
    if as_json:
        rows = [
            {
                "id": token.id,
                "role": token.role,
                "name": token.name,
                "created_at": token.created_at.isoformat(),
                "expires_at": token.expires_at.isoformat(),
                "revoked_at": token.revoked_at and token.revoked_at.isoformat(),
            }
            for token in tokens
        ]
        print(json.dumps({"town": town_id, "tokens": rows}, ensure_ascii=False))
        return
    for token in tokens:
        state = f"revoked {_day(token.revoked_at)}" if token.revoked_at else "valid to"
        until = "" if token.revoked_at else _day(token.expires_at)
        print(f"{token.id:4}  {token.role:<12} {state} {until}  {token.name}")
    if not tokens:
        print(both(Text(th="ยังไม่มีโทเคน", en="There are no tokens yet.")))


def revoke(
    *, number: Annotated[int, typer.Argument(help="number from `token list`")], town: Town = None
) -> None:
    """ยกเลิกโทเคน · Make a token useless from now on."""
    from db.tokens import revoke_token

    with service(town) as (_, conn):
        revoke_token(conn, number)
    print(both(Text(th=f"ยกเลิกโทเคนหมายเลข {number} แล้ว", en=f"Token no. {number} is revoked.")))


def _check_scope(role: Role, communities: str | None, team: str | None) -> None:
    if (communities is not None and role is not Role.CARE) or (
        team is not None and role is not Role.TEAM
    ):
        raise BadRequestError(
            Text(
                th="--communities ใช้กับบทบาท care และ --team ใช้กับบทบาท team เท่านั้น",
                en="--communities is for the role care and --team for the role team.",
            )
        )


@contextmanager
def service(town: str | None) -> Iterator[tuple[str, AnyConnection]]:
    """The town meant, and a connection to it as the platform's own service login."""
    from db.connect import Machine, connect
    from ops.session import choose_town, database

    with database(Progress()) as server:
        town_id = choose_town(server, town)
        with connect(server.url, server.secret, town_id, Machine.SERVICE) as conn:
            yield town_id, conn


def _day(moment: datetime) -> str:
    return moment.date().isoformat()
