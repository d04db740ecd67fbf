"""Who looks, and what the declarations let them see. The homes of each are written by hand.

Read from the declarations directly: what the platform itself works out is what is being tried.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from layers.catalog import LAYERS
from layers.model import SYSTEM_FIELDS, Field, Layer, Role
from tests.matrix.seeds import Row, Seeds, places

EVERY_HOME = frozenset({"home_c1", "home_c2", "home_none"})
NONE: frozenset[str] = frozenset()
NOT_RESCUERS = frozenset({Role.STAFF, Role.ANALYST})
"""Roles that see incidents, but not those about people in care."""
HELD: dict[str, frozenset[Role]] = {
    "care_locations": frozenset(Role) - {Role.ADMIN},
    "households": frozenset({Role.CARE}),
    "quality_findings": frozenset(Role) - {Role.ADMIN},
    "incidents": NOT_RESCUERS,
    "event_log": NOT_RESCUERS,
}
"""Roles that do not, or not always, see every row of a layer; of all others everybody does."""


@dataclass(frozen=True)
class Person:
    """Somebody who asks: role, scope of the token, and the homes they see.

    With `session` they are signed in in a browser, with `totp` by two factors. `again` marks a
    second person of a role: what hangs on the role alone is not asked twice.
    """

    name: str
    role: Role
    homes: frozenset[str]
    communities: tuple[str, ...] | None = None
    team: str | None = None
    token: bool = True
    event: bool = False
    again: bool = True
    session: bool = False
    totp: bool = False


PEOPLE = (
    Person("nobody", Role.PUBLIC, NONE, token=False, again=False),
    Person("public", Role.PUBLIC, NONE),
    Person("staff", Role.STAFF, NONE, again=False),
    Person("analyst", Role.ANALYST, NONE, again=False),
    Person("admin", Role.ADMIN, EVERY_HOME, again=False),
    Person("care", Role.CARE, EVERY_HOME, again=False),
    Person("care_c1", Role.CARE, frozenset({"home_c1"}), communities=("C1",)),
    Person("care_c2", Role.CARE, frozenset({"home_c2"}), communities=("C2",)),
    Person("care_nowhere", Role.CARE, NONE, communities=()),
    Person("coordinator", Role.COORDINATOR, NONE, again=False),
    Person("team_sent", Role.TEAM, frozenset({"home_c1"}), team="boat 1", again=False),
    Person("team_idle", Role.TEAM, NONE, team="boat 2"),
    # signed in, where the others show a token
    Person("staff_session", Role.STAFF, NONE, session=True),
    Person("admin_session", Role.ADMIN, EVERY_HOME, session=True, totp=True),
    Person(
        "care_c1_session",
        Role.CARE,
        frozenset({"home_c1"}),
        communities=("C1",),
        session=True,
        totp=True,
    ),
    Person("team_sent_session", Role.TEAM, frozenset({"home_c1"}), team="boat 1", session=True),
    # during an event: more for coordinators and for nobody else
    Person("coordinator_event", Role.COORDINATOR, EVERY_HOME, event=True),
    Person("coordinator_session", Role.COORDINATOR, EVERY_HOME, event=True, session=True),
    Person("staff_event", Role.STAFF, NONE, event=True),
    Person("team_idle_event", Role.TEAM, NONE, team="boat 2", event=True),
    Person("nobody_event", Role.PUBLIC, NONE, token=False, event=True),
)
if sorted(person.role for person in PEOPLE if not person.again) != sorted(Role):
    raise RuntimeError("each role needs one person in the matrix who is asked everything")


@dataclass(frozen=True)
class View:
    """What a person may see of the seeded town; `headers` are their credentials, none for nobody.

    `others` are credentials of each role, `head` the last position of the seeding.
    """

    person: Person
    seeds: Seeds
    headers: dict[str, str]
    others: dict[Role, dict[str, str]]
    head: int

    @property
    def role(self) -> Role:
        """The person's role."""
        return self.person.role

    def sees(self, layer: Layer) -> bool:
        """Whether the layer exists for them."""
        audiences = [rule.audience for rule in layer.row_rules] or [layer.audience]
        return any(self.role in audience for audience in audiences)

    def layers(self) -> list[Layer]:
        """The layers that exist for them."""
        return [layer for layer in LAYERS if self.sees(layer)]

    def asked(self) -> list[Layer]:
        """The layers to ask about: all, or of a second person those whose rows have rules."""
        return [layer for layer in LAYERS if layer.row_rules or not self.person.again]

    def fields(self, layer: Layer) -> dict[str, Field]:
        """The fields they may see."""
        seen = self.sees(layer)
        known = (*SYSTEM_FIELDS, *layer.fields)
        return {found.name: found for found in known if seen and self.role in found.audience}

    def tile_fields(self, layer: Layer) -> set[str]:
        """The fields they may see in tiles."""
        return {name for name, found in self.fields(layer).items() if found.in_tile}

    def hidden(self, layer: Layer) -> list[str]:
        """Fields of the layer that do not exist for them."""
        seen = self.fields(layer)
        return [found.name for found in layer.fields if found.name not in seen]

    def shows(self, row: Row) -> bool:
        """Whether the row exists for them."""
        if not self.sees(row.layer):
            return False
        held = self.person.communities
        if held is not None and row.name.startswith("household_"):
            return row.name.removeprefix("household_") in held
        if row.name == "finding_held":
            return self.role is Role.ADMIN
        if row.name in ("incidents_rescuers", "event_log_rescuers"):
            return self.role not in NOT_RESCUERS
        return not row.name.startswith("home_") or row.name in self.person.homes

    def rows(self, layer: Layer) -> list[Row]:
        """The rows of a layer that exist for them."""
        return [row for row in self.seeds.of(layer) if self.shows(row)]

    def unseen(self, layer: Layer) -> list[Row]:
        """The rows of a layer that do not."""
        return [row for row in self.seeds.of(layer) if not self.shows(row)]

    def allowed(self) -> set[str]:
        """Every canary they may see somewhere."""
        return {
            token
            for token, at in places(self.seeds.rows).items()
            if any(self.shows(row) and name in self.fields(row.layer) for row, name in at)
        }

    def expected(self, layer: Layer) -> Iterator[tuple[Row, str, str]]:
        """Every canary of the layer they must be able to see: row, field, canary."""
        for row in self.rows(layer):
            for name, token in row.tokens.items():
                if name in self.fields(layer):
                    yield row, name, token
