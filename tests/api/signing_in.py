"""A browser's side of a session: signs in, keeps the cookie, sends what a page of ours sends."""

from typing import Any

import httpx

from db.accounts import Account, NewAccount, add_account
from db.connect import Machine
from layers.model import Role
from tests.api.caller import ADDRESS, Caller
from tests.conftest import TownHandle

PASSWORD = "แม่น้ำมูล ยาวไกลมาก"


def account(town: TownHandle, username: str, role: Role = Role.STAFF, **more: Any) -> Account:
    """Make an account with `PASSWORD`, unless another is given."""
    new = NewAccount(username, f"คุณ {username}", role, **{"password": PASSWORD, **more})
    with town.connect(Machine.SERVICE) as conn:
        return add_account(conn, new)


class Browser:
    """One browser without a bearer token; `csrf` is what the page knows."""

    def __init__(self, caller: Caller) -> None:
        self.caller = caller
        self.cookies: dict[str, str] = {}
        self.csrf: str | None = None

    def ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        """A request of our own page: same origin, the cookie, the header."""
        headers: dict[str, Any] = {"Sec-Fetch-Site": "same-origin", **options.pop("headers", {})}
        if method != "GET":
            headers.setdefault("Origin", ADDRESS)
            if self.csrf:
                headers.setdefault("X-CSRF-Token", self.csrf)
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={v}" for name, v in self.cookies.items())
        answer = self.caller.ask(method, path, "", headers=headers, **options)
        for line in answer.headers.get_list("set-cookie"):
            self._keep(line)
        return answer

    def _keep(self, line: str) -> None:
        pair, *attributes = (part.strip() for part in line.split(";"))
        name, _, value = pair.partition("=")
        assert name.startswith("__Host-muang-")
        assert {"Path=/", "Secure", "HttpOnly"} <= set(attributes)
        assert {"SameSite=Strict", "SameSite=Lax"} & set(attributes)
        if "Max-Age=0" in attributes:
            self.cookies.pop(name, None)
        else:
            self.cookies[name] = value

    def get(self, path: str, **options: Any) -> httpx.Response:
        """GET a path."""
        return self.ask("GET", path, **options)

    def post(self, path: str, json: Any = None, **options: Any) -> httpx.Response:
        """POST JSON to a path."""
        return self.ask("POST", path, json=json, **options)

    def sign_in(
        self, username: str, password: str = PASSWORD, code: str | None = None
    ) -> httpx.Response:
        """Sign in and remember what the page is told."""
        asked = {"username": username, "password": password}
        answer = self.post("/auth/login?lang=en", asked | ({"code": code} if code else {}))
        if answer.status_code == 200:
            self.csrf = answer.json()["csrf"]
        return answer
