"""The running server forgets what has had its time, by itself and from its start."""

import time
from pathlib import Path

from api.app import create_app
from db.connect import connect_admin
from tests.api.caller import Caller
from tests.api.conftest import settings_for
from tests.conftest import TownHandle


def test_the_server_forgets_from_its_start(blank_town: TownHandle, dashboard: Path) -> None:
    """A backlog of more than one batch: what is left is what the settings say to keep."""
    with connect_admin(blank_town.server_url, blank_town.town_id) as conn:
        conn.execute(
            "INSERT INTO muang.answer (id, kind, computed_at, pos, role, request, response)"
            " SELECT gen_random_uuid(), 'impact', now() - make_interval(days => n / 100), 1,"
            " 'staff', '{}', '{}' FROM generate_series(0, 1599) AS n"
        )

        def kept() -> int:
            row = conn.execute("SELECT count(*) FROM muang.answer").fetchone()
            return int(str(row[0])) if row else 0

        with Caller(create_app(settings_for(blank_town, dashboard, keep_answers_days=5))) as caller:
            assert caller.get("/healthz").status_code == 200
            until = time.monotonic() + 30
            while kept() > 500 and time.monotonic() < until:
                time.sleep(0.05)
        assert kept() == 500
