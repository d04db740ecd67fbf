"""The seeded town behind the application, and somebody at its door for each kind of person."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from api.app import create_app
from api.verification import STALE_SECONDS
from db.connect import Machine
from db.tokens import NewToken, make_token
from db.towns import drop_town
from tests.api.caller import Caller
from tests.api.conftest import settings_for
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
    tokens: dict[str, str]
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
        token = self.tokens[person.name] if person.token else ""
        others = {one.role: self.tokens[one.name] for one in reversed(PEOPLE)}
        return Asker(self.client, View(person, self.seeds, token, others, self.head))


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
        tokens = {}
        with town.connect(Machine.SERVICE) as conn:
            for person in PEOPLE:
                new = NewToken(
                    person.role,
                    person.name,
                    1,
                    communities=person.communities,
                    team=person.team,
                )
                tokens[person.name] = make_token(conn, new)[1]
            conn.execute(
                "INSERT INTO muang.opening (kind, team, care_code, reason, opened_by)"
                " VALUES ('task', 'boat 1', %s, 'r', 't')",
                [seeds.row(TEAM_TASK).values["code"]],
            )
            conn.execute("SELECT muang.number_changes()")
            conn.commit()
            (head,) = conn.execute("SELECT muang.current_pos()").fetchone() or (0,)
        with Caller(create_app(settings_for(town, dashboard))) as caller:
            yield Scene(town, seeds, Client(caller), tokens, int(str(head)))
    finally:
        drop_town(server_url, town.town_id)


@pytest.fixture(scope="session")
def somebody(scene: Scene) -> Callable[[str], Asker]:
    """Somebody by name."""
    by_name = {person.name: person for person in PEOPLE}
    return lambda name: scene.asker(by_name[name])


@pytest.fixture
def asker(scene: Scene, person: Person) -> Asker:
    """The person of a parametrized test."""
    return scene.asker(person)
