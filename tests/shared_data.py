"""Where the real files nobody here wrote are, for the tests that try them."""

import os
from pathlib import Path

import pytest


def shared_data(*parts: str) -> Path:
    """A folder or file of the shared data; skips with a printed line where it is absent."""
    root = Path(__file__).parents[1]
    given = os.environ.get("MUANG_SHARED_DATA")
    places = [Path(given)] if given else [root.parent / "shared" / "data"]
    for place in places:
        if (found := place.joinpath(*parts)).exists():
            return found
    print(f"skipped: no shared data {'/'.join(parts)} in {places[0]}")
    pytest.skip(f"no shared data at {places[0]}")
