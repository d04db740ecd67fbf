"""What the containers run, without an engine: settings, verifiers, migration, health."""

import base64
import hashlib
import hmac
import http.server
import secrets
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from db.connect import connect_admin
from layers.errors import BadRequestError, NotFoundError, UnavailableError
from ops.container import health, scram, values
from ops.container.town import migrate, server_of, wait_for, wait_for_town
from ops.container.values import PASSWORD, SECRET, RefusedValueError, read
from ops.processes import free_port
from ops.progress import Progress
from tests.conftest import TownHandle
from tests.ops.conftest import ROOT, environment

GOOD = secrets.token_hex(32)
DEMO = values.demo_values()


@pytest.mark.parametrize("name", [PASSWORD, SECRET])
@pytest.mark.parametrize("demo", ["", "0"])
def test_outside_the_demo_a_missing_short_or_known_value_is_refused(name: str, demo: str) -> None:
    assert set(DEMO) == {PASSWORD, SECRET}
    for value, why in (
        ("", "is not set"),
        ("unset", "is not set"),
        (DEMO[name], "everybody knows"),
        ("short", "at least"),
        ("ก" * 40, "ASCII"),
    ):
        with pytest.raises(RefusedValueError, match=why) as refused:
            read({"MUANG_DEMO": demo, name: value}, name)
        thai, english = str(refused.value).split("\n")
        assert name in thai
        assert name in english
    assert GOOD in (read({name: GOOD}, name).password, read({name: GOOD}, name).secret)


def test_the_demo_needs_nothing_and_still_takes_what_it_is_given() -> None:
    found = read({"MUANG_DEMO": "1"}, PASSWORD, SECRET)
    assert (found.password, found.secret) == (DEMO[PASSWORD], DEMO[SECRET])
    assert (found.demo, found.town) == (True, "phibun")
    assert read({"MUANG_DEMO": "1", SECRET: GOOD, "MUANG_TOWN": "patong"}, SECRET) == (
        values.Values(demo=True, town="patong", password="", secret=GOOD)
    )
    assert read({}).town == ""
    assert read({"MUANG_DEMO": "1", SECRET: "unset", "MUANG_TOWN": "unset"}, SECRET) == (
        values.Values(demo=True, town="phibun", password="", secret=DEMO[SECRET])
    )
    with pytest.raises(RefusedValueError, match="MUANG_DEMO is 1"):
        read({"MUANG_DEMO": "yes"})


def test_a_value_may_come_from_a_file(tmp_path: Path) -> None:
    kept = tmp_path / "password"
    kept.write_text(f"{GOOD}\n", encoding="ascii")
    assert read({f"{PASSWORD}_FILE": str(kept)}, PASSWORD).password == GOOD
    with pytest.raises(RefusedValueError, match="cannot be read"):
        read({f"{PASSWORD}_FILE": str(tmp_path / "none")}, PASSWORD)


def test_the_verifier_is_the_one_of_the_standard() -> None:
    """The exchange printed in RFC 7677, section 3, whose signature the server key must make."""
    salt = base64.b64decode("W22ZaJ0SNY7soEsUEjb6gQ==")
    keys = scram.verifier("pencil", salt=salt).rpartition("$")[2]
    exchange = (
        "n=user,r=rOprNGfwEbeRWgbNEkqO,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
        "s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,c=biws,"
        "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
    )
    stored, server = (base64.b64decode(key) for key in keys.split(":"))
    signature = hmac.digest(server, exchange.encode(), "sha256")
    assert signature == base64.b64decode("6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=")
    proof = base64.b64decode("dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=")
    mask = hmac.digest(stored, exchange.encode(), "sha256")
    client = bytes(a ^ b for a, b in zip(proof, mask, strict=True))
    assert hashlib.sha256(client).digest() == stored


def test_a_verifier_fits_its_password_only() -> None:
    known = scram.verifier(GOOD)
    assert scram.fits(GOOD, known)
    assert not scram.fits(GOOD + "x", known)
    assert not scram.fits(GOOD, "md5something")
    assert not scram.fits(GOOD, "SCRAM-SHA-256$x:y$z")
    assert scram.verifier(GOOD) != known  # a new salt each time


@pytest.fixture
def administrator(server_url: str) -> Iterator[str]:
    """URL of the test server as an administrator whose password is GOOD, by a verifier of ours."""
    role = f"ops_container_{secrets.token_hex(4)}"
    with psycopg.connect(server_url, autocommit=True) as conn:
        conn.execute(
            sql.SQL("CREATE ROLE {} SUPERUSER LOGIN PASSWORD {}").format(
                sql.Identifier(role), sql.Literal(scram.verifier(GOOD))
            )
        )
        yield make_conninfo(server_url, user=role, password=GOOD)
        conn.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(role)))


def test_postgresql_lets_the_password_of_a_verifier_in(administrator: str) -> None:
    with psycopg.connect(administrator) as conn:
        assert conn.execute("SELECT session_user::text LIKE 'ops_container_%'").fetchone() == (
            True,
        )
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(make_conninfo(administrator, password=GOOD + "x"))


