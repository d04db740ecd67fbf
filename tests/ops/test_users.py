"""`muang user` and `muang token` as typed, and the sign-ins the demo prints."""

import json
import os
import subprocess
import sys

import pytest

from db.accounts import NewAccount, add_account, disable_account, list_accounts
from db.connect import Machine
from layers.errors import ConflictError, UnavailableError
from layers.model import Role
from ops.demo_users import TEAM, make_demo_users, refuse_published
from ops.session import Server
from tests.conftest import TownHandle
from tests.ops.conftest import ROOT

PASSWORD = "แม่น้ำมูล ยาวไกลมาก"


def muang(town: TownHandle, *arguments: str, typed: str = "") -> "subprocess.CompletedProcess[str]":
    settings = {"MUANG_DATABASE_URL": town.server_url, "MUANG_SECRET": town.secret}
    return subprocess.run(
        [sys.executable, "-m", "ops", *arguments, "--town", town.town_id],
        input=typed,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=os.environ | settings,
        check=False,
        timeout=100,
    )


def server_of(town: TownHandle) -> Server:
    return Server(town.server_url, town.secret, None, private=False)


def test_users_from_the_first_administrator_on(blank_town: TownHandle) -> None:
    town = blank_town
    assert "user add NAME --role admin" in muang(town, "user", "list").stdout
    made = muang(town, "user", "add", "Somchai", "--role", "admin", typed=f"{PASSWORD}\n")
    assert made.returncode == 0, made.stderr
    assert "“somchai”" in made.stdout
    assert PASSWORD not in made.stdout + made.stderr
    carer = ["user", "add", "carer", "--role", "care", "--communities", "C1, C2", "--json"]
    made = muang(town, *carer, typed=PASSWORD)
    assert json.loads(made.stdout) == {
        "town": town.town_id,
        "username": "carer",
        "role": "care",
    }
    single = ["--oidc-issuer", "https://id.example/", "--oidc-subject", "abc"]
    assert muang(town, "user", "add", "o", "--role", "staff", *single).returncode == 0

    listed = json.loads(muang(town, "user", "list", "--json").stdout)["users"]
    assert [(u["username"], u["role"], u["communities"]) for u in listed] == [
        ("carer", "care", ["C1", "C2"]),
        ("o", "staff", None),
        ("somchai", "admin", None),
    ]
    assert listed[1]["oidc_issuer"] == "https://id.example"
    assert "argon2" not in muang(town, "user", "list", "--json").stdout

    done = muang(town, "user", "password", "carer", "--drop-code", typed=f"{PASSWORD} ใหม่\n")
    assert done.returncode == 0, done.stderr
    assert "new password" in done.stdout
    assert muang(town, "user", "password", "carer", typed="short\n").returncode != 0
    assert muang(town, "user", "disable", "carer").returncode == 0
    again = muang(town, "user", "disable", "carer")
    assert again.returncode == 1
    assert "no active user" in again.stderr
    assert "disabled" in muang(town, "user", "list").stdout


@pytest.mark.parametrize(
    ("arguments", "typed", "status", "says"),
    [
        (["x", "--role", "staff"], "short\n", 2, "characters"),
        (["x", "--role", "staff"], "", 2, "characters"),
        (["x", "--role", "team"], PASSWORD, 2, "--team"),
        (["x", "--role", "staff", "--team", "b"], PASSWORD, 2, "--team"),
        (["x", "--role", "staff", "--communities", "C1"], PASSWORD, 2, "--communities"),
        (["x", "--role", "staff", "--oidc-issuer", "https://x"], "", 2, "--oidc-subject"),
        (["x", "--role", "public"], PASSWORD, 2, "public"),
        (["x", "--role", "king"], PASSWORD, 2, "king"),
        (["a b", "--role", "staff"], PASSWORD, 2, "no spaces"),
    ],
)
def test_what_cannot_be_a_user(
    tiny_town: TownHandle, arguments: list[str], typed: str, status: int, says: str
) -> None:
    done = muang(tiny_town, "user", "add", *arguments, typed=typed)
    assert done.returncode == status
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_tokens_with_a_scope(blank_town: TownHandle) -> None:
    new = ["token", "new", "--json", "--role"]
    team = muang(blank_town, *new, "team", "--team", "boat 1")
    assert json.loads(team.stdout)["role"] == "team"
    assert muang(blank_town, *new, "care", "--communities", "C1,C2").returncode == 0
    for wrong in (["team"], ["staff", "--team", "x"], ["staff", "--communities", "C1"]):
        assert muang(blank_town, *new, *wrong).returncode == 2
    with blank_town.connect(Machine.SERVICE) as conn:
        rows = conn.execute("SELECT communities, team FROM muang.api_token ORDER BY id").fetchall()
    assert rows == [(None, "boat 1"), (["C1", "C2"], None)]


def test_the_demo_has_a_sign_in_for_each_role(blank_town: TownHandle) -> None:
    first = make_demo_users(server_of(blank_town), blank_town.town_id)
    assert {user.role for user in first} == {str(role) for role in Role} - {"public"}
    second = make_demo_users(server_of(blank_town), blank_town.town_id)
    assert [user.username for user in first] == [user.username for user in second]
    passwords = {user.password for user in (*first, *second)}
    assert len(passwords) == 2 * len(first), "new ones at each start"
    with blank_town.connect(Machine.SERVICE) as conn:
        accounts = list_accounts(conn)
    assert all(account.throwaway for account in accounts)
    assert [account.team for account in accounts if account.role == Role.TEAM] == [TEAM]


def test_the_demo_never_takes_over_a_persons_account(blank_town: TownHandle) -> None:
    with blank_town.connect(Machine.SERVICE) as conn:
        add_account(conn, NewAccount("demo-admin", "Somebody", Role.STAFF, PASSWORD))
    with pytest.raises(ConflictError, match="demo-admin"):
        make_demo_users(server_of(blank_town), blank_town.town_id)


def test_a_published_town_must_not_have_demo_sign_ins(blank_town: TownHandle) -> None:
    server, town = server_of(blank_town), blank_town.town_id
    refuse_published(server, town, "town.example", "https://town.example")
    made = make_demo_users(server, town)
    refuse_published(server, town, "127.0.0.1", "http://127.0.0.1:8000")
    with pytest.raises(UnavailableError, match=r"muang user disable demo-admin"):
        refuse_published(server, town, "town.example", "https://town.example")
    with blank_town.connect(Machine.SERVICE) as conn:
        for user in made:
            disable_account(conn, user.username)
    refuse_published(server, town, "town.example", "https://town.example")
