"""A served town: its server can be killed and started again, and people can look at it."""

import os
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import httpx
import psycopg

from bench.memory import family, resident
from bench.soak.changes import Place
from bench.soak.pages import LOOKS, Who
from db.accounts import NewAccount, add_account
from db.connect import Machine, connect, url_for
from db.tokens import NewToken, make_token
from layers.model import Role
from ops.checkout import Checkout
from ops.processes import free_port
from ops.server import Address, WebServer
from ops.session import Server

PASSWORD = "แม่น้ำมูล ไหลยาวนาน"  # noqa: S105 - of a town that is thrown away


class Served:
    """The town's server on a port of its own, which can be killed and started again."""

    def __init__(self, server: Server, town: str, logs: Path) -> None:
        self.server = server
        self._checkout = _Aside(Checkout.here().root, logs)
        self._address = Address("127.0.0.1", free_port())
        self.town = town
        self._web = self._started()

    @property
    def url(self) -> str:
        """Where it is reached."""
        return self._address.url

    @property
    def near(self) -> str:
        """Its own address, whatever stands in front of it."""
        host, port = self._address.near
        return f"http://{host}:{port}"

    def memory(self) -> float:
        """Resident bytes of the server, its children included; 0 when it is gone."""
        process = self._web.process
        return float(sum(resident(pid) for pid in family(process.pid))) if process else 0.0

    def kill(self) -> None:
        """End it without a word, as a power cut would."""
        if self._web.process:
            os.killpg(self._web.process.pid, signal.SIGKILL)
        self._web.stop()

    def start(self) -> None:
        """Start it again at the same address."""
        self._web = self._started()

    def login(self, machine: Machine) -> psycopg.Connection[tuple[object, ...]]:
        """A connection to the town."""
        return connect(self.server.url, self.server.secret, self.town, machine)

    def address_of(self, machine: Machine) -> str:
        """Where a login connects to."""
        return url_for(self.server.url, self.server.secret, self.town, machine)

    def place(self, token: str) -> Place:
        """What those need to know who change it."""
        return Place(self.url, self.server.url, self.server.secret, self.town, token)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._web.stop()

    def _started(self) -> WebServer:
        web = WebServer(self._checkout, self.server, self.town, self._address)
        web.wait_ready()
        return web


@dataclass(frozen=True)
class _Aside(Checkout):
    """The checkout, with its logs in another folder: those of a town that is served stay whole."""

    logs: Path

    @property
    def log_dir(self) -> Path:
        """Where the soak's server writes."""
        return self.logs


def token_for(served: Served, role: Role, name: str = "soak") -> str:
    """A machine's token of a role."""
    with served.login(Machine.SERVICE) as conn:
        return make_token(conn, NewToken(role, name, 1))[1]


async def people_for(served: Served, count: int) -> list[Who]:
    """Who looks at so many pages, signed in."""
    made = []
    for number in range(count):
        name, link = LOOKS[number % len(LOOKS)]
        role = Role(name)
        cookie = None if role is Role.PUBLIC else await session_for(served, role, number)
        made.append(Who(f"{number + 1} {name}", name, link, cookie))
    return made


async def session_for(served: Served, role: Role, number: int) -> tuple[str, str]:
    """Name and value of the cookie of somebody signed in."""
    account = NewAccount(f"soak-{role}-{number}", f"soak {role}", role, password=PASSWORD)
    with served.login(Machine.SERVICE) as conn:
        add_account(conn, account)
    asked = {"username": account.username, "password": PASSWORD}
    async with httpx.AsyncClient(trust_env=False, timeout=60) as client:
        answer = await client.post(f"{served.url}/auth/login", json=asked)
    name = f"__Host-muang-{served.town}"
    return name, answer.cookies[name]
