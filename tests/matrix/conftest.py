"""The seeded town behind the application, and somebody at its door for each kind of person."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyotp
import pytest

from api.app import create_app
from api.verification import STALE_SECONDS
from db.connect import Machine
from db.derived import AnyConnection
from db.tokens import NewToken, make_token
from db.towns import drop_town
from tests.api.caller import ADDRESS, Caller
from tests.api.conftest import settings_for
from tests.api.signing_in import PASSWORD, Browser, account
from tests.conftest import TownHandle, make_town
from tests.matrix.asking import Asker, Client
from tests.matrix.seeds import TEAM_TASK, Seeds, seed
from tests.matrix.views import PEOPLE, Person, View


@dataclass
class Scene:
    """The town, its seeds, the server in this process and everybody's tokens."""

    town: TownHandle
    seeds: Seeds
    client: Client
    credentials: dict[str, dict[str, str]]
    head: int
    event: bool = False

    def run(self, statement: str, values: list[object] | None = None) -> None:
        """A statement of the platform's own records."""
        with self.town.connect(Machine.SERVICE) as conn:
            conn.execute(statement.encode(), values)

    def set_event(self, wanted: bool) -> None:
        """Open or close the event, and wait until nobody remembers otherwise."""
        if wanted == self.event:
            return
        self.run(
            "INSERT INTO muang.opening (kind, reason, opened_by) VALUES ('event', 'น้ำท่วม', 't')"
            if wanted
            else "UPDATE muang.opening SET closed_at = now() WHERE kind = 'event'"
        )
        self.event = wanted
        time.sleep(STALE_SECONDS)

    def asker(self, person: Person) -> Asker:
        """The person at the door, with the event open or closed as it is for them."""
        self.set_event(person.event)
        headers = self.credentials[person.name]
        others = {one.role: self.credentials[one.name] for one in reversed(PEOPLE) if one.token}
        return Asker(self.client, View(person, self.seeds, headers, others, self.head))


@pytest.fixture(scope="session")
def dashboard(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder shaped like the dashboard's build."""
    root = tmp_path_factory.mktemp("matrix") / "dist"
    (root / "assets").mkdir(parents=True)
    (root / "index.html").write_text("<!doctype html><title>เมือง</title>", encoding="utf-8")
    return root


@pytest.fixture(scope="session")
def scene(server_url: str, secret: str, dashboard: Path) -> Iterator[Scene]:
    """One seeded town for the whole matrix."""
    town = make_town(server_url, secret)
    try:
        seeds = seed(town)
        with town.connect(Machine.SERVICE) as conn:
            credentials = {person.name: _of_token(conn, person) for person in PEOPLE}
            conn.execute(
                "INSERT INTO muang.opening (kind, team, care_code, reason, opened_by)"
                " VALUES ('task', 'boat 1', %s, 'r', 't')",
                [seeds.row(TEAM_TASK).values["code"]],
            )
            conn.execute("SELECT muang.number_changes()")
            conn.commit()
            (head,) = conn.execute("SELECT muang.current_pos()").fetchone() or (0,)
        with Caller(create_app(settings_for(town, dashboard))) as caller:
            for person in PEOPLE:
                if person.session:
                    credentials[person.name] = _of_session(caller, town, person)
            yield Scene(town, seeds, Client(caller), credentials, int(str(head)))
    finally:
        drop_town(server_url, town.town_id)


def _of_token(conn: AnyConnection, person: Person) -> dict[str, str]:
    """What a program of this person sends; nothing for somebody who is not known."""
    if not person.token:
        return {}
    new = NewToken(person.role, person.name, 1, communities=person.communities, team=person.team)
    return {"Authorization": f"Bearer {make_token(conn, new)[1]}"}


def _of_session(caller: Caller, town: TownHandle, person: Person) -> dict[str, str]:
    """What the browser of this person sends from our page, signed in by one factor or two."""
    account(town, person.name, person.role, communities=person.communities, team=person.team)
    browser = Browser(caller)
    assert browser.sign_in(person.name).status_code == 200
    if person.totp:
        offer = browser.post("/auth/totp", {"password": PASSWORD}).json()
        code = pyotp.TOTP(offer["secret"]).now()
        made = browser.post("/auth/totp/confirm", {"proof": offer["proof"], "code": code})
        assert made.is_success, made.text
        later = pyotp.TOTP(offer["secret"]).at(int(time.time()), counter_offset=1)
        assert browser.sign_in(person.name, code=later).status_code == 200
    return {
        "Cookie": "; ".join(map("=".join, browser.cookies.items())),
        "X-CSRF-Token": str(browser.csrf),
        "Origin": ADDRESS,
        "Sec-Fetch-Site": "same-origin",
    }


@pytest.fixture(scope="session")
def somebody(scene: Scene) -> Callable[[str], Asker]:
    """Somebody by name."""
    by_name = {person.name: person for person in PEOPLE}
    return lambda name: scene.asker(by_name[name])


@pytest.fixture
def asker(scene: Scene, person: Person) -> Asker:
    """The person of a parametrized test."""
    return scene.asker(person)
