"""A war room to act in: the tiny town served, and somebody of each role."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from api.app import create_app
from db.connect import Machine
from layers.model import Role
from tests.api.caller import Caller
from tests.api.conftest import a_token, settings_for
from tests.conftest import TownHandle

AT = [105.2243, 15.2402]
EVENT = {"name": "น้ำท่วมเดือนพฤศจิกายน", "signer": "นายกทดสอบ", "seat": "director"}
INCIDENT = {"kind": "rescue", "severity": "high", "title": "คนติดบนหลังคา", "at": AT}


class WarRoom:
    """Posts and reads as somebody of a role; an answer that is not expected fails the test.

    `event` is the id of the event a test module runs.
    """

    def __init__(self, caller: Caller, tokens: dict[Role, str], town: TownHandle) -> None:
        self.caller = caller
        self.tokens = tokens
        self.town = town
        self.event = 0

    def post(
        self, role: Role, path: str, expect: int = 200, headers: Any = None, **body: Any
    ) -> Any:
        """POST a body as a role."""
        reply = self.sent(role, path, body, headers)
        assert reply.status_code == expect, (path, reply.text)
        return reply.json()

    def sent(self, role: Role, path: str, body: Any, headers: Any = None) -> httpx.Response:
        """POST a body as a role, whatever comes back."""
        return self.caller.post(path, self.tokens[role], json=body, headers=headers or {})

    def get(self, role: Role, path: str, expect: int = 200) -> Any:
        """GET as a role."""
        reply = self.caller.get(path, self.tokens[role])
        assert reply.status_code == expect, (path, reply.text)
        return reply.json()

    def log(self, event: int, role: Role = Role.ADMIN, **asked: Any) -> list[dict[str, Any]]:
        """Every step of an event, once all have their position."""
        with self.town.connect(Machine.SERVICE) as conn:
            conn.execute("SELECT muang.number_changes()")
        found = self.caller.get(
            f"/events/{event}/log", self.tokens[role], params={"limit": "1000", **asked}
        )
        assert found.status_code == 200, found.text
        steps: list[dict[str, Any]] = found.json()["steps"]
        return steps


@contextmanager
def war_room(town: TownHandle, dashboard: Path) -> Iterator[WarRoom]:
    """The town served."""
    with town.connect(Machine.SERVICE) as conn:
        tokens = {role: a_token(conn, role, f"คน {role}") for role in Role}
    with Caller(create_app(settings_for(town, dashboard))) as caller:
        yield WarRoom(caller, tokens, town)