@contextmanager
def answering(status: int, heard: list[str]) -> Iterator[int]:
    """A web server that gives every request the same status; yields its port."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            heard.append(f"{self.path} {self.headers['Host']}")
            self.send_response(status)
            self.end_headers()
            self.wfile.write(b'{"ready": false}')

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def test_health_asks_by_the_name_people_use() -> None:
    heard: list[str] = []
    with answering(200, heard) as port:
        named = {"MUANG_PORT": str(port), "MUANG_PUBLIC_URL": "http://localhost:9000"}
        assert health.check(named)[0] is True
        assert health.check({"MUANG_PORT": str(port)})[0] is True
    assert heard == ["/readyz localhost:9000", f"/readyz 127.0.0.1:{port}"]


def test_health_is_bad_when_not_ready_or_not_there() -> None:
    with answering(503, []) as port:
        assert health.check({"MUANG_PORT": str(port)}) == (False, '{"ready": false}')
    ready, why = health.check({"MUANG_PORT": str(port)})
    assert not ready
    assert why


def test_the_administrator_s_password_goes_where_it_is_given_only() -> None:
    settings = {"MUANG_DATABASE_URL": "postgresql://muang@db:5432/postgres"}
    full = server_of(settings, values.Values(demo=False, town="t", password=GOOD, secret=GOOD))
    assert GOOD in full.url
    served = full.environment("t")
    assert GOOD not in served["MUANG_DATABASE_URL"]
    assert "muang" not in served["MUANG_DATABASE_URL"]
    bare = values.Values(demo=False, town="t", password="", secret=GOOD)
    assert "password" not in server_of(settings, bare).url
    with pytest.raises(BadRequestError, match="MUANG_DATABASE_URL"):
        server_of({}, bare)


def test_waiting_ends_with_a_sentence(server_url: str) -> None:
    known = values.Values(demo=False, town="t", password="", secret=GOOD)
    nobody = server_of({"MUANG_DATABASE_URL": f"postgresql://127.0.0.1:{free_port()}/x"}, known)
    with pytest.raises(UnavailableError, match="docker compose logs db"):
        wait_for(nobody, Progress(StringIO()), seconds=0)
    wrong = server_of({"MUANG_DATABASE_URL": make_conninfo(server_url, password="no")}, known)
    with pytest.raises(UnavailableError, match="password authentication failed"):
        wait_for(wrong, Progress(StringIO()), seconds=3600)


def test_a_real_town_is_migrated_and_never_invented(blank_town: TownHandle) -> None:
    settings = {"MUANG_DATABASE_URL": blank_town.server_url}
    quiet = Progress(StringIO())

    def bring_up(town_id: str) -> None:
        asked = values.Values(demo=False, town=town_id, password="", secret=blank_town.secret)
        server = server_of(settings, asked)
        wait_for(server, quiet)
        migrate(server, asked, quiet)

    bring_up(blank_town.town_id)
    with pytest.raises(NotFoundError, match="town new nowhere"):
        bring_up("nowhere")
    with pytest.raises(NotFoundError, match=f"MUANG_TOWN is not set.*{blank_town.town_id}"):
        bring_up("")


def test_the_server_waits_for_a_town_that_is_wholly_made(blank_town: TownHandle) -> None:
    def is_there(town_id: str, secret: str) -> bool:
        asked = values.Values(demo=False, town=town_id, password="", secret=secret)
        server = server_of({"MUANG_DATABASE_URL": blank_town.server_url}, asked)
        return wait_for_town(server, town_id, seconds=0)

    assert is_there(blank_town.town_id, blank_town.secret)
    assert not is_there("nowhere", blank_town.secret)
    assert not is_there(blank_town.town_id, GOOD)  # the migration will set the logins' passwords
    with connect_admin(blank_town.server_url, blank_town.town_id) as conn:
        conn.execute("UPDATE muang.revision SET version_num = '0000'")
    assert not is_there(blank_town.town_id, blank_town.secret)


def container(*words: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """The server image's entry point, as the image starts it."""
    return subprocess.run(
        [sys.executable, "-P", "-m", "ops.container", *words],
        cwd=ROOT,
        env=environment() | {"PYTHONPATH": str(ROOT)} | settings,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_the_entry_point_refuses_in_a_sentence() -> None:
    missing = container("check", **{PASSWORD: GOOD})
    assert missing.returncode == 1
    assert f"{SECRET} is not set" in missing.stderr
    assert "Traceback" not in missing.stderr
    assert container("check", MUANG_DEMO="1").returncode == 0
    assert container("check", **{PASSWORD: GOOD, SECRET: GOOD}).returncode == 0
    assert "check | migrate | serve" in container("dance").stderr


def test_commands_reach_the_container_s_database(
    administrator: str, blank_town: TownHandle
) -> None:
    parts = conninfo_to_dict(administrator)
    url = make_conninfo("", **{name: parts[name] for name in ("host", "port", "user", "dbname")})
    done = container(
        *("muang", "status", "--json"),
        MUANG_DATABASE_URL=url,
        **{PASSWORD: GOOD, SECRET: blank_town.secret},
    )
    assert done.returncode == 0, done.stderr
    assert blank_town.town_id in done.stdout


def test_the_server_becomes_ready_and_stops_when_told(
    administrator: str, blank_town: TownHandle
) -> None:
    """The container's server is given the database's address and no login of an administrator."""
    parts = conninfo_to_dict(administrator)
    port = str(free_port())
    own = {
        "MUANG_DATABASE_URL": f"postgresql://{parts['host']}:{parts['port']}/{parts['dbname']}",
        "MUANG_TOWN": blank_town.town_id,
        "MUANG_PORT": port,
        "MUANG_HOST": "127.0.0.1",
        "MUANG_PUBLIC_URL": f"http://127.0.0.1:{port}",
    }
    child = subprocess.Popen(
        [sys.executable, "-P", "-m", "ops.container", "serve"],
        cwd=ROOT,
        env=environment() | {"PYTHONPATH": str(ROOT), SECRET: blank_town.secret} | own,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    deadline = time.monotonic() + 90
    while not health.check(own)[0] and child.poll() is None and time.monotonic() < deadline:
        time.sleep(0.1)
    ready, told = health.check(own)
    child.terminate()
    said, _ = child.communicate(timeout=30)
    assert ready, f"{told}\n{said}"
    assert child.returncode == 0, said
