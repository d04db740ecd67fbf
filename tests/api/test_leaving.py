"""Whoever goes away in the middle of a heavy question frees what it held."""

import json
import socket
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
import shapely
from psycopg import sql

from db.connect import Machine, connect_admin, database_name
from layers.model import Role
from tests.api.conftest import a_token
from tests.api.places import TO_DEGREES, moved
from tests.api.running import Running, server
from tests.api.tile_storm import wait_for
from tests.conftest import TownHandle
from tests.tiny import square

FLOOD = {"geometry": shapely.geometry.mapping(moved(square(100, 100, 800, 800), TO_DEGREES))}
QUESTIONS: list[tuple[str, dict[str, Any], str]] = [
    ("impact", {"flood": FLOOD}, "parcels"),
    ("impact", {"flood": FLOOD, "include": ["cut_off"]}, "roads"),
    ("shelters", {"flood": FLOOD}, "shelters"),
    ("evacuation", {"flood": FLOOD}, "houses"),
]
"""Each with a table that is locked, so that the question never ends by itself."""


def ask(running: Running, token: str, question: str, body: dict[str, Any]) -> socket.socket:
    """Send a question whole, and read no answer."""
    at = urlsplit(running.url)
    told = json.dumps(body).encode()
    line = socket.create_connection((at.hostname, at.port))
    line.sendall(
        f"POST /queries/{question} HTTP/1.1\r\nHost: {at.netloc}\r\n"
        f"Authorization: Bearer {token}\r\nContent-Type: application/json\r\n"
        f"Connection: close\r\nContent-Length: {len(told)}\r\n\r\n".encode()
        + told
    )
    return line


@pytest.mark.timeout(180)
def test_who_hangs_up_cancels_the_statement_and_frees_the_pool(
    own_tiny_town: TownHandle, dashboard: Path
) -> None:
    town = own_tiny_town
    with town.connect(Machine.SERVICE) as conn:
        token = a_token(conn, Role.ADMIN, "leaving")
    with connect_admin(town.server_url, town.town_id) as conn:
        # nothing but the going of its asker may end a question here
        conn.execute(
            sql.SQL("ALTER ROLE {} IN DATABASE {} SET statement_timeout = 0").format(
                sql.Identifier(f"muang_{town.town_id}_admin"),
                sql.Identifier(database_name(town.town_id)),
            )
        )

        def waiting() -> int:
            row = conn.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                " AND wait_event_type = 'Lock' AND usename LIKE '%\\_admin'"
            ).fetchone()
            assert row is not None
            return int(str(row[0]))

        with server(town, dashboard) as running:
            for question, body, table in QUESTIONS:
                with conn.transaction(force_rollback=True):
                    conn.execute(
                        sql.SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE").format(
                            sql.Identifier("town", table)
                        )
                    )
                    # more than a pool has connections for
                    lines = [ask(running, token, question, body) for _ in range(6)]
                    wait_for(lambda: waiting() > 0)
                    for line in lines:
                        line.close()
                    wait_for(lambda: waiting() == 0, seconds=30)
                reply = httpx.post(
                    f"{running.url}/queries/{question}",
                    json=body,
                    headers={"Authorization": f"Bearer {token}"},
                    timeout=60,
                    trust_env=False,
                )
                assert reply.status_code == 200, (question, reply.text[:300])
            assert "Traceback" not in running.log()
            with conn.transaction(force_rollback=True):
                conn.execute("LOCK TABLE town.parcels IN ACCESS EXCLUSIVE MODE")
                line = ask(running, token, "impact", {"flood": FLOOD})
                wait_for(lambda: waiting() > 0)
                # what the database does by itself once a statement has had its ten seconds
                conn.execute(
                    "SELECT pg_cancel_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND wait_event_type = 'Lock'"
                )
                with line, line.makefile("rb") as read:
                    told = read.read().decode()
            assert told.startswith("HTTP/1.1 503"), told[:300]
            assert "จึงยังไม่ได้นับอะไรเลย" in told or "so nothing was" in told, told[-600:]
