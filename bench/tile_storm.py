"""8 writers and 20 readers for a minute, then every tile against a fresh drawing.

The same as the slow test in `tests/api/test_tile_freshness.py`, longer. A town of its own is made,
served in a process of its own, and dropped. Fails when a tile differs from one drawn
afresh, or when the stream did not tell every change once and in order.

    MUANG_DATABASE_URL=… python -m bench.tile_storm [--seconds 60]
"""

import argparse
import os
import secrets
import tempfile
import time
from pathlib import Path

import httpx

from bench.figures import load_now
from db.connect import Machine
from db.tokens import NewToken, make_token
from db.towns import drop_town
from tests.api.running import server
from tests.api.tile_storm import ROLES, decoded, fresh, paths, storm
from tests.conftest import make_town
from tests.tiny import load_tiny


def main() -> None:
    """Make the town, run the storm, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    options = parser.parse_args()
    town = make_town(os.environ["MUANG_DATABASE_URL"], secrets.token_hex(32))
    try:
        load_tiny(town)
        with town.connect(Machine.SERVICE) as conn:
            tokens = {role: make_token(conn, NewToken(role, "bench", 1))[1] for role in ROLES}
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "index.html").write_text("<!doctype html>", encoding="utf-8")
            with server(town, Path(folder)) as there:
                end = time.monotonic() + options.seconds
                found = storm(town, there.url, tokens, lambda _: time.monotonic() > end)
                time.sleep(1)
                different = 0
                for role in ROLES:
                    told = {"Authorization": f"Bearer {tokens[role]}"}
                    with httpx.Client(base_url=there.url, trust_env=False, headers=told) as client:
                        for path in paths():
                            served = decoded(client.get(path).content)
                            different += served != fresh(town, role, path)
                numbers = httpx.get(f"{there.url}/readyz", trust_env=False).json()["tiles"]
        in_order = found.heard == list(range(found.began_at + 1, found.ended_at + 1))
        print(
            f"{options.seconds:.0f} s: {found.edits} transactions, {found.statuses.total()} tiles"
            f" read {dict(found.statuses)}; {len(found.heard)} changes told,"
            f" {'each once and in order' if in_order else 'NOT each once and in order'};"
            f" {different} of {len(ROLES) * len(paths())} tiles differ from a fresh drawing"
        )
        print(f"cache: {numbers}; load {load_now()}")
        assert in_order
        assert not different
    finally:
        drop_town(town.server_url, town.town_id)


if __name__ == "__main__":
    main()
