"""`muang user`: people who sign in; the first administrator is made here."""

import getpass
import json
import os
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from layers.errors import BadRequestError
from layers.model import Role
from layers.text import Text
from ops.commands.token import AsJson, Town, service
from ops.progress import Progress, both


def register(app: typer.Typer) -> None:
    """Add `user add`, `user list`, `user password` and `user disable`."""
    group = typer.Typer(no_args_is_help=True, help="ผู้ใช้ที่ลงชื่อเข้าใช้ · People who sign in.")
    group.command("add")(add)
    group.command("list")(list_all)
    group.command("password")(password)
    group.command("disable")(disable)
    app.add_typer(group, name="user")


def add(
    *,
    username: Annotated[str, typer.Argument(help="ชื่อผู้ใช้ · what they type to sign in")],
    role: Annotated[Role, typer.Option(help="what they may see and do")],
    display_name: Annotated[
        str | None, typer.Option("--name", help="shown on the screen; the username if not given")
    ] = None,
    communities: Annotated[
        str | None, typer.Option(help="care only: codes of their communities, with commas")
    ] = None,
    team: Annotated[str | None, typer.Option(help="team only: name of their crew")] = None,
    oidc_issuer: Annotated[
        str | None, typer.Option(help="signs in with OpenID Connect: the provider's issuer")
    ] = None,
    oidc_subject: Annotated[
        str | None, typer.Option(help="signs in with OpenID Connect: their `sub` there")
    ] = None,
    town: Town = None,
    as_json: AsJson = False,
) -> None:
    """เพิ่มผู้ใช้ · Make an account. The password is asked for, or read from standard input."""
    from db.accounts import NewAccount, add_account

    if (oidc_issuer is None) != (oidc_subject is None):
        raise BadRequestError(
            Text(
                th="ต้องระบุทั้ง --oidc-issuer และ --oidc-subject",
                en="--oidc-issuer and --oidc-subject go together.",
            )
        )
    keys = _communities(communities, role)
    if team and role is not Role.TEAM:
        raise BadRequestError(
            Text(th="--team ใช้กับบทบาท team เท่านั้น", en="--team is for the role team only.")
        )
    typed = None if oidc_subject else _password()
    with service(town) as (town_id, conn):
        made = add_account(
            conn,
            NewAccount(
                username=username,
                display_name=display_name or username,
                role=role,
                password=typed,
                communities=keys,
                team=team,
                oidc_issuer=oidc_issuer.rstrip("/") if oidc_issuer else None,
                oidc_subject=oidc_subject,
            ),
            breached=_breached(),
        )
    if as_json:
        print(json.dumps({"town": town_id, "username": made.username, "role": made.role}))
        return
    print(
        both(
            Text(
                th=f"เพิ่มผู้ใช้ “{made.username}” บทบาท {made.role} ในเมือง {town_id} แล้ว",
                en=f"The user “{made.username}”, role {made.role}, was added to {town_id}.",
            )
        )
    )


def list_all(*, town: Town = None, as_json: AsJson = False) -> None:
    """แสดงผู้ใช้ · List the accounts; never their secrets."""
    from db.accounts import list_accounts

    with service(town) as (town_id, conn):
        found = list_accounts(conn)
    if as_json:
        rows = [
            {
                "username": account.username,
                "name": account.display_name,
                "role": account.role,
                "communities": account.communities,
                "team": account.team,
                "totp": account.totp,
                "oidc_issuer": account.oidc_issuer,
                "demo": account.throwaway,
                "created_at": account.created_at.isoformat(),
                "disabled_at": account.disabled_at and account.disabled_at.isoformat(),
            }
            for account in found
        ]
        print(json.dumps({"town": town_id, "users": rows}, ensure_ascii=False))
        return
    for account in found:
        marks = [
            *(account.communities or ()),
            *([account.team] if account.team else ()),
            *(["totp"] if account.totp else ()),
            *([account.oidc_issuer] if account.oidc_issuer else ()),
            *(["demo"] if account.throwaway else ()),
            *([f"disabled {_day(account.disabled_at)}"] if account.disabled_at else ()),
        ]
        print(f"{account.username:<24} {account.role:<12} {', '.join(marks)}".rstrip())
    if not found:
        print(
            both(
                Text(
                    th="ยังไม่มีผู้ใช้ เพิ่มผู้ดูแลระบบคนแรกด้วย ./muang user add NAME --role admin",
                    en="There are no users yet. Make the first administrator with "
                    "./muang user add NAME --role admin",
                )
            )
        )


def password(
    *,
    username: Annotated[str, typer.Argument(help="ชื่อผู้ใช้ · the account")],
    drop_code: Annotated[
        bool, typer.Option(help="also sign in without a one-time code: the device is lost")
    ] = False,
    town: Town = None,
) -> None:
    """ตั้งรหัสผ่านใหม่ · Give somebody a new password; their sessions and tokens end."""
    from db.accounts import set_password
    from db.connect import Machine, connect
    from db.trust import Trust
    from ops.session import choose_town, database

    typed = _password()
    with database(Progress()) as server:
        town_id = choose_town(server, town)
        with connect(server.url, server.secret, town_id, Machine.SERVICE) as conn:
            trust = Trust(server.secret, breached=_breached())
            set_password(conn, username, typed, trust, drop_code=drop_code)
    print(
        both(
            Text(
                th=f"ตั้งรหัสผ่านใหม่ของ “{username}” แล้ว การลงชื่อและโทเคนเดิมสิ้นสุด",
                en=f"“{username}” has a new password; sessions and tokens of before have ended.",
            )
        )
    )


def _breached() -> Path | None:
    """The operator's file of passwords nobody may use, as the server reads it."""
    named = os.environ.get("MUANG_BREACHED_PASSWORDS")
    return Path(named) if named else None


def disable(
    *, username: Annotated[str, typer.Argument(help="ชื่อผู้ใช้ · the account")], town: Town = None
) -> None:
    """ปิดบัญชี · End an account: its sessions and tokens are refused within a second."""
    from db.accounts import disable_account

    with service(town) as (_, conn):
        disable_account(conn, username)
    print(both(Text(th=f"ปิดบัญชี “{username}” แล้ว", en=f"The account “{username}” is disabled.")))


def _communities(text: str | None, role: Role) -> tuple[str, ...] | None:
    if text is None:
        return None
    if role is not Role.CARE:
        raise BadRequestError(
            Text(
                th="--communities ใช้กับบทบาท care เท่านั้น",
                en="--communities is for the role care only.",
            )
        )
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _password() -> str:
    """Typed twice without being shown, or the first line of standard input."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    first = getpass.getpass("รหัสผ่าน · Password: ")
    if getpass.getpass("อีกครั้ง · Once more: ") != first:
        raise BadRequestError(
            Text(th="รหัสผ่านสองครั้งไม่ตรงกัน", en="The two passwords are not the same.")
        )
    return first


def _day(moment: datetime) -> str:
    return moment.date().isoformat()
